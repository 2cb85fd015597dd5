"""Batches through a launcher, again where a job failed or a worker died."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from params_proto.multirun.directories import in_directory
from params_proto.multirun.jobs import Batch, Job, first_number
from params_proto.multirun.plan import Overrides
from params_proto.multirun.running.failures import Failures
from params_proto.multirun.running.gathered import Gathered
from params_proto.multirun.running.half_sent import results_come_or_end
from params_proto.multirun.running.logs import set_aside
from params_proto.multirun.running.recorded import Launch
from params_proto.multirun.running.stopping import Cut, close
from params_proto.records import Status

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_IDLE = 3  # workers in a row that may die without a job, or jobs that cannot begin


@dataclass(eq=False)
class Launching:
    """Runs batches.

    Args:
        launcher: runs the jobs.
        gathered: told what becomes of them.
        compose: composes the config of a job.
        retries: how often a job that failed is launched again.
        timeout: seconds that a job may take.
        apart: whether each job has a process of its own, which it may end, and the launcher a queue
            of them.
        named: whether the jobs are told their directories, by which they know their numbers, also
            where these have no gaps.
    """

    launcher: Launcher
    gathered: Gathered
    compose: Callable[[Overrides], DictConfig]
    retries: int = 0
    timeout: float | None = None
    apart: bool = False
    named: bool = False
    # How many attempts the jobs of the batch had before it, those that have been launched.
    _before: dict[int, int] = field(default_factory=dict[int, int])

    def run(self, batch: Batch) -> dict[int, JobReturn]:
        """Launches the jobs of a batch, those that fail again as often as is asked for.

        Returns:
            The returns of the jobs that ran, the last of each, by number and in their order.

        Raises:
            Exception: what the launcher raises for another reason than a dead worker.
        """
        returned: dict[int, JobReturn] = {}
        self._before = {}
        self._launch_all(batch, returned)
        for number in range(1, self.retries + 1):
            failed = [one for one in batch.all if self._failures.of(one.number)]
            if not failed or self._failures.too_many:
                break
            log.info(f"Launching {len(failed)} jobs again, {number} of {self.retries} retries")
            # Beside others it would be found once more which of them ends its worker.
            alone = [] if self.apart else [one for one in failed if self._has_crashed(one)]
            for jobs in ([one for one in failed if one not in alone], *[[one] for one in alone]):
                if not self._failures.too_many:
                    self._failures.forget([one.number for one in jobs])
                    self._launch_all(Batch(jobs, batch.directories), returned)
        return {one.number: returned[one.number] for one in batch.all if one.number in returned}

    def cut(self, jobs: Iterable[Job]) -> Cut:
        """Closes the records of jobs that were interrupted.

        Args:
            jobs: those of the batch that was running.
        """
        return close(self.gathered.records, jobs, self._before, self.gathered.elsewhere)

    def _launch_all(self, batch: Batch, returned: dict[int, JobReturn]) -> None:
        """Launches the jobs, and after a worker's death those that did not run."""
        rest: Sequence[Job] = batch.all
        suspects: list[Job] = []
        idle = 0
        while rest and not self._failures.too_many:
            attempts = self.gathered.attempts(rest)
            self._before = attempts | self._before
            self._keep_logs(rest, attempts)
            if self.gathered.progress is not None:
                self.gathered.progress.launched(attempts)
            try:
                results = self._launch(Batch(rest, batch.directories))
            except Exception as error:
                from concurrent.futures import BrokenExecutor  # which few sweeps need

                died, left = self.gathered.take_dead(rest, attempts)
                unstarted = self.gathered.take_unstarted(
                    error, self.launcher, Batch(left, batch.directories)
                )
                if unstarted is not None:
                    one, returned[one.number] = unstarted
                    idle = idle + 1 if len(left) == len(rest) else 1
                    if idle > _IDLE:  # no job can
                        raise
                    again = {other.number for other in (*died, *left)} - {one.number}
                    rest = [other for other in rest if other.number in again]
                    continue
                # A worker may die between two jobs, or before its first one.
                idle = idle + 1 if len(left) == len(rest) else 0
                if not died and (not isinstance(error, BrokenExecutor) or idle > _IDLE):
                    for one in suspects:
                        self.gathered.close(one, Status.INTERRUPTED)
                    raise
                log.warning(f"A worker died: {type(error).__name__}. The other jobs go on.")
                # Beside others, it may be a worker that died behind its job, as it sent the result.
                if self.apart or len(rest) == len(died) == 1:
                    for one in died:
                        self.gathered.crashed(one)
                else:
                    suspects += died
                rest = left
                if self._failures.may_be_too_many(len(suspects)):
                    self._launch_alone(Batch(suspects, batch.directories), returned)
                    suspects = []
            else:
                if len(results) == len(rest):
                    returned.update(self.gathered.take(Batch(rest, batch.directories), results))
                else:
                    self.gathered.take_records(rest, attempts, len(results))
                break
        self._launch_alone(Batch(suspects, batch.directories), returned)

    def _keep_logs(self, jobs: Iterable[Job], attempts: Mapping[int, int]) -> None:
        """Sets the logs of earlier attempts aside that would be written over."""
        for one in jobs:
            record = self.gathered.record(one) if attempts[one.number] else None
            if record is not None:
                directory = self.gathered.records.directory / record.dir
                set_aside(self.compose(one.overrides), one.number, directory, record.attempt)

    def _launch_alone(self, suspects: Batch, returned: dict[int, JobReturn]) -> None:
        """Launches jobs one at a time.

        Their pool is stopped as a whole: alone, only the one that dies takes its worker with it.
        """
        for one in suspects.all:
            if self._failures.too_many:
                self.gathered.close(one, Status.INTERRUPTED)
            else:
                self._launch_all(Batch([one], suspects.directories), returned)

    def _launch(self, batch: Batch) -> Sequence[JobReturn]:
        jobs, first = batch.jobs, first_number(batch.numbers)
        named = self.named or type(first) is not int
        if named:
            jobs = [
                [*one.overrides, in_directory(batch.directories[one.number])]
                if one.number in batch.directories
                else one.overrides
                for one in batch.all
            ]
        self.gathered.task.launch = Launch(
            numbers={path: number for number, path in batch.directories.items()} if named else None,
            again=batch.again,
            limit=self._failures.limit,
            timeout=self.timeout,
        )
        with results_come_or_end(self.launcher):
            return self.launcher.launch(jobs, initial_job_idx=first) or ()

    def _has_crashed(self, one: Job) -> bool:
        record = self._failures.of(one.number)
        return record is not None and record.status is Status.CRASHED

    @property
    def _failures(self) -> Failures:
        return self.gathered.failures
