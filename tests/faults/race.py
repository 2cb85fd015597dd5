"""Two processes that start or resume the same sweep at the same time."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from random import Random

from params_proto.records.manifest import record_path
from tests.faults.promises import Values, expect_completed
from tests.faults.sweeps import JOBLIB, Run, Sweep
from tests.faults.violations import expect

JOBS = 6
_REFUSED = re.compile(r"^process (\d+) on (\S+) runs the sweep in out\.", re.MULTILINE)


def start(folder: Path, values: Values) -> None:
    """Both try to start the sweep, like a cluster job that was queued twice."""
    sweep = Sweep(folder, [f"x=range({JOBS})", "longest=0.2"])
    _expect_one(*[sweep.start("hydra.sweeper.resume=true") for _ in range(2)])
    _expect_each_once(sweep, values)


def resume(folder: Path, rng: Random, values: Values, times: int) -> None:
    """Both resume a sweep some of whose jobs are missing."""
    sweep = Sweep(folder, [f"x=range({JOBS})", "longest=0.2"])
    run = sweep.start()
    expect(run.wait_for_exit() == 0, f"it exits with {run.returncode}", run.output)
    for _ in range(times):
        for number in rng.sample(range(JOBS), rng.randint(1, JOBS)):
            record_path(sweep.directory, number).unlink()
            sweep.forget(number)
        sweep.launcher = rng.choice([(), (), JOBLIB])
        _expect_one(sweep.resume(), sweep.resume())
        _expect_each_once(sweep, values)


def _expect_one(first: Run, second: Run) -> None:
    """Expects one of two processes to run, and the other to be refused or have nothing to do."""
    outputs = first.output, second.output
    statuses = sorted([first.wait_for_exit(), second.wait_for_exit()])
    expect(statuses in ([0, 0], [0, 1]), f"they exit with {statuses}", *outputs)
    for run, other in ((first, second), (second, first)):
        expect("Traceback (most" not in run.text(), "a traceback", *outputs)
        if run.returncode:
            refusal = _REFUSED.search(run.text())
            expect(refusal, "one fails without giving the reason", *outputs)
            assert refusal is not None
            named = (refusal[1], refusal[2]) == (str(other.pid), socket.gethostname())
            expect(named, f"it is process {other.pid} that ran the jobs", *outputs)


def _expect_each_once(sweep: Sweep, values: Values) -> None:
    expect_completed(sweep, {number: values[number] for number in range(JOBS)})
    started = sorted(int(job) for event, job, _ in sweep.events if event == "start")
    expect(
        started == [*range(JOBS)], f"jobs {started} ran", *[run.output for run in sweep.runs[-2:]]
    )
