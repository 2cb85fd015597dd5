"""`make faults`: injects faults into real processes until a guarantee is violated.

It prints the number of scenarios that passed, or what failed, its folder, and the seed to repeat
the run.
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
    parser.add_argument("--sweeps", type=int, default=200, help="sweeps to kill (default: 200)")
    parser.add_argument("--seed", type=int, help="random seed (default: a new one)")
    parser.add_argument(
        "--only", default="", metavar="NAME", help="only scenarios with this prefix"
    )
    parser.add_argument("--without", metavar="NAME", help="a scenario to leave out")
    arguments = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if arguments.seed is None else arguments.seed
    # A background job of a shell ignores Ctrl-C, and its child processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    print(f"--seed {seed}, in {folder}", flush=True)
    start = time.monotonic()
    context = Context(seed, reference(_make_folder(folder, "reference")))
    selected = {
        name: scenario
        for name, scenario in scenarios(context, arguments.sweeps).items()
        if name.startswith(arguments.only) and name != arguments.without
    }
    faults = Faults(folder)
    faults.run(selected)
    passed = f"{len(faults.passed)} of {len(selected)} scenarios passed"
    print(f"{passed} in {time.monotonic() - start:.0f} s")
    for line in faults.skipped:
        print(line)
    for line in faults.failed:
        print(line)
    if faults.failed:
        print(
            f"\nKept: {folder}. Repeat with:"
            f" python -m tests.faults --sweeps {arguments.sweeps} --seed {seed}"
        )
        sys.exit(1)
    shutil.rmtree(folder)


@dataclass
class Faults:
    """Runs scenarios, as many at a time as the machine has cores.

    Args:
        folder: contains a folder for each scenario.
    """

    folder: Path
    passed: list[str] = field(default_factory=list[str])
    skipped: list[str] = field(default_factory=list[str])
    failed: list[str] = field(default_factory=list[str])
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self, scenarios: Mapping[str, Scenario]) -> None:
        """Runs scenarios until one fails."""
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                list(pool.map(self._run_scenario, scenarios, scenarios.values()))
            except BaseException:  # Ctrl-C
                self._stop.set()
                raise

    def _run_scenario(self, name: str, scenario: Scenario) -> None:
        if self._stop.is_set():
            return
        folder = _make_folder(self.folder, name)
        try:
            try:
                scenario(folder)
            finally:
                proc.kill_below(folder)
        except SkippedError as error:
            self.skipped.append(f"{name} skipped: {error}")
        except Exception as error:
            self._stop.set()
            self.failed.append(f"\n{name} in {folder}: {error or type(error)}")
            print(f"{name} has failed; waiting for the other running scenarios", flush=True)
        else:
            self.passed.append(name)
            shutil.rmtree(folder)


def _make_folder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


if __name__ == "__main__":
    main()
