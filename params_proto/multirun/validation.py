"""Composing each job's config before it runs: no job runs if one of the first 10,000 cannot."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydra.errors import ConfigCompositionException
from omegaconf import open_dict

from params_proto.errors import SweepError
from params_proto.keys import keys_of
from params_proto.multirun.directories import Directories
from params_proto.multirun.host import Host, sweep_of
from params_proto.multirun.misplaced import refuse_misplaced_steps
from params_proto.multirun.mistakes import Mistakes
from params_proto.multirun.plan import Batch, Job

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

# Jobs that are checked before any of them runs; those after them are checked with their batch.
AHEAD = 10_000


@dataclass(frozen=True)
class Validation:
    """What each job must pass.

    Args:
        host: the app.
        directories: those of the jobs so far.
    """

    host: Host
    directories: Directories

    def passed(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches, each when all of its jobs have been checked.

        Raises:
            SweepError: jobs that cannot run as they were asked for.
            HydraException: a config that cannot be composed.
        """
        rest = iter(batches)
        first: list[tuple[Batch, float]] = []
        mistakes, jobs = Mistakes(), 0
        while jobs < AHEAD and (batch := next(rest, None)):
            first.append((batch, self._check(batch, mistakes)))
            jobs += len(batch.jobs)
        mistakes.tell()
        for batch, seconds in first:
            _log(batch, seconds)
            yield batch
        for batch in rest:
            seconds = self._check(batch, mistakes)
            mistakes.tell()
            _log(batch, seconds)
            yield batch

    def _check(self, batch: Batch, mistakes: Mistakes) -> float:
        start = time.perf_counter()
        for number, job in zip(batch.numbers, batch.jobs, strict=True):
            self._check_one(number, job, mistakes)
        return time.perf_counter() - start

    def _check_one(self, number: int, job: Job, mistakes: Mistakes) -> None:
        config = self._composed(job)
        keys = keys_of(job)
        refuse_misplaced_steps(config, filter(self.host.is_group, keys), self.host.loader)
        if self.host.task is not None:
            mistakes.add(job, self.host.task.check(config, keys))
        with open_dict(config):  # as launchers do, and its directory may tell
            config.hydra.job.num = number
            config.hydra.job.id = str(number)
        self.directories.add(number, job, config)

    def _composed(self, job: Job) -> DictConfig:
        try:
            config, refused = self.host.compose(job), None
        except ConfigCompositionException as error:  # also, from Hydra 1.4 on, of another sweep
            config, refused = self.host.compose_whichever_sweep(job), error
        if sweep_of(config) != self.host.sweep:
            raise SweepError(
                f"the job {' '.join(job)} would have another hydra.sweeper.sweep than the"
                " multirun: a key that selects a sweep (+sweep=a,b) cannot be swept. Put the"
                " sweeps one after the other in one file,"
                " concat: [{product: {...}}, {product: {...}}]."
            )
        if refused is not None:
            raise refused
        return config


def _log(batch: Batch, seconds: float) -> None:
    """The line that Hydra's basic sweeper logs before it launches a batch."""
    jobs = len(batch.jobs)
    log.debug(
        f"Validated configs of {jobs} jobs in {seconds:0.2f} seconds,"
        f" {jobs / seconds:.2f} / second)"
    )
