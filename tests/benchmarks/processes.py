"""Measures a process from start to end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Cost:
    """Seconds of one run.

    Args:
        wall: from start to end.
        cpu: of the process and those that it waited for.
    """

    wall: float
    cpu: float


def run(arguments: Sequence[str | Path], folder: Path) -> Cost:
    """Runs Python without its output.

    Args:
        arguments: of the interpreter.
        folder: where.

    Raises:
        RuntimeError: it failed; what it said is in the text.
    """
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, *map(str, arguments)]
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)}\n{errors.read().decode()}")
    return Cost(wall, usage.ru_utime + usage.ru_stime)


# Runs an app, and fails where Hydra's own code has composed configs of its jobs.
_COUNTED = f"""
import runpy, sys
from pathlib import Path
sys.path.append({str(Path(__file__).resolve().parents[2])!r})
from tests.compose.counting import counts
del sys.argv[0]
sys.path[0] = str(Path(sys.argv[0]).parent)
runpy.run_path(sys.argv[0], run_name="__main__")
assert counts["from_prefixes"] and not counts["by_hydra"], counts
"""


def run_from_prefixes(arguments: Sequence[str | Path], folder: Path) -> None:
    """Runs an app before it is measured, and fails if the fast path is not used.

    Args:
        arguments: the script, and those of the app.
        folder: where.

    Raises:
        RuntimeError: its configs were not composed from prefixes.
    """
    run(["-c", _COUNTED, *arguments], folder)


@dataclass(frozen=True)
class Pairs:
    """Alternating runs of two kinds, so that both get the same load of the machine.

    Args:
        first: the costs of the one.
        second: those of the other.
    """

    first: list[Cost]
    second: list[Cost]

    def wall(self) -> tuple[float, float]:
        """The median time of each, in seconds."""
        return median(c.wall for c in self.first), median(c.wall for c in self.second)

    def wall_ratio(self) -> float:
        """The median over the pairs of how many times as long the first takes."""
        return median(a.wall / b.wall for a, b in zip(self.first, self.second, strict=True))

    def cpu_ratio(self) -> float:
        """The same of CPU time."""
        return median(a.cpu / b.cpu for a, b in zip(self.first, self.second, strict=True))


def in_turns(pairs: int, first: Callable[[], Cost], second: Callable[[], Cost]) -> Pairs:
    """Runs the two in turns; every other pair begins with the second."""
    costs: tuple[list[Cost], list[Cost]] = [], []
    for number in range(pairs):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            costs[which].append((first, second)[which]())
    return Pairs(*costs)
