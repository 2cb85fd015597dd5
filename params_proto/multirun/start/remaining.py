"""What is left to run of a sweep, by the records of its jobs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from params_proto.errors import SweepError
from params_proto.multirun.jobs.directories import Directories
from params_proto.multirun.jobs.numbered import Job
from params_proto.multirun.start.best import Best
from params_proto.records import Record, Records, Status
from params_proto.records.record import UnreadableError, now

log = logging.getLogger(__name__)

_AGAIN = (Status.FAILED, Status.CRASHED, Status.INTERRUPTED)
EVERY = frozenset([*_AGAIN, Status.COMPLETED])


@dataclass(eq=False)
class Seen:
    """A job, and what has become of it.

    Args:
        one: the job.
        record: None where it has not run.
        runs: whether it is running.
        to_run: whether it is to run now.
    """

    one: Job
    record: Record | None = None
    runs: bool = False
    to_run: bool = True

    @property
    def status(self) -> str:
        """In one word."""
        if self.record is None:
            return "pending"
        dead = self.record.status is Status.RUNNING and not self.runs
        return (Status.CRASHED if dead else self.record.status).value


def seen(
    jobs: Iterable[Job],
    records: Records,
    directories: Directories,
    again: frozenset[Status] = frozenset(_AGAIN),
) -> Iterator[Seen]:
    """Looks up the jobs of a sweep.

    Args:
        jobs: with their numbers.
        records: of the sweep.
        directories: of the jobs; told of those that were in use before.
        again: jobs of which status run once more.

    Raises:
        SweepError: a record cannot be read.
    """
    for one in jobs:
        try:
            record = records.read(one.number)
        except UnreadableError as error:
            path = records.path(one.number)
            log.warning(f"{path} is no record ({error}): job {one.number} runs.")
            record = None
        if record is None:
            yield Seen(one)
            continue
        directories.take(one.number, record.dir)
        runs = records.runs(record)
        done = record.status is Status.COMPLETED
        # A job before it may have changed the working directory, below which the sweep's was.
        directory = None if os.path.isabs(record.dir) else record.dir
        one = one._replace(directory=directory, rerun_after=record.attempt if done else 0)
        status = Status.CRASHED if record.status is Status.RUNNING else record.status
        yield Seen(one, record, runs, not runs and status in again)


@dataclass
class Remaining:
    """Leaves out the jobs that need not run.

    Args:
        records: of the sweep.
        best: told of those that are left out: their records are not looked at again.
        left_out: how many were.
        unfinished: how many of these have ended otherwise than completed.
        again: how many were completed, and are to run once more.
        all_seen: whether that is so of the whole sweep.
        elsewhere: those that are running.
    """

    records: Records
    best: Best
    left_out: int = 0
    unfinished: int = 0
    again: int = 0
    all_seen: bool = False
    elsewhere: list[Job] = field(default_factory=list[Job])

    def of(self, jobs: Iterable[Seen]) -> Iterator[Job]:
        """The jobs that are to run.

        Args:
            jobs: of the sweep.
        """
        for job in jobs:
            if job.runs:
                self.elsewhere.append(job.one)
                continue
            if job.record is not None and job.record.status is Status.RUNNING:
                self.records.close(job.record, Status.CRASHED, now())
            if job.to_run:
                self.again += job.one.rerun_after > 0
                yield job.one
            else:
                self.left_out += 1
                self.unfinished += job.status != Status.COMPLETED.value
                if job.record is not None:
                    self.best.take(job.record)
        self.all_seen = True


def statuses(rerun: Any) -> frozenset[Status]:
    """What `hydra.sweeper.rerun` says: jobs of which status run again.

    Args:
        rerun: None, `all`, a status or a list of them.

    Raises:
        SweepError: it is none of these.

    >>> sorted([status.value for status in statuses(None)]), statuses("failed") == {Status.FAILED}
    (['crashed', 'failed', 'interrupted'], True)
    """
    if rerun is None:
        return frozenset(_AGAIN)
    if rerun == "all":
        return EVERY
    valid = [status.value for status in (*_AGAIN, Status.COMPLETED)]
    names = [rerun] if isinstance(rerun, str) else rerun
    is_list = isinstance(names, Iterable) and not isinstance(names, Mapping)
    if not is_list or not all(name in valid for name in cast("Any", names)):
        raise SweepError(
            f"hydra.sweeper.rerun={rerun}: it is `all`, or a list of {', '.join(valid)}, like"
            " [failed]. Jobs that have not run do so in any case."
        )
    return frozenset([Status(name) for name in cast("Iterable[str]", names)])


def still(rerun: Any) -> str | list[str]:
    """What `hydra.sweeper.rerun` is to say for a sweep that was cut short.

    Args:
        rerun: what it said then, which may leave out the jobs that were interrupted.

    >>> still("all"), still(["completed"])
    ('all', ['completed', 'interrupted'])
    """
    again = statuses(rerun) | {Status.INTERRUPTED}
    return "all" if again == EVERY else sorted(status.value for status in again)
