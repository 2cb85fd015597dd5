"""Hundreds of thousands of generated inputs, none of which may break a promise: `make fuzz`.

Each ends in a result or in a refusal: never in another exception, in a second of work, in a write
outside its directory or in code that is executed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from tests.fuzz.running import KINDS, Tally, tried

_SHARE = 5000  # inputs that a process tries


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="of each kind (default: 10^5)")
    parser.add_argument("--seed", type=int, help="of all that is random (default: another)")
    parser.add_argument("--only", choices=KINDS, metavar="KIND", help=f"one of {', '.join(KINDS)}")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="(default: cores)")
    arguments = parser.parse_args()
    random = int.from_bytes(os.urandom(4), "big") if arguments.seed is None else arguments.seed
    again = f"python -m tests.fuzz --inputs {arguments.inputs} --seed {random}"
    print(f"{again}\n{'kind':<12}{'inputs':>10}{'results':>10}{'refused':>10}{'a second':>10}")
    start = time.monotonic()
    names = [arguments.only] if arguments.only else list(KINDS)
    with ThreadPoolExecutor(arguments.processes) as pool:
        shares = [(name, *share) for name in names for share in _shares(arguments.inputs)]
        done = pool.map(_tried_afresh, shares, [random] * len(shares))
        broken = 0
        for name in names:
            for text in _show(name, [next(done) for _ in _shares(arguments.inputs)]):
                broken += 1
                print(f"\nbroken, {again} --only {name}:\n{text}\n", flush=True)
    print(f"{time.monotonic() - start:.0f} s all together")
    if broken:
        sys.exit(1)


def _tried_afresh(share: tuple[str, int, int], random: int) -> Tally:
    """Tries a share of the inputs in a separate process.

    What Hydra's parser learns of each input stays in memory: with that of 10^5 of them, one
    collection of garbage takes a second, which would look like a call that hangs.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        return process.submit(tried, share, random).result()


def _shares(inputs: int) -> Iterator[tuple[int, int]]:
    """A number of inputs in parts, each with its own number."""
    for number, first in enumerate(range(0, inputs, _SHARE)):
        yield number, min(_SHARE, inputs - first)


def _show(name: str, tallies: list[Tally]) -> list[str]:
    """Prints a line for a kind, and gives what was broken."""
    whole = Tally()
    for one in tallies:
        whole.add(one)
    speed = whole.inputs / whole.seconds
    print(
        f"{name:<12}{whole.inputs:>10,}{whole.results:>10,}{whole.refused:>10,}{speed:>10.0f}",
        flush=True,
    )
    return [
        f"{text}\n  (and {whole.again[signature] - 1} more)"
        for signature, text in whole.broken.items()
    ]


if __name__ == "__main__":
    main()
