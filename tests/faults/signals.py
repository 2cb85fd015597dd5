"""Ctrl-C and SIGTERM at random moments, and the command that resumes the sweep."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path
from random import Random

from tests.faults import proc
from tests.faults.promises import Done, Values, expect_done
from tests.faults.sweeps import Run, any_sweep
from tests.faults.violations import expect

_RESUME = re.compile(r"^(?:.*\])?.*?Resume with: (.*)$", re.MULTILINE)


def signalled(folder: Path, rng: Random, values: Values) -> None:
    """Stops a sweep once or twice, and resumes it by the command that it has printed.

    Args:
        folder: an empty one.
        rng: decides all that is random here.
        values: what the jobs return.
    """
    sweep, jobs, _ = any_sweep(folder, rng)
    done = Done(sweep)
    run = sweep.start()
    for _ in range(rng.randint(1, 2)):
        started = sweep.started_bodies
        sweep.wait_for_bodies(started + rng.randint(1, max(jobs - started - 1, 1)), run)
        time.sleep(rng.uniform(0, 0.03))
        if run.poll() is not None:
            break
        number = rng.choice([signal.SIGINT, signal.SIGTERM])
        group = rng.random() < 0.5
        late = len(done.completed()) == jobs  # Python may be on its way out
        (proc.kill_group if group else proc.kill)(run.pid, number)
        status = run.ended()
        done.look()
        if late or status == 0:
            break
        expect_stopped(run, number)
        expect(not done.running(), f"jobs {done.running()} are running still", run.output)
        run = sweep.run(f"exec {printed(run)}")  # so that no shell gets the next signal
    if run.poll() is None:
        expect(run.ended() == 0, f"resuming as printed ends with {run.returncode}", run.output)
    done.look()
    if len(done.completed()) < jobs:  # cut short although it says that it is done
        expect(False, f"only {len(done.completed())} of {jobs} jobs are done", run.output)
    expect_done(sweep, {number: values[number] for number in range(jobs)})


def expect_stopped(run: Run, number: signal.Signals) -> None:
    """Checks that a process ended as a signal ends it, and reported that."""
    expect(
        run.returncode == 128 + number,
        f"a process ends with {run.returncode} after {number.name}",
        run.output,
    )
    expect(not run.shows_a_traceback, f"a traceback after {number.name}", run.output)
    expect("Interrupted: " in run.text(), f"no summary after {number.name}", run.output)


def printed(run: Run) -> str:
    """The command that a process has printed to resume the sweep."""
    found = _RESUME.findall(run.text())
    expect(found, "no command that resumes", run.output)
    return found[-1]
