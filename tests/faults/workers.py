"""Workers and their jobs killed, stopped and ended at random moments, while others take over."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from params_proto.records import Status
from params_proto.records.lock import is_running_elsewhere
from params_proto.records.manifest import OWN, RUNNING
from params_proto.records.process import Process
from tests.faults import proc
from tests.faults.promises import Values, expect_done, records
from tests.faults.sweeps import LONGEST, MOST, Sweep
from tests.faults.violations import expect

_SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP]


def workers(folder: Path, rng: Random, values: Values) -> None:
    """Starts a sweep and leaves; all workers but one may meet anything, and their jobs as well.

    Args:
        folder: an empty one.
        rng: decides all that is random here.
        values: what the jobs return.
    """
    jobs = rng.randint(20, MOST)
    sweep = Sweep(folder, [f"x=range({jobs})"])
    waits = rng.random() < 0.5
    options = ("hydra.sweeper.workers=4", "hydra.sweeper.retries=1000", "hydra.sweeper.grace=0.5")
    run = sweep.start(*options, f"hydra.sweeper.wait={str(waits).lower()}")
    if waits:
        sweep.wait_for_bodies(rng.randint(1, 5), run)
        proc.kill(run.pid)  # the shell: its workers go on
    run.ended()
    while not (alive := workers_of(sweep)) and _left(sweep, jobs):
        time.sleep(0.01)
    spared = alive[:1]
    stopped: list[int] = []
    deadline = time.monotonic() + LONGEST
    while _left(sweep, jobs) and time.monotonic() < deadline:
        time.sleep(rng.uniform(0, 0.2))
        targets = [one for one in workers_of(sweep) if one not in spared] + _jobs(sweep)
        if targets:
            target, number = rng.choice(targets), rng.choice(_SIGNALS)
            with suppress(ProcessLookupError):
                os.kill(target, number)
                stopped += [target] * (number == signal.SIGSTOP)
        if stopped and rng.random() < 0.5:
            with suppress(ProcessLookupError):
                os.kill(stopped.pop(), signal.SIGCONT)
    for target in stopped:
        with suppress(ProcessLookupError):
            os.kill(target, signal.SIGCONT)
    expect(not _left(sweep, jobs), f"jobs {_left(sweep, jobs)} are lost", run.output)
    watch = sweep.run([sys.executable, "-m", "params_proto", "watch", "out"])
    expect(watch.ended() == 0, f"watch ends with {watch.returncode}", watch.output)
    while is_running_elsewhere(sweep.directory) and time.monotonic() < deadline:
        time.sleep(0.05)  # which removes the leases of those that were killed
    expect_done(sweep, {number: values[number] for number in range(jobs)})


def _left(sweep: Sweep, jobs: int) -> set[int]:
    """The jobs that are not completed."""
    done = {one.job for one in records(sweep.directory).values() if one.status is Status.COMPLETED}
    return set(range(jobs)) - done


def workers_of(sweep: Sweep) -> list[int]:
    """The workers that are alive, by their leases."""
    found: list[int] = []
    for lease in (sweep.directory / OWN / RUNNING).glob("*.json"):
        with suppress(OSError, ValueError):  # it is gone, or about to be written
            host, pid, start_time, *_ = json.loads(lease.read_text())
            found += [pid] * Process(host, pid, start_time).is_alive
    return found


def _jobs(sweep: Sweep) -> list[int]:
    """The processes of their jobs."""
    return [job for worker in workers_of(sweep) for job in proc.children(worker)]
