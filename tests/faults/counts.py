"""A sweep of very many jobs."""

from __future__ import annotations

import time
from pathlib import Path

from params_proto.records import JobStore, Record
from tests.faults.figures import Figures
from tests.faults.sweeps import APPS, Sweep
from tests.faults.violations import expect

_LAUNCHER = "hydra.launcher._target_=hydra_plugins.in_this_process.InThisProcess"
_LONGEST = 10.0  # seconds in which 100,000 records are read
_HANGS = 3600.0  # seconds after which so many jobs do


def many(folder: Path, thousands: int, figures: Figures) -> None:
    """A sweep of very many jobs has a record of each, which is read at once.

    Args:
        folder: an empty one.
        thousands: of jobs.
        figures: told how long it takes.
    """
    path = {"PYTHONPATH": f"{APPS / 'many'}:{APPS.parents[2]}"}
    swept = [f"x=range({thousands})", "y=range(1000)"]
    sweep = Sweep(folder, swept, [_LAUNCHER], app="many", environment=path)
    for name in ("run", "resume with nothing left"):
        start = time.monotonic()
        run = sweep.start() if name == "run" else sweep.resume()
        expect(run.ended(_HANGS) == 0, f"it ends with {run.returncode}", run.output)
        figures.took(f"counts: {name} of {thousands},000 jobs", time.monotonic() - start)
    start = time.monotonic()
    found = list(JobStore(sweep.directory).all())
    took = time.monotonic() - start
    figures.took(f"counts: reading {thousands},000 records", took)
    expect(took < _LONGEST or thousands < 100, f"{len(found)} records are read in {took:.1f} s")
    for number, record in enumerate(found):
        whole = isinstance(record, Record) and record.job == record.value == number
        expect(whole, f"the record of job {number} is {record}")
    expect(len(found) == thousands * 1000, f"{len(found)} records")
