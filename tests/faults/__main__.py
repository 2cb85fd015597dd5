"""Faults in real processes until a promise is broken: `make faults`.

It ends with the number of scenarios that passed, or with what failed, its folder, and the seed to
repeat it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import proc
from tests.faults.kill import reference
from tests.faults.scenarios import Context, Scenario, scenarios
from tests.faults.violations import SkippedError


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--sweeps", type=int, default=200, help="that are killed (default: 200)")
    parser.add_argument("--seed", type=int, help="of all that is random (default: another)")
    parser.add_argument("--only", default="", metavar="NAME", help="scenarios that begin so")
    parser.add_argument("--without", metavar="NAME", help="a scenario to leave out")
    arguments = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if arguments.seed is None else arguments.seed
    # A shell has what it puts into the background ignore Ctrl-C, and that would be inherited.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    print(f"--seed {seed}, in {folder}", flush=True)
    start = time.monotonic()
    context = Context(seed, reference(_made(folder, "reference")))
    found = {
        name: scenario
        for name, scenario in scenarios(context, arguments.sweeps).items()
        if name.startswith(arguments.only) and name != arguments.without
    }
    faults = Faults(folder)
    faults.run(found)
    print(f"{len(faults.kept)} of {len(found)} scenarios in {time.monotonic() - start:.0f} s")
    for line in faults.skipped:
        print(line)
    for line in faults.broken:
        print(line)
    if faults.broken:
        print(
            f"\nKept: {folder}. Again:"
            f" python -m tests.faults --sweeps {arguments.sweeps} --seed {seed}"
        )
        sys.exit(1)
    shutil.rmtree(folder)


@dataclass
class Faults:
    """Scenarios, as many at a time as the machine has cores.

    Args:
        folder: in which each gets its own.
    """

    folder: Path
    kept: list[str] = field(default_factory=list[str])
    skipped: list[str] = field(default_factory=list[str])
    broken: list[str] = field(default_factory=list[str])
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, scenarios: Mapping[str, Scenario]) -> None:
        """Runs them until one breaks."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                list(pool.map(self._one, scenarios, scenarios.values()))
            except BaseException:  # Ctrl-C
                self._stop.set()
                raise

    def _one(self, name: str, scenario: Scenario) -> None:
        if self._stop.is_set():
            return
        folder = _made(self.folder, name)
        try:
            try:
                scenario(folder)
            finally:
                proc.end_below(folder)
        except SkippedError as why:
            self.skipped.append(f"{name} skipped: {why}")
        except Exception as error:
            self._stop.set()
            self.broken.append(f"\n{name} in {folder}: {error or type(error)}")
            print(f"{name} is broken; the others that run come to their end", flush=True)
        else:
            self.kept.append(name)
            shutil.rmtree(folder)


def _made(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


if __name__ == "__main__":
    main()
