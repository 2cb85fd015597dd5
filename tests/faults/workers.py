"""Workers and jobs that are killed, stopped or terminated at random, while others take over."""

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
from params_proto.records.manifest import RUNNING_DIR, STATE_DIR
from params_proto.records.process import Process
from tests.faults import proc
from tests.faults.promises import Values, expect_completed, records
from tests.faults.sweeps import MAX_JOBS, TIMEOUT, Sweep
from tests.faults.violations import expect

_SIGNALS = [signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP]
OPTIONS = ("hydra.sweeper.workers=4", "hydra.sweeper.retries=1000", "hydra.sweeper.grace=0.5")


class Signals:
    """Sends random signals to the workers and jobs of a sweep.

    Args:
        sweep: the sweep.
        rng: the source of randomness.
        is_spared: tells whether a worker gets no signals.
    """

    def __init__(self, sweep: Sweep, rng: Random, is_spared: Callable[[int], bool]) -> None:
        self._sweep = sweep
        self._rng = rng
        self._is_spared = is_spared
        self._stopped: list[int] = []

    def send(self) -> None:
        """Sends a signal to one process, and may continue one that was stopped."""
        workers = live_workers(self._sweep)
        jobs = [job for worker in workers for job in proc.children(worker)]
        targets = [worker for worker in workers if not self._is_spared(worker)] + jobs
        if targets:
            target, number = self._rng.choice(targets), self._rng.choice(_SIGNALS)
            proc.kill(target, number)
            self._stopped += [target] * (number == signal.SIGSTOP)
        if self._stopped and self._rng.random() < 0.5:
            proc.kill(self._stopped.pop(), signal.SIGCONT)

    def end(self) -> None:
        """Continues all stopped processes."""
        for target in self._stopped:
            proc.kill(target, signal.SIGCONT)


def disturb_workers(folder: Path, rng: Random, values: Values) -> None:
    """Leaves a sweep to its workers, and sends signals to all jobs and all workers but one.

    Args:
        folder: an empty folder.
        rng: the source of randomness.
        values: what the jobs return.
    """
    jobs = rng.randint(20, MAX_JOBS)
    sweep = Sweep(folder, [f"x=range({jobs})"])
    waits = rng.random() < 0.5
    run = sweep.start(*OPTIONS, f"hydra.sweeper.wait={str(waits).lower()}")
    if waits:
        sweep.wait_for_jobs(rng.randint(1, 5), run)
        proc.kill(run.pid)  # its workers keep running
    run.wait_for_exit()
    while not (workers := live_workers(sweep)) and unfinished(sweep, jobs):
        time.sleep(0.01)
    signals = Signals(sweep, rng, {*workers[:1]}.__contains__)
    inject_faults(sweep, jobs, rng, [signals.send], longest=0.2)
    signals.end()
    expect_finished(sweep, {number: values[number] for number in range(jobs)})


def inject_faults(
    sweep: Sweep, jobs: int, rng: Random, faults: Sequence[Callable[[], object]], longest: float
) -> None:
    """Injects random faults at random moments until the jobs of a sweep are completed.

    Args:
        sweep: the sweep.
        jobs: the number of its jobs.
        rng: the source of randomness.
        faults: the faults to choose from.
        longest: longest time between faults, in seconds.
    """
    deadline = time.monotonic() + TIMEOUT
    while unfinished(sweep, jobs) and time.monotonic() < deadline:
        time.sleep(rng.uniform(0, longest))
        rng.choice(faults)()


def expect_finished(sweep: Sweep, values: Values) -> None:
    """Waits for the workers; expects every job to have completed once, and `watch` to agree."""
    last = sweep.runs[-1].output
    deadline = time.monotonic() + TIMEOUT
    while (missing := unfinished(sweep, len(values))) and time.monotonic() < deadline:
        time.sleep(0.05)
    expect(not missing, f"jobs {missing} are lost", last)
    watch = sweep.run([sys.executable, "-m", "params_proto", "watch", "out"])
    expect(watch.wait_for_exit() == 0, f"watch exits with {watch.returncode}", watch.output)
    # The check removes the leases of killed workers.
    while is_running_elsewhere(sweep.directory) and time.monotonic() < deadline:
        time.sleep(0.05)
    expect_completed(sweep, values)


def unfinished(sweep: Sweep, jobs: int) -> set[int]:
    """The jobs that are not completed."""
    completed = {
        record.job
        for record in records(sweep.directory).values()
        if record.status is Status.COMPLETED
    }
    return set(range(jobs)) - completed


def live_workers(sweep: Sweep) -> list[int]:
    """The process ids of live workers, from their leases."""
    pids: list[int] = []
    for lease in (sweep.directory / STATE_DIR / RUNNING_DIR).glob("*.json"):
        with suppress(OSError, ValueError):  # just removed, or about to be written
            host, pid, start_time, *_ = json.loads(lease.read_text())
            pids += [pid] * Process(host, pid, start_time).is_alive
    return pids
