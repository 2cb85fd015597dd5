"""Which job a worker runs next, by the jobs that are to run and their records.

`.sweep/workers/jobs.jsonl` has a line for each job that is to run,

[12, ["lr=0.1", "seed=3"], null, 0, 0]

its number, its overrides, the directory of an earlier attempt, the number of the last attempt if a
completed job runs again, and how many attempts had failed when the line was written. A later line
about the same job takes its place: slices of a sweep, and jobs that are to run again, add lines.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.multirun.jobs import Job
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import UnreadableError, create_file, write_file
from params_proto.workers.setup import folder

_FAILED = (Status.FAILED, Status.CRASHED)


class QueuedJob(NamedTuple):
    """A job that is to run.

    Args:
        job: the job.
        failures: how many of its attempts had failed when it was queued.
    """

    job: Job
    failures: int = 0


def failures(record: Record | None) -> int:
    """How many attempts at a job have failed or crashed."""
    return 0 if record is None else record.failures + (record.status in _FAILED)


def add(directory: Path, jobs: Iterable[QueuedJob], *, replace: bool = False) -> None:
    """Queues jobs of a sweep.

    Args:
        directory: the sweep's.
        jobs: which.
        replace: whether they take the place of all that were queued before.

    Raises:
        SweepError: the file cannot be written.
    """
    path = folder(directory) / "jobs.jsonl"
    lines = "".join(json.dumps([*one.job, one.failures]) + "\n" for one in jobs)
    try:
        if replace:
            write_file(path, lines)
        else:
            create_file(path, "a", lines)
    except OSError as error:
        raise SweepError(f"{path} cannot be written: {reason(error)}.") from error


class State(Enum):
    """What is to happen with a queued job."""

    READY = "ready"  # to be claimed
    BUSY = "busy"  # another process has it
    DONE = "done"


class Queue:
    """The queued jobs of a sweep, as one worker or one watcher sees them.

    Args:
        directory: the sweep's.
        retries: how many times to rerun a job that failed or crashed.

    >>> import tempfile
    >>> there = Path(tempfile.mkdtemp())
    >>> add(there, [QueuedJob(Job(number, [f"lr={number}"])) for number in (4, 7)])
    >>> queue = Queue(there)
    >>> [(one.job.number, attempt) for one, attempt in queue.ready()]
    [(4, 0), (7, 0)]
    """

    def __init__(self, directory: Path, retries: int = 0) -> None:
        self.records = JobStore(directory)
        self._retries = retries
        self._path = folder(directory) / "jobs.jsonl"
        self._read = 0  # bytes of the file
        self._lines: dict[int, int] = {}  # where a job's line is, by its number
        self._new: list[int] = []  # jobs that nobody is known to have started, last one first
        self._open: set[int] = set()  # others that are not done
        self.refresh()

    def refresh(self) -> None:
        """Reads the lines that have been added to the file."""
        try:
            if self._path.stat().st_size == self._read:
                return
            with self._path.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    number = int(line[1 : line.index(b",")])
                    self._lines[number] = self._read
                    self._read += len(line)
                    self._open.add(number)
        except (OSError, ValueError) as error:
            raise SweepError(f"{self._path} cannot be read: {error}.") from error
        self._new = sorted(self._open.union(self._new), reverse=True)
        self._open.clear()

    @property
    def numbers(self) -> Collection[int]:
        """The numbers of all queued jobs."""
        return self._lines.keys()

    @property
    def is_done(self) -> bool:
        """Whether no job is left, once `ready` has been looked through."""
        return not self._new and not self._open

    def __getitem__(self, number: int) -> QueuedJob:
        with self._path.open("rb") as file:
            file.seek(self._lines[number])
            *job, failed = json.loads(file.readline())
        return QueuedJob(Job(*job), failed)

    def ready(self) -> Iterator[tuple[QueuedJob, int]]:
        """The jobs that are to be claimed: new ones, those given back, and those to retry.

        Each comes with the number of its last attempt: it is to be claimed only if no other process
        makes a further one meanwhile.

        A folder is listed rather than each record read, as long as there are new jobs.
        """
        offered = set[int]()
        while self._new:
            parent = self.records.path(self._new[-1]).parent
            names: list[str] = []
            with suppress(FileNotFoundError):
                names = os.listdir(parent)
            known = {int(name.partition(".")[0]) for name in names if name[0].isdigit()}
            while self._new and self.records.path(self._new[-1]).parent == parent:
                number = self._new[-1]
                if number not in known:
                    offered.add(number)
                    yield self[number], 0
                self._new.pop()
                self._open.add(number)
        failed: list[tuple[QueuedJob, int]] = []
        for number in sorted(self._open - offered):
            state, record = self.look(number)
            if state is State.READY:
                job = self[number], record.attempt if record else 0
                if record is not None and record.status in _FAILED:
                    failed.append(job)
                else:
                    yield job
            elif state is State.DONE:
                self._open.discard(number)
        yield from failed

    def look(self, number: int) -> tuple[State, Record | None]:
        """What is to happen with a job, and its record."""
        try:
            record = self.records.read(number)
        except UnreadableError:
            record = None
        queued = self[number]
        if record is None:
            return State.READY, None
        if record.status is Status.RUNNING:
            is_busy = self.records.is_running(record)
            return (State.BUSY if is_busy else State.READY), record
        if record.status is Status.COMPLETED:
            is_done = record.attempt > queued.job.rerun_after
        else:
            is_failed = record.status in _FAILED
            is_done = is_failed and failures(record) - queued.failures > self._retries
        return (State.DONE if is_done else State.READY), record
