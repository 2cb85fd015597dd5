"""The time before the first of many jobs, and the peak memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.processes import Cost, run, run_from_prefixes
from tests.benchmarks.table import Row, Table

APP = Path(__file__).parent / "apps/many/app.py"
LAUNCHER = "hydra.launcher._target_=hydra_plugins.in_process.InProcess"
SWEEPER = "hydra/sweeper=params_proto"


def started(pairs: int) -> Iterator[Row]:
    """The app stops where its first job begins."""
    refuse_the_slow_way()
    sizes = {"1": ("a=0",), "10^6": ("a=range(100)", "b=range(100)", "c=range(100)")}
    for size, swept in sizes.items():
        seconds = median(_run("stop=true", *swept)[0].wall for _ in range(2 * pairs + 1))
        yield f"from the start of the app to the first job of {size}", f"{seconds:.2f} s"


def memory(pairs: int) -> Iterator[Row]:
    """The launcher runs jobs in the process, without directories, so that 100,000 take minutes."""
    refuse_the_slow_way()
    few, many = (
        _run(LAUNCHER, *swept) for swept in (("a=range(100)",), ("a=range(1000)", "b=range(100)"))
    )
    yield "peak memory of a sweep of 100 jobs", f"{few[1]:.0f} MiB"
    yield "peak memory of a sweep of 100,000 jobs", f"{many[1]:.0f} MiB"


def refuse_the_slow_way() -> None:
    """Fails if the app's configs are not composed from prefixes."""
    with tempfile.TemporaryDirectory() as name:
        run_from_prefixes([APP, "-m", SWEEPER, "hydra.sweep.dir=sweep", "a=range(3)"], Path(name))


def _run(*overrides: str) -> tuple[Cost, float]:
    """The time of a sweep, and its peak memory in MiB if it ended."""
    with tempfile.TemporaryDirectory() as name:
        cost = run([APP, "-m", SWEEPER, "hydra.sweep.dir=sweep", *overrides], Path(name))
        peak = Path(name) / "peak.txt"
        return cost, int(peak.read_text()) / 1024 if peak.exists() else 0.0


TABLE = Table(
    "Many jobs",
    ("what", "params_proto"),
    {"million": started, "memory": memory},
)
