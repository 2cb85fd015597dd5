"""The jobs that workers have to run, and which is next, according to the jobs' records.

`.sweep/workers/jobs.jsonl` has a line for each queued job,

[12, ["lr=0.1", "seed=3"], null, 0, 0]

its number, its overrides, the directory of an earlier attempt, the number of the last attempt if a
completed job is to be rerun, and how many attempts had failed when the line was written. Slices of
a sweep and reruns append lines; for each job, the last line counts.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.multirun.plan import Job
from params_proto.records import FAILURES, JobStore, Record, Status
from params_proto.records.manifest import UnreadableError, create_file, write_file
from params_proto.workers.workers_dir import workers_dir

_RESCAN_PERIOD = 2.0  # seconds between checks of the jobs that other workers have started


class QueuedJob(NamedTuple):
    """A job for workers to run.

    Args:
        job: the job.
        failures: how many of its attempts had failed when it was queued.
    """

    job: Job
    failures: int = 0


def enqueue(directory: Path, jobs: Iterable[QueuedJob], *, replace: bool = False) -> None:
    """Adds jobs to the queue of a sweep.

    Args:
        directory: the sweep's directory.
        jobs: the jobs to add.
        replace: whether to drop all jobs queued before.

    Raises:
        SweepError: the file cannot be written.
    """
    path = workers_dir(directory) / "jobs.jsonl"
    lines = "".join(json.dumps([*queued.job, queued.failures]) + "\n" for queued in jobs)
    try:
        (path.parent / "ended").unlink(missing_ok=True)
        if replace:
            write_file(path, lines)
        else:
            create_file(path, "a", f"\n{lines}")  # a full disk may have cut the last line
    except OSError as error:
        raise SweepError(f"{path} cannot be written: {reason(error)}.") from error


class QueueState(Enum):
    """What workers are to do with a queued job."""

    READY = "ready"  # claim it
    BUSY = "busy"  # leave it alone: another process is running it
    DONE = "done"


class JobQueue:
    """The queued jobs of a sweep, as one worker or watcher sees them.

    Args:
        directory: the sweep's directory.
        retries: how many times to rerun a job that failed or crashed.

    >>> import tempfile
    >>> directory = Path(tempfile.mkdtemp())
    >>> enqueue(directory, [QueuedJob(Job(number, [f"lr={number}"])) for number in (4, 7)])
    >>> queue = JobQueue(directory)
    >>> [(queued.job.number, attempt) for queued, attempt in queue.ready()]
    [(4, 0), (7, 0)]
    """

    def __init__(self, directory: Path, retries: int = 0) -> None:
        self.records = JobStore(directory)
        self._retries = retries
        self._path = workers_dir(directory) / "jobs.jsonl"
        self._size_read = 0  # bytes of the file that have been read
        self._offsets: dict[int, int] = {}  # of each job's line, by job number
        self._not_started: list[int] = []  # jobs not known to have started, in descending order
        self._not_done: set[int] = set()  # jobs that have started but are not known to be done
        self._next_scan = 0.0  # when to check `_not_done` again
        self.longest = 0.0  # seconds that the longest job known to be done took
        self.refresh()

    def refresh(self) -> bool:
        """Reads the lines that have been added to the file; returns whether there were any."""
        before = self._size_read
        try:
            if self._path.stat().st_size == before:
                return False
            with self._path.open("rb") as file:
                file.seek(before)
                for line in file:
                    if not line.endswith(b"\n"):  # it is still being written
                        break
                    if not line[-3:-2].isdigit():  # it is empty, or a full disk has cut it
                        self._size_read += len(line)
                        continue
                    number = int(line[1 : line.index(b",")])
                    self._offsets[number] = self._size_read
                    self._size_read += len(line)
                    self._not_done.add(number)
        except (OSError, ValueError) as error:
            raise SweepError(f"{self._path} cannot be read: {error}.") from error
        self._not_started = sorted(self._not_done.union(self._not_started), reverse=True)
        self._not_done.clear()
        self._next_scan = 0.0
        return self._size_read > before

    @property
    def numbers(self) -> Collection[int]:
        """The numbers of all queued jobs."""
        return self._offsets.keys()

    @property
    def is_done(self) -> bool:
        """Whether all jobs are done, as of the last complete pass over `ready`."""
        return not self._not_started and not self._not_done

    def __getitem__(self, number: int) -> QueuedJob:
        with self._path.open("rb") as file:
            file.seek(self._offsets[number])
            *job, failures = json.loads(file.readline())
        return QueuedJob(Job(*job), failures)

    def ready(self) -> Iterator[tuple[QueuedJob, int]]:
        """The jobs to claim: pending jobs, the lowest number first, then jobs to retry.

        Each comes with the number of its last attempt, so that it is claimed only if no other
        process has made another attempt meanwhile. Jobs that have been started before are checked
        every few seconds, and when no other jobs are left. Which ones those are is found by listing
        folders, not by reading every record.
        """
        pending, retries = list[int](), list[int]()
        if not self._not_started or time.monotonic() >= self._next_scan:
            self._next_scan = time.monotonic() + _RESCAN_PERIOD
            self._move_started()
            pending, retries = self._scan()
        while self._not_started:
            parent = self.records.path(self._not_started[-1]).parent
            started = self._started_in(parent)
            while self._not_started and self.records.path(self._not_started[-1]).parent == parent:
                number = self._not_started[-1]
                while pending and pending[0] < number:
                    yield from self._if_ready(pending.pop(0))
                if number not in started:
                    yield self[number], 0
                self._not_started.pop()
                self._not_done.add(number)
        for number in (*pending, *retries):
            yield from self._if_ready(number)

    def _if_ready(self, number: int) -> Iterator[tuple[QueuedJob, int]]:
        """A job that has been started before, if it is still ready."""
        state, record = self.state(number)
        if state is QueueState.READY:
            yield self[number], record.attempt if record else 0

    def _started_in(self, folder: Path) -> set[int]:
        """The jobs that have a record or a claim in a folder."""
        names: list[str] = []
        with suppress(FileNotFoundError):
            names = os.listdir(folder)
        return {int(name.partition(".")[0]) for name in names if name[0].isdigit()}

    def started(self, numbers: Collection[int]) -> list[int]:
        """Which of these jobs have been started, found by listing folders, not reading records."""
        folders = {self.records.path(number).parent for number in numbers}
        return sorted(set[int]().union(*map(self._started_in, folders)).intersection(numbers))

    def _move_started(self) -> None:
        """Moves started jobs to `_not_done`, up to the first folder without any."""
        not_started: list[int] = []
        parent, started = None, set[int]()
        while self._not_started:
            number = self._not_started[-1]
            if self.records.path(number).parent != parent:
                parent = self.records.path(number).parent
                started = self._started_in(parent)
                if not started:
                    break
            self._not_started.pop()
            if number in started:
                self._not_done.add(number)
            else:
                not_started.append(number)
        self._not_started += reversed(not_started)

    def _scan(self) -> tuple[list[int], list[int]]:
        """The started jobs that are ready again: pending ones, and those that run last."""
        pending: list[int] = []
        last: list[int] = []
        for number in sorted(self._not_done):
            state, record = self.state(number)
            if state is QueueState.READY:
                # A job that took its worker down with it might do so again.
                runs_last = record is not None and record.status in (*FAILURES, Status.RUNNING)
                (last if runs_last else pending).append(number)
            elif state is QueueState.DONE:
                self._not_done.discard(number)
        return pending, last

    def state(self, number: int) -> tuple[QueueState, Record | None]:
        """The state of a job in the queue, and its record."""
        try:
            record = self.records.read(number)
        except UnreadableError:
            record = None
        if record is None:
            return QueueState.READY, None
        queued = self[number]
        if record.status is Status.RUNNING:
            is_busy = self.records.is_running(record)
            return (QueueState.BUSY if is_busy else QueueState.READY), record
        if record.status is Status.COMPLETED:
            self.longest = max(self.longest, record.duration or 0.0)
            is_done = record.attempt > queued.job.rerun_after
        else:
            is_failed = record.status in FAILURES
            is_done = is_failed and record.failed_attempts - queued.failures > self._retries
        return (QueueState.DONE if is_done else QueueState.READY), record
