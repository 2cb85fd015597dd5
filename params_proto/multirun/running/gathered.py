"""What became of jobs that were launched: as they returned, or as their records tell it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from params_proto.errors import SweepError
from params_proto.multirun.jobs import Batch, Job
from params_proto.multirun.running.failures import Failures
from params_proto.multirun.running.recorded import JobRunner, Skipped, UnrecordedError
from params_proto.multirun.running.stopping import LOOK, is_mine, record_of
from params_proto.records import JobStore, Record, Status
from params_proto.records.record import now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

    from params_proto.multirun.progress.watching import Progress

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Gathered:
    """What became of the jobs so far.

    Args:
        task: what the launcher was given to run.
        records: of the jobs.
        failures: told of each job that fails.
        progress: told of each job; None where nobody wants to see it.
        elsewhere: jobs that run in processes of other launches.
        unrecorded: why the records of jobs, by number, do not say how these ended: a disk may be
            full.
    """

    task: JobRunner
    records: JobStore
    failures: Failures
    progress: Progress | None = None
    elsewhere: list[Job] = field(default_factory=list[Job])
    unrecorded: dict[int, str] = field(default_factory=dict[int, str])

    def take(self, batch: Batch, results: Sequence[JobReturn]) -> dict[int, JobReturn]:
        """Notes what a launcher returned.

        Args:
            batch: the jobs that were launched.
            results: as many.

        Returns:
            Those of the jobs that ran, by number.
        """
        returned: dict[int, JobReturn] = {}
        for one, result in zip(batch.all, results, strict=True):
            value: Any = result._return_value  # pyright: ignore[reportPrivateUsage]
            if isinstance(value, Skipped):
                self._not_run(one)
                continue
            returned[one.number] = result
            if isinstance(value, UnrecordedError):  # what is there tells of an earlier attempt
                self.unrecorded[one.number] = str(value)
                continue
            self._ended_or_unrecorded(one, self.record(one) or self._returned(one, batch, result))
        return returned

    def take_unstarted(
        self, error: Exception, launcher: Launcher, left: Batch
    ) -> tuple[Job, JobReturn] | None:
        """Notes that a job ended the launch before its task began.

        Args:
            error: what the launcher raised.
            launcher: the one that did.
            left: the jobs that have not begun.

        Returns:
            The job, and what it would have returned; None where it was not so.
        """
        from params_proto.multirun.running.unstarted import unstarted  # which few sweeps need

        ways = self.failures.directory, self.records.directory
        found = unstarted(error, launcher, left, ways)
        if found is not None:
            one, result = found
            self._ended_or_unrecorded(one, self._returned(one, left, result))
        return found

    def take_dead(
        self, jobs: Sequence[Job], attempts: Mapping[int, int]
    ) -> tuple[list[Job], list[Job]]:
        """Notes what became of jobs of which one ended its worker.

        Args:
            jobs: that were launched.
            attempts: how many each had before.

        Returns:
            Those whose process is gone, and those that have not begun; the others have ended.
        """
        died: list[Job] = []
        left: list[Job] = []
        for one in jobs:
            record = self.record(one)
            if record is None or record.attempt == attempts[one.number]:
                left.append(one)
                continue
            if is_mine(record):  # it lives
                self._ended_or_unrecorded(one, record)
                continue
            while self.records.is_running(record):  # a cluster's, which goes on
                time.sleep(LOOK)
                record = self.record(one) or record
            if record.status is Status.RUNNING:
                died.append(one)
            else:
                self._ended(record)
        return died, left

    def take_records(self, jobs: Sequence[Job], attempts: Mapping[int, int], results: int) -> None:
        """Notes what the records tell, where a launcher has not returned one result for each job.

        Args:
            jobs: that were launched.
            attempts: how many each had before.
            results: how many the launcher returned.
        """
        died, left = self.take_dead(jobs, attempts)
        for one in died:
            self.crashed(one)
        for one in left:
            self.unrecorded[one.number] = f"the launcher returned {results} of {len(jobs)} results."

    def wait(self) -> list[Job]:
        """Waits for the jobs that run in processes of other launches.

        Returns:
            Those whose processes died.
        """
        dead: list[Job] = []
        for one in self.elsewhere:
            record = self.record(one)
            if record is not None and self.records.is_running(record):
                log.info(
                    f"Waiting for job {one.number}, which process {record.pid} on {record.host}"
                    " runs."
                )
            while record is not None and self.records.is_running(record):
                time.sleep(LOOK)
                record = self.record(one)
            if record is None or record.status is Status.RUNNING:
                if record is not None:  # should no further job start, it says so
                    self.records.finish(record._replace(status=Status.CRASHED, ended=now()))
                dead.append(one)
            else:
                self._ended(record)
        self.elsewhere.clear()
        return dead

    def crashed(self, one: Job) -> None:
        """Notes that a job ended its worker."""
        closed = self.close(one, Status.CRASHED)
        self.failures.add(closed)
        self._ended(closed)

    def close(self, one: Job, status: Status) -> Record:
        """Says in the record of a job how it ended, as its process is gone.

        Args:
            one: the job.
            status: crashed or interrupted.

        Returns:
            The closed record.
        """
        record = self.record(one)
        assert record is not None
        self.records.finish(record._replace(status=status, ended=now()))
        closed = self.record(one)
        assert closed is not None
        return closed

    def changed_here(self, record: Record) -> None:
        """Notes that a job of this process has begun or ended."""
        if record.status is Status.FAILED:
            self.failures.add(record)
        if self.progress is not None:
            self.progress.changed_here(record)

    def attempts(self, jobs: Iterable[Job]) -> dict[int, int]:
        """How many attempts jobs have had, by number."""
        known = ((one.number, self.record(one)) for one in jobs)
        return {number: 0 if record is None else record.attempt for number, record in known}

    def begun_again(self, jobs: Iterable[Job]) -> int:
        """How many completed jobs of those that were to run once more have begun to."""
        again = [one for one in jobs if one.rerun_after]
        attempts = self.attempts(again)
        return sum(attempts[one.number] > one.rerun_after for one in again)

    def record(self, one: Job) -> Record | None:
        """The record of a job, if it has one that can be read."""
        return record_of(self.records, one.number)

    def _ended(self, record: Record) -> None:
        """Notes what became of a job, which may be known already."""
        if record.status is Status.FAILED:
            self.failures.add(record)
        if self.progress is not None:
            self.progress.changed(record)

    def _ended_or_unrecorded(self, one: Job, record: Record | None) -> None:
        if record is None or record.status is Status.RUNNING:
            self.unrecorded[one.number] = "it cannot be written."
            return
        self.unrecorded.pop(one.number, None)
        self._ended(record)

    def _returned(self, one: Job, batch: Batch, result: JobReturn) -> Record | None:
        """Writes the record of a job that has left none, if that can be."""
        directory = batch.directories.get(one.number, str(one.number))
        with suppress(SweepError):
            return self.task.returned(one, directory, result)
        return None

    def _not_run(self, one: Job) -> None:
        record = self.record(one)
        if record is not None and record.status is Status.RUNNING:
            self.elsewhere.append(one)
