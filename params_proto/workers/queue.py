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
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.multirun.plan import Job
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import UnreadableError, create_file, write_file
from params_proto.workers.setup import folder

_FAILED = (Status.FAILED, Status.CRASHED)
_LOOK_BACK = 2.0  # seconds between two looks at the jobs that others have started


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
        (path.parent / "ended").unlink(missing_ok=True)
        if replace:
            write_file(path, lines)
        else:
            create_file(path, "a", f"\n{lines}")  # the last line may be cut, by a full disk
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
        self._look_back = 0.0  # when to look at these again
        self.longest = 0.0  # seconds that the longest of the jobs that are known to be done took
        self.refresh()

    def refresh(self) -> None:
        """Reads the lines that have been added to the file."""
        try:
            if self._path.stat().st_size == self._read:
                return
            with self._path.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    if not line.endswith(b"\n"):  # it is being written
                        break
                    if not line.endswith(b"]\n"):  # a full disk has cut it, or it is empty
                        self._read += len(line)
                        continue
                    number = int(line[1 : line.index(b",")])
                    self._lines[number] = self._read
                    self._read += len(line)
                    self._open.add(number)
        except (OSError, ValueError) as error:
            raise SweepError(f"{self._path} cannot be read: {error}.") from error
        self._new = sorted(self._open.union(self._new), reverse=True)
        self._open.clear()
        self._look_back = 0.0

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
        """The jobs that are to be claimed: the lowest pending number first, then those to retry.

        Each comes with the number of its last attempt: it is to be claimed only if no other process
        makes a further one meanwhile. Jobs that have been started before are looked at once in a
        while, and when there are no others: a folder is listed rather than each record read.
        """
        pending, failed = list[int](), list[int]()
        if not self._new or time.monotonic() >= self._look_back:
            self._look_back = time.monotonic() + _LOOK_BACK
            self._note_started()
            pending, failed = self._started_and_ready()
        while self._new:
            parent = self.records.path(self._new[-1]).parent
            started = self._jobs_started_in(parent)
            while self._new and self.records.path(self._new[-1]).parent == parent:
                number = self._new[-1]
                while pending and pending[0] < number:
                    yield from self._if_ready(pending.pop(0))
                if number not in started:
                    yield self[number], 0
                self._new.pop()
                self._open.add(number)
        for number in (*pending, *failed):
            yield from self._if_ready(number)

    def _if_ready(self, number: int) -> Iterator[tuple[QueuedJob, int]]:
        """A job that was started before, if it is still to run."""
        state, record = self.look(number)
        if state is State.READY:
            yield self[number], record.attempt if record else 0

    def _jobs_started_in(self, folder: Path) -> set[int]:
        """The jobs with a record, or a claim, in a folder."""
        names: list[str] = []
        with suppress(FileNotFoundError):
            names = os.listdir(folder)
        return {int(name.partition(".")[0]) for name in names if name[0].isdigit()}

    def started(self, numbers: Collection[int]) -> list[int]:
        """Those of some jobs that have been started, by listing folders rather than by records."""
        folders = {self.records.path(number).parent for number in numbers}
        return sorted(set[int]().union(*map(self._jobs_started_in, folders)).intersection(numbers))

    def _note_started(self) -> None:
        """Finds out which jobs have been started, up to a folder in which none has."""
        new: list[int] = []
        parent, started = None, set[int]()
        while self._new:
            number = self._new[-1]
            if self.records.path(number).parent != parent:
                parent = self.records.path(number).parent
                started = self._jobs_started_in(parent)
                if not started:
                    break
            self._new.pop()
            if number in started:
                self._open.add(number)
            else:
                new.append(number)
        self._new += reversed(new)

    def _started_and_ready(self) -> tuple[list[int], list[int]]:
        """Of the jobs that have been started, those that are pending, and those for later."""
        pending: list[int] = []
        failed: list[int] = []
        for number in sorted(self._open):
            state, record = self.look(number)
            if state is State.READY:
                # A job whose worker died with it may end the next one, too.
                is_last = record is not None and record.status in (*_FAILED, Status.RUNNING)
                (failed if is_last else pending).append(number)
            elif state is State.DONE:
                self._open.discard(number)
        return pending, failed

    def look(self, number: int) -> tuple[State, Record | None]:
        """What is to happen with a job, and its record."""
        try:
            record = self.records.read(number)
        except UnreadableError:
            record = None
        if record is None:
            return State.READY, None
        queued = self[number]
        if record.status is Status.RUNNING:
            is_busy = self.records.is_running(record)
            return (State.BUSY if is_busy else State.READY), record
        if record.status is Status.COMPLETED:
            self.longest = max(self.longest, record.duration or 0.0)
            is_done = record.attempt > queued.job.rerun_after
        else:
            is_failed = record.status in _FAILED
            is_done = is_failed and failures(record) - queued.failures > self._retries
        return (State.DONE if is_done else State.READY), record
