"""Workers and their jobs killed, stopped and ended at random moments, while others take over."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
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
OPTIONS = ("hydra.sweeper.workers=4", "hydra.sweeper.retries=1000", "hydra.sweeper.grace=0.5")


class Signals:
    """Signals to any worker and to any job.

    Args:
        sweep: whose.
        rng: decides who gets which.
        is_spared: whether a worker gets none.
    """

    def __init__(self, sweep: Sweep, rng: Random, is_spared: Callable[[int], bool]) -> None:
        self._sweep = sweep
        self._rng = rng
        self._is_spared = is_spared
        self._stopped: list[int] = []

    def send(self) -> None:
        """Sends one; some that were stopped are continued."""
        workers = workers_of(self._sweep)
        jobs = [job for worker in workers for job in proc.children(worker)]
        targets = [worker for worker in workers if not self._is_spared(worker)] + jobs
        if targets:
            target, number = self._rng.choice(targets), self._rng.choice(_SIGNALS)
            proc.kill(target, number)
            self._stopped += [target] * (number == signal.SIGSTOP)
        if self._stopped and self._rng.random() < 0.5:
            proc.kill(self._stopped.pop(), signal.SIGCONT)

    def end(self) -> None:
        """Continues all that are stopped."""
        for target in self._stopped:
            proc.kill(target, signal.SIGCONT)


def workers(folder: Path, rng: Random, values: Values) -> None:
    """Starts a sweep and leaves; anything may happen to all workers but one, and to their jobs.

    Args:
        folder: an empty one.
        rng: decides all that is random here.
        values: what the jobs return.
    """
    jobs = rng.randint(20, MOST)
    sweep = Sweep(folder, [f"x=range({jobs})"])
    waits = rng.random() < 0.5
    run = sweep.start(*OPTIONS, f"hydra.sweeper.wait={str(waits).lower()}")
    if waits:
        sweep.wait_for_bodies(rng.randint(1, 5), run)
        proc.kill(run.pid)  # the shell: its workers go on
    run.ended()
    while not (alive := workers_of(sweep)) and left(sweep, jobs):
        time.sleep(0.01)
    signals = Signals(sweep, rng, {*alive[:1]}.__contains__)
    disturb(sweep, jobs, rng, [signals.send], longest=0.2)
    signals.end()
    expect_finished(sweep, {number: values[number] for number in range(jobs)})


def disturb(
    sweep: Sweep, jobs: int, rng: Random, acts: Sequence[Callable[[], object]], longest: float
) -> None:
    """Does things to a sweep at random moments until its jobs are completed.

    Args:
        sweep: which.
        jobs: how many it has.
        rng: decides what is done, and when.
        acts: what can be done.
        longest: seconds between two of them.
    """
    deadline = time.monotonic() + LONGEST
    while left(sweep, jobs) and time.monotonic() < deadline:
        time.sleep(rng.uniform(0, longest))
        rng.choice(acts)()


def expect_finished(sweep: Sweep, values: Values) -> None:
    """Checks that workers complete every job once, and that `watch` reports it."""
    last = sweep.runs[-1].output
    deadline = time.monotonic() + LONGEST
    while (missing := left(sweep, len(values))) and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(not missing, f"jobs {missing} are lost", last)
    watch = sweep.run([sys.executable, "-m", "params_proto", "watch", "out"])
    expect(watch.ended() == 0, f"watch ends with {watch.returncode}", watch.output)
    while is_running_elsewhere(sweep.directory) and time.monotonic() < deadline:
        time.sleep(0.05)  # which removes the leases of those that were killed
    expect_done(sweep, values)


def left(sweep: Sweep, jobs: int) -> set[int]:
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
