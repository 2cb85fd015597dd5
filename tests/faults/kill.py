"""Kills sweeps at random moments, repeatedly, and resumes them."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from tests.faults import proc
from tests.faults.promises import Done, Values, expect_done, records
from tests.faults.sweeps import MOST, Run, Sweep, any_sweep
from tests.faults.violations import expect


def reference(folder: Path) -> Values:
    """What the jobs of an uninterrupted sweep return; a smaller sweep has the first of them."""
    sweep = Sweep(folder, [f"x=range({MOST})"])
    expect(sweep.start().ended() == 0, "the sweep fails without a fault", sweep.runs[0].output)
    return {number: record.value for number, record in records(sweep.directory).items()}


def killed(folder: Path, rng: Random, values: Values) -> None:
    """Kills a sweep two to four times, then lets it finish.

    Args:
        folder: an empty one.
        rng: decides all that is random here.
        values: what the jobs return.
    """
    sweep, jobs, joblib = any_sweep(folder, rng)
    done = Done(sweep)
    targets = ("parent", "worker", "group") if joblib else ("parent",)
    for _ in range(rng.randint(2, 4)):
        run = sweep.resume_or_start()
        at_random(sweep, run, jobs, rng)
        target = rng.choice(targets)
        if run.poll() is None:
            shoot(run, target)
        status = run.ended()
        expect_sane(run, status, target)
        done.look()
    run = sweep.resume_or_start()
    expect(run.ended() == 0, f"the last resume ends with {run.returncode}", run.output)
    done.look()
    expect_done(sweep, {number: values[number] for number in range(jobs)})


def at_random(sweep: Sweep, run: Run, jobs: int, rng: Random) -> None:
    """Waits for a random moment in the life of a process: mostly among its jobs."""
    kind = rng.random()
    started = sweep.started_bodies
    if kind < 0.15:
        _wait(run, rng.uniform(0, 2))
    elif kind < 0.3:  # while it is written down
        while run.poll() is None and not (sweep.directory / ".sweep").exists():
            time.sleep(0.001)
        _wait(run, rng.uniform(0, 0.1))
    else:
        sweep.wait_for_bodies(started + rng.randint(1, max(jobs - started, 2)), run)
        _wait(run, rng.uniform(0, 0.03))


def shoot(run: Run, target: str = "parent") -> None:
    """Kills the chosen ones of a process and its workers, if there are any."""
    workers = proc.workers(run.pid) if target == "worker" else []
    if workers:
        proc.kill(workers[0])
    elif target == "group":
        proc.kill_group(run.pid)
    else:
        proc.kill(run.pid)


def expect_sane(run: Run, status: int, target: str) -> None:
    """Checks that a process was killed, or ended as one does whose worker died."""
    expected = (0, 1, -9) if target == "worker" else (0, -9)
    expect(status in expected, f"a process ends with {status} (killed: {target})", run.output)
    text = run.text()
    expect("Traceback (most" not in text, f"a traceback (killed: {target})", run.output)


def _wait(run: Run, seconds: float) -> None:
    end = time.monotonic() + seconds
    while run.poll() is None and time.monotonic() < end:
        time.sleep(0.001)
