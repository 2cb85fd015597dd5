"""The cost of sweeps of 10^4 and 10^6 jobs, for docs/scale.md: `make bench ROW=scale`.

It takes an hour and 5 GB of the disk, so only who asks for it gets it. The launcher does nothing:
what is measured is planning, checking, records, and resuming. Seconds are CPU time, as those of
the clock would depend on what else the machine does for an hour.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from params_proto import Sweep
from params_proto.records import JobStore, Record
from tests.benchmarks.many import APP, SWEEPER, refuse_the_slow_way
from tests.benchmarks.processes import run
from tests.benchmarks.table import Row, Table

NOTHING = "hydra.launcher._target_=hydra_plugins.nothing.Nothing"
LOOK = "hydra.sweeper.dry_run=true"
GO_ON = "hydra.sweeper.resume=true"
EIGHTH = "hydra.sweeper.slice=0::8"
MISSING = 100  # one of as many is taken away

FEW = ("a=range(100)", "b=range(100)")
MANY = ("a=range(100)", "b=range(100)", "c=range(100)")


@dataclass(frozen=True)
class Place:
    """A sweep and its directory.

    Args:
        folder: where the app runs.
        swept: the overrides.
        times: how often what is short is repeated.
    """

    folder: Path
    swept: Sequence[str]
    times: int = 1

    @property
    def directory(self) -> Path:
        return self.folder / "sweep"

    def run(self, *overrides: str, where: str = "sweep") -> str:
        """CPU time and peak memory of a run of the app, from start to end."""
        peak = self.folder / "peak.txt"
        peak.unlink(missing_ok=True)
        cost = run(
            [APP, "-m", SWEEPER, NOTHING, f"hydra.sweep.dir={where}", *self.swept, *overrides],
            self.folder,
        )
        return f"{_seconds(cost.cpu)}, {int(peak.read_text()) / 1024:.0f} MiB"

    def seconds(self, *overrides: str, where: str) -> str:
        """The median of runs of the app that end when their first job starts."""
        arguments = [APP, "-m", SWEEPER, f"hydra.sweep.dir={where}", *self.swept, *overrides]
        costs = (
            run([*arguments, "hydra.sweeper.overwrite=true", "stop=true"], self.folder)
            for _ in range(self.times)
        )
        return _seconds(median(cost.cpu for cost in costs))


def plan_all(place: Place) -> str:
    """In this process: the sweep of some overrides, its size, and its last config."""

    def once() -> float:
        start = time.process_time()
        sweep = Sweep.from_overrides(place.swept)
        assert sweep[sweep.size - 1]
        return time.process_time() - start

    return f"{median(once() for _ in range(9)) * 1000:.2f} ms"


def with_some_missing(place: Place) -> str:
    """Resumes a sweep after some of its records were lost."""
    records = JobStore(place.directory)
    for job in range(0, len(Sweep.from_overrides(place.swept)), MISSING):
        records.path(job).unlink()
    return place.run(GO_ON)


def changed(place: Place) -> str:
    """Looks at what is left of a sweep with one more value: all jobs are compared."""
    first, *others = place.swept
    longer = Place(place.folder, [first.replace("(100)", "(101)"), *others])
    return longer.run(GO_ON, LOOK)


def read(place: Place) -> str:
    """Every record."""
    start = time.process_time()
    found = sum(isinstance(record, Record) for record in JobStore(place.directory).all())
    assert found == len(Sweep.from_overrides(place.swept))
    return _seconds(time.process_time() - start)


def files(place: Place) -> tuple[str, ...]:
    """The number of files of a sweep, the most in one folder, and their size."""
    count = most = size = disk = 0
    for folder, folders, names in os.walk(place.directory):
        most = max(most, len(folders) + len(names))
        count += len(folders) + len(names)
        for name in names:
            found = os.lstat(f"{folder}/{name}")
            size += found.st_size
            disk += found.st_blocks * 512
    return f"{count:,}", f"{most:,}", f"{size / 2**20:,.0f} MiB", f"{disk / 2**20:,.0f} MiB"


OF_FILES = (
    "files and folders of the sweep",
    "the most of them in one folder",
    "what is in the files",
    "what they take of the disk",
)
RUNS: Mapping[str, Callable[[Place], str]] = {
    "planning: from the overrides to the last config": plan_all,
    "from the start of the app to the first job": lambda at: at.seconds(where="first"),
    "from the start of one of 8 slices to its first job": lambda at: at.seconds(
        EIGHTH, where="first"
    ),
    "a look ahead (dry_run)": lambda at: at.run(LOOK, where="first/look"),
    "all jobs, checked and recorded": lambda at: at.run(),
    "reading all records": read,
    "resume, nothing left to do": lambda at: at.run(GO_ON),
    "resume one of 8 slices, nothing left to do": lambda at: at.run(GO_ON, EIGHTH),
    "resume, 1% left to do": with_some_missing,
    "looking at a changed sweep (dry_run)": changed,
}


def rows(sweeps: Sequence[Sequence[str]], times: int) -> Iterator[Row]:
    """Measures sweeps side by side, each in a temporary directory.

    Args:
        sweeps: the overrides of each.
        times: how often what is short is repeated.
    """
    refuse_the_slow_way()
    with ExitStack() as held:
        places = [
            Place(Path(held.enter_context(tempfile.TemporaryDirectory())), swept, times)
            for swept in sweeps
        ]
        for what, measure in RUNS.items():
            yield what, *[measure(place) for place in places]
        yield from zip(OF_FILES, *map(files, places), strict=True)


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"


def at_length(pairs: int) -> Iterator[Row]:
    return rows([FEW, MANY], pairs)


TABLE = Table(
    "At scale",
    ("what", "10^4 jobs", "10^6 jobs"),
    {"scale": at_length},
)
