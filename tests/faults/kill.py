"""Kills sweeps at random moments, repeatedly, and resumes them."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from tests.faults import proc
from tests.faults.promises import CompletedJobs, Values, expect_completed, records
from tests.faults.sweeps import MAX_JOBS, Run, Sweep, random_sweep
from tests.faults.violations import expect


def reference(folder: Path) -> Values:
    """What the jobs of a sweep without faults return; smaller sweeps have the first of them."""
    sweep = Sweep(folder, [f"x=range({MAX_JOBS})"])
    status = sweep.start().wait_for_exit()
    expect(status == 0, "the sweep fails without a fault", sweep.runs[0].output)
    return {number: record.value for number, record in records(sweep.directory).items()}


def kill_and_resume(folder: Path, rng: Random, values: Values) -> None:
    """Kills a sweep two to four times, then lets it finish."""
    sweep, jobs, joblib = random_sweep(folder, rng)
    done = CompletedJobs(sweep)
    targets = ("parent", "worker", "group") if joblib else ("parent",)
    for _ in range(rng.randint(2, 4)):
        run = sweep.resume_or_start()
        wait_at_random(sweep, run, jobs, rng)
        target = rng.choice(targets)
        if run.poll() is None:
            kill(run, target)
        status = run.wait_for_exit()
        expect_killed(run, status, target)
        done.check()
    run = sweep.resume_or_start()
    status = run.wait_for_exit()
    expect(status == 0, f"the last resume exits with {status}", run.output)
    done.check()
    expect_completed(sweep, {number: values[number] for number in range(jobs)})


def wait_at_random(sweep: Sweep, run: Run, jobs: int, rng: Random) -> None:
    """Waits for a random moment of a run, mostly while its jobs run."""
    kind = rng.random()
    started = sweep.jobs_started
    if kind < 0.15:
        _wait(run, rng.uniform(0, 2))
    elif kind < 0.3:  # while the sweep is being saved
        while run.poll() is None and not (sweep.directory / ".sweep").exists():
            time.sleep(0.001)
        _wait(run, rng.uniform(0, 0.1))
    else:
        sweep.wait_for_jobs(started + rng.randint(1, max(jobs - started, 2)), run)
        _wait(run, rng.uniform(0, 0.03))


def kill(run: Run, target: str) -> None:
    """Kills a sweep's process, one of its joblib workers, or its process group."""
    workers = proc.workers(run.pid) if target == "worker" else []
    if workers:
        proc.kill(workers[0])
    elif target == "group":
        proc.kill_group(run.pid)
    else:
        proc.kill(run.pid)


def expect_killed(run: Run, status: int, target: str) -> None:
    """Expects a process to have been killed, to have finished, or to have failed with a worker."""
    expected = (0, 1, -9) if target == "worker" else (0, -9)
    expect(status in expected, f"a process exits with {status} (killed: {target})", run.output)
    text = run.text()
    expect("Traceback (most" not in text, f"a traceback (killed: {target})", run.output)


def _wait(run: Run, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
