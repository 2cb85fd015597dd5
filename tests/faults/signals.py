"""Interrupts sweeps with Ctrl-C or SIGTERM at random moments, and resumes them as printed."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.faults import proc
from tests.faults.promises import CompletedJobs, Values, expect_completed
from tests.faults.sweeps import TIMEOUT, Run, random_sweep
from tests.faults.violations import expect

_RESUME = re.compile(r"^(?:.*\])?.*?Resume with: (.*)$", re.MULTILINE)


def interrupt_and_resume(folder: Path, rng: Random, values: Values) -> None:
    """Interrupts a sweep once or twice, and resumes it with the command that it has printed."""
    sweep, jobs, _ = random_sweep(folder, rng)
    done = CompletedJobs(sweep)
    run = sweep.start()
    for _ in range(rng.randint(1, 2)):
        started = sweep.jobs_started
        sweep.wait_for_jobs(started + rng.randint(1, max(jobs - started - 1, 1)), run)
        time.sleep(rng.uniform(0, 0.03))
        if run.poll() is not None:
            break
        number = rng.choice([signal.SIGINT, signal.SIGTERM])
        group = rng.random() < 0.5
        late = len(done.completed()) == jobs  # Python may be shutting down
        (proc.kill_group if group else proc.kill)(run.pid, number)
        is_stuck = bool(sweep.launcher) and not _exits(run, TIMEOUT / 4)
        for _ in range(3) if is_stuck else ():
            proc.kill_group(run.pid, number)
            if _exits(run, TIMEOUT / 12):
                break
        status = run.wait_for_exit()
        done.check()
        if late or status == 0:
            break
        expect_interrupted(run, number, again=is_stuck)
        expect(not done.running(), f"jobs {done.running()} are still running", run.output)
        run = sweep.run(f"exec {resume_command(run)}")  # exec, so that no shell gets the signals
    if run.poll() is None:
        status = run.wait_for_exit()
        expect(status == 0, f"resuming as printed exits with {status}", run.output)
    done.check()
    if len(done.completed()) < jobs:  # although it exited as if all were done
        expect(False, f"only {len(done.completed())} of {jobs} jobs are done", run.output)
    expect_completed(sweep, {number: values[number] for number in range(jobs)})


def _exits(run: Run, seconds: float) -> bool:
    """Whether a process exits within some time.

    joblib may not: a signal to its workers, too, can cut a result that one of them is sending, and
    joblib waits for the rest. As its users do, the scenario then sends the signal again.
    """
    with suppress(subprocess.TimeoutExpired):
        run.wait(seconds)
    return run.poll() is not None


def expect_interrupted(run: Run, number: signal.Signals, *, again: bool = False) -> None:
    """Expects a process to have exited with a signal's status and a summary.

    Args:
        run: the process.
        number: the signal.
        again: whether it needed the signal more than once, which interrupts joblib's own clean-up.
    """
    expect(
        run.returncode == 128 + number,
        f"a process exits with {run.returncode} after {number.name}",
        run.output,
    )
    expect(again or not run.has_traceback, f"a traceback after {number.name}", run.output)
    expect("Interrupted: " in run.text(), f"no summary after {number.name}", run.output)


def resume_command(run: Run) -> str:
    """The last command that a process has printed for resuming the sweep."""
    commands = _RESUME.findall(run.text())
    expect(commands, "no command that resumes", run.output)
    return commands[-1]
