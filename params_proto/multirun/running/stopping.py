"""A batch that is interrupted: its workers end, its records are closed, what runs on is told."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from params_proto._text import counted
from params_proto.errors import SweepError
from params_proto.multirun.jobs import Job
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import UnreadableError
from params_proto.records.process import this_process
from params_proto.records.record import now

log = logging.getLogger(__name__)

LOOK = 0.2  # seconds between two looks at jobs of other processes
_GRACE = 10.0  # seconds that interrupted workers have to end
_SHOWN = 5  # jobs that run on


@dataclass(eq=False)
class Cut:
    """What became of the jobs of a batch that was interrupted.

    Args:
        completed: how many were, by an attempt of this batch.
        interrupted: how many were cut short.
        not_begun: how many have not begun.
        running: the records of those that run on, in processes that live.
    """

    completed: int = 0
    interrupted: int = 0
    not_begun: int = 0
    running: list[Record] = field(default_factory=list[Record])

    def told_running(self) -> str:
        """Which jobs run on, and where."""
        number = len(self.running)
        where = [f"job {one.job}, process {one.pid} on {one.host}" for one in self.running[:_SHOWN]]
        more = [f"{number - _SHOWN} more"] if number > _SHOWN else []
        return (
            f"{counted(number)} still {'runs' if number == 1 else 'run'}"
            f" ({'; '.join([*where, *more])}): the launcher or another process started"
            f" {'it' if number == 1 else 'them'}, and a resume waits for the end. To end"
            f" {'it' if number == 1 else 'them'} now, use kill, or the cluster's scancel."
        )


def kill(records: JobStore, jobs: Iterable[Job]) -> None:
    """Ends the processes of this machine that run jobs, this one aside.

    Args:
        records: of the sweep.
        jobs: those of the batch that is running.
    """
    for one in jobs:
        record = record_of(records, one.number)
        if record is None or is_mine(record):
            continue
        if record.host == this_process().host and records.is_running(record):
            with suppress(OSError):  # it is gone since
                os.kill(record.pid, signal.SIGKILL)


def close(
    records: JobStore,
    jobs: Iterable[Job],
    before: Mapping[int, int],
    elsewhere: Iterable[Job],
) -> Cut:
    """Says of jobs that were interrupted that they were, once their processes have gone.

    Args:
        records: of the sweep.
        jobs: those of the batch that was running.
        before: how many attempts they had before it, those that were launched.
        elsewhere: jobs that other launches run.
    """
    cut = Cut()
    deadline = time.monotonic() + _GRACE
    for one in jobs:
        record = record_of(records, one.number)
        if record is None or record.attempt == before.get(one.number, record.attempt):
            cut.not_begun += 1
            continue
        while not is_mine(record) and records.is_running(record) and time.monotonic() < deadline:
            time.sleep(LOOK)
            record = record_of(records, one.number) or record
        if not is_mine(record) and records.is_running(record):
            cut.running.append(record)
        elif record.status is Status.RUNNING:
            try:
                records.finish(record._replace(status=Status.INTERRUPTED, ended=now()))
            except SweepError as unwritten:
                log.error(str(unwritten))
            cut.interrupted += 1
        cut.interrupted += record.status is Status.INTERRUPTED
        cut.completed += record.status is Status.COMPLETED
    known = {record.job for record in cut.running}
    for one in elsewhere:
        record = record_of(records, one.number)
        if record is not None and record.job not in known and records.is_running(record):
            cut.running.append(record)
    return cut


def is_mine(record: Record) -> bool:
    """Whether this process has made an attempt."""
    me = this_process()
    return (record.host, record.pid) == (me.host, me.pid)


def record_of(records: JobStore, job: int) -> Record | None:
    """The record of a job; None also where it cannot be read."""
    with suppress(UnreadableError, SweepError):
        return records.read(job)
    return None
