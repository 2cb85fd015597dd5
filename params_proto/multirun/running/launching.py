"""Batches through a launcher: what comes back, what failed, and what a dead worker leaves."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from params_proto.errors import SweepError
from params_proto.multirun.jobs.directories import in_directory
from params_proto.multirun.jobs.numbered import Batch, Numbered
from params_proto.multirun.jobs.numbering import first_number
from params_proto.multirun.running.failures import Failures
from params_proto.multirun.running.half_sent import results_come_or_end
from params_proto.multirun.running.recorded import Launch, NotRun, Recorded, UnrecordedError
from params_proto.multirun.running.stopping import LOOK, Cut, close, is_mine, record_of
from params_proto.records import Record, Records, Status
from params_proto.records.record import now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

    from params_proto.multirun.progress.watching import Progress

log = logging.getLogger(__name__)

_IDLE = 3  # workers in a row that may die without a job, or jobs that cannot begin


@dataclass(eq=False)
class Launching:
    """Runs batches.

    Args:
        launcher: runs the jobs.
        task: what it was given to run.
        records: of the jobs.
        failures: told of each job that fails.
        progress: told of each job; None where nobody wants to see it.
        retries: how often a job that failed is launched again.
        timeout: seconds that a job may take.
        named: whether the jobs are told their directories, as their numbers are not those that any
            launcher would give them.
    """

    launcher: Launcher
    task: Recorded
    records: Records
    failures: Failures
    progress: Progress | None = None
    retries: int = 0
    timeout: float | None = None
    named: bool = False
    elsewhere: list[Numbered] = field(default_factory=list[Numbered])
    # Why the records of jobs, by number, do not say how these ended: a disk may be full.
    unrecorded: dict[int, str] = field(default_factory=dict[int, str])
    # How many attempts the jobs of the batch had before it, those that have been launched.
    _before: dict[int, int] = field(default_factory=dict[int, int])

    def run(self, batch: Batch) -> dict[int, JobReturn]:
        """Launches the jobs of a batch, those that fail again as often as is asked for.

        Returns:
            The returns of the jobs that ran, the last of each, by number.

        Raises:
            Exception: what the launcher raises for another reason than a dead worker.
        """
        returned: dict[int, JobReturn] = {}
        self._before = {}
        self._launch_all(batch, returned)
        for number in range(1, self.retries + 1):
            failed = [one for one in batch.all if self.failures.of(one.number)]
            if not failed or self.failures.too_many:
                break
            log.info(f"Launching {len(failed)} jobs again, {number} of {self.retries} retries")
            self.failures.forget([one.number for one in failed])
            self._launch_all(Batch(failed, batch.directories), returned)
        return returned

    def wait(self) -> list[Numbered]:
        """Waits for the jobs that run in processes of other launches.

        Returns:
            Those whose processes died.
        """
        dead: list[Numbered] = []
        for one in self.elsewhere:
            record = self._record(one.number)
            if record is not None and self.records.runs(record):
                log.info(
                    f"Waiting for job {one.number}, which process {record.pid} on {record.host}"
                    " runs."
                )
            while record is not None and self.records.runs(record):
                time.sleep(LOOK)
                record = self._record(one.number)
            if record is None or record.status is Status.RUNNING:
                if record is not None:  # should no further job start, it says so
                    self.records.close(record, Status.CRASHED, now())
                dead.append(one)
            else:
                self._ended(record)
        self.elsewhere.clear()
        return dead

    def cut(self, jobs: Iterable[Numbered]) -> Cut:
        """Closes the records of jobs that were interrupted.

        Args:
            jobs: those of the batch that was running.
        """
        return close(self.records, jobs, self._before, self.elsewhere)

    def begun_again(self, jobs: Iterable[Numbered]) -> int:
        """How many completed jobs of those that were to run once more have begun to."""
        return sum(
            (record := self._record(one.number)) is not None and record.attempt > one.again
            for one in jobs
            if one.again
        )

    def _launch_all(self, batch: Batch, returned: dict[int, JobReturn]) -> None:
        """Launches the jobs, and after a worker's death those that did not run."""
        rest: Sequence[Numbered] = batch.all
        suspects: list[Numbered] = []
        idle = 0
        while rest and not self.failures.too_many:
            attempts = {one.number: self._attempt(one.number) for one in rest}
            self._before = attempts | self._before
            if self.progress is not None:
                self.progress.launched(attempts)
            try:
                results = self._launch(Batch(rest, batch.directories))
            except Exception as error:
                from concurrent.futures import BrokenExecutor  # which few sweeps need

                place = self._unstarted(error, Batch(rest, batch.directories), returned)
                if place is not None:
                    idle = 1 if place else idle + 1
                    if idle > _IDLE:  # no job can
                        raise
                    rest = rest[place + 1 :]
                    continue
                died, left = self._after_a_death(rest, attempts)
                # A worker may die between two jobs, or before its first one.
                idle = idle + 1 if len(left) == len(rest) else 0
                if not died and (not isinstance(error, BrokenExecutor) or idle > _IDLE):
                    for one in suspects:
                        self._close(one, Status.INTERRUPTED)
                    raise
                log.warning(f"A worker died: {type(error).__name__}. The other jobs go on.")
                # Beside others, it may be a worker that died behind its job, as it sent the result.
                if len(rest) == len(died) == 1:
                    self._crashed(died[0])
                else:
                    suspects += died
                rest = left
                if self.failures.may_be_too_many(len(suspects)):
                    self._launch_alone(Batch(suspects, batch.directories), returned)
                    suspects = []
            else:
                self._take(Batch(rest, batch.directories), results, returned)
                break
        self._launch_alone(Batch(suspects, batch.directories), returned)

    def _launch_alone(self, suspects: Batch, returned: dict[int, JobReturn]) -> None:
        """Launches jobs one at a time.

        Their pool is stopped as a whole: alone, only the one that dies takes its worker with it.
        """
        for one in suspects.all:
            if self.failures.too_many:
                self._close(one, Status.INTERRUPTED)
            else:
                self._launch_all(Batch([one], suspects.directories), returned)

    def _launch(self, batch: Batch) -> Sequence[JobReturn]:
        jobs, numbers = batch.jobs, batch.numbers
        named = self.named or not isinstance(numbers, range)
        if named:
            jobs = [
                [*one.job, in_directory(batch.directories[one.number])]
                if one.number in batch.directories
                else one.job
                for one in batch.all
            ]
        self.task.launch = Launch(
            numbers={path: number for number, path in batch.directories.items()} if named else None,
            occurrences=batch.occurrences,
            again=batch.again,
            limit=self.failures.limit,
            timeout=self.timeout,
        )
        with results_come_or_end(self.launcher):
            return self.launcher.launch(jobs, initial_job_idx=first_number(numbers))

    def _take(
        self,
        batch: Batch,
        results: Sequence[JobReturn],
        returned: dict[int, JobReturn],
    ) -> None:
        """Notes what a launcher returned."""
        for one, result in zip(batch.all, results, strict=True):
            value: Any = result._return_value  # pyright: ignore[reportPrivateUsage]
            if isinstance(value, NotRun):
                self._not_run(one)
                continue
            returned[one.number] = result
            if isinstance(value, UnrecordedError):  # what is there tells of an earlier attempt
                self.unrecorded[one.number] = str(value)
                continue
            record = self._record(one.number) or self._returned(one, batch, result)
            self._ended_or_unrecorded(one, record)

    def _ended_or_unrecorded(self, one: Numbered, record: Record | None) -> None:
        if record is None or record.status is Status.RUNNING:
            self.unrecorded[one.number] = "it cannot be written."
            return
        self.unrecorded.pop(one.number, None)
        self._ended(record)

    def _returned(self, one: Numbered, batch: Batch, result: JobReturn) -> Record | None:
        """Writes the record of a job that has left none, if that can be."""
        directory = batch.directories.get(one.number, str(one.number))
        with suppress(SweepError):
            return self.task.returned(one, directory, result)
        return None

    def _not_run(self, one: Numbered) -> None:
        record = self._record(one.number)
        if record is not None and record.status is Status.RUNNING:
            self.elsewhere.append(one)

    def _unstarted(
        self, error: Exception, batch: Batch, returned: dict[int, JobReturn]
    ) -> int | None:
        """Notes what became of jobs of which one ended the launch before its task began.

        Returns:
            Its place among them, behind those that have run; None where it was not so.
        """
        from params_proto.multirun.running.unstarted import unstarted  # which few sweeps need

        found = unstarted(error, self.launcher)
        if found is None:
            return None
        number, result = found
        place = batch.numbers.index(number)
        for one in batch.all[:place]:
            self._ended_or_unrecorded(one, self._record(one.number))
        one = batch.all[place]
        returned[number] = result
        self._ended_or_unrecorded(one, self._returned(one, batch, result))
        return place

    def _after_a_death(
        self, jobs: Sequence[Numbered], attempts: Mapping[int, int]
    ) -> tuple[list[Numbered], list[Numbered]]:
        """The jobs whose process is gone, and those that have not begun; the others have ended.

        Args:
            jobs: that were launched.
            attempts: how many each had before.
        """
        died: list[Numbered] = []
        left: list[Numbered] = []
        for one in jobs:
            record = self._record(one.number)
            if record is None or record.attempt == attempts[one.number]:
                left.append(one)
                continue
            if is_mine(record):
                continue  # it lives, and has told what it could
            while self.records.runs(record):  # a cluster's, which goes on
                time.sleep(LOOK)
                record = self._record(record.job) or record
            if record.status is Status.RUNNING:
                died.append(one)
            else:
                self._ended(record)
        return died, left

    def changed_here(self, record: Record) -> None:
        """Notes that a job of this process has begun or ended."""
        if record.status is Status.FAILED:
            self.failures.add(record)
        if self.progress is not None:
            self.progress.changed_here(record)

    def _ended(self, record: Record) -> None:
        """Notes what became of a job, which may be known already."""
        if record.status is Status.FAILED:
            self.failures.add(record)
        if self.progress is not None:
            self.progress.changed(record)

    def _crashed(self, one: Numbered) -> None:
        self._close(one, Status.CRASHED)
        closed = self._record(one.number)
        assert closed is not None
        self.failures.add(closed)
        self._ended(closed)

    def _close(self, one: Numbered, status: Status) -> None:
        record = self._record(one.number)
        assert record is not None
        self.records.close(record, status, now())

    def _attempt(self, number: int) -> int:
        record = self._record(number)
        return 0 if record is None else record.attempt

    def _record(self, number: int) -> Record | None:
        return record_of(self.records, number)
