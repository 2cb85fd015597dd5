"""A clock that somebody sets again and again while a sweep runs."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from tests.faults.kill import shoot
from tests.faults.promises import Values, expect_done, records
from tests.faults.sweeps import APPS, Sweep
from tests.faults.violations import expect


def jumps(folder: Path, values: Values) -> None:
    """The records of a sweep that is killed on the way are consistent: each job took its time.

    Args:
        folder: an empty one.
        values: what the jobs return.
    """
    jobs = 20
    paths = [str(APPS / "jumps"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    clock = {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    sweep = Sweep(folder, [f"x=range({jobs})"], environment=clock)
    run = sweep.start()
    sweep.wait_for_bodies(jobs // 2, run)
    shoot(run)
    run.ended()
    run = sweep.resume()
    expect(run.ended() == 0, f"the resume ends with {run.returncode}", run.output)
    expect_done(sweep, {number: values[number] for number in range(jobs)})
    found = records(sweep.directory)
    back = [one for one in found.values() if _seconds(one.started, one.ended) < 0]
    expect(back, "the clock did not jump", run.output)


def _seconds(started: str, ended: str | None) -> float:
    assert ended is not None
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds()
