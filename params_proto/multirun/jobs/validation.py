"""Composing each job's config before it runs: no job runs if one cannot, of up to 10,000."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hydra.errors import ConfigCompositionException, HydraException
from omegaconf import open_dict

from params_proto.errors import SweepError
from params_proto.keys import bare, keys_of
from params_proto.multirun.asked.misplaced import refuse_misplaced_steps
from params_proto.multirun.asked.plan import Overrides
from params_proto.multirun.asked.unknown import meant, misfit_of
from params_proto.multirun.host import AppContext, sweep_of
from params_proto.multirun.jobs.composed import Composed
from params_proto.multirun.jobs.directories import (
    Directories,
    DirectoryError,
    in_directory,
    is_in,
    pin,
    written,
)
from params_proto.multirun.jobs.numbered import Batch, Job
from params_proto.multirun.mistakes import Mistakes
from params_proto.overrides.reading import refuse_deep

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

# The largest sweep of which every job is checked before any runs; a larger one would keep its user
# waiting, and is checked batch by batch.
AHEAD = 10_000

_CHOICES = 1000  # of config groups, that are remembered as checked


@dataclass(eq=False)
class Validation:
    """What each job must pass.

    Args:
        host: the app.
        directories: those of the jobs so far.
        composed: told of a job of each choice of groups.
    """

    host: AppContext
    directories: Directories
    composed: Composed
    _passed: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]], init=False)

    def passed(self, batches: Iterable[Batch], *, ahead: bool) -> Iterator[Batch]:
        """The batches, each when all of its jobs have been checked.

        Args:
            batches: the jobs.
            ahead: whether all batches are checked before the first is given.

        Raises:
            SweepError: jobs that cannot run as they were asked for.
            HydraException: a config that cannot be composed.
        """
        checked = map(self._checked, batches)
        if ahead:
            mistakes = Mistakes()
            first = [(batch, self._check(batch, mistakes)) for batch in batches]
            mistakes.tell()
            checked = iter(first)
        for batch, seconds in checked:
            _log(batch, seconds)
            yield batch

    def note(self, jobs: Iterable[Job]) -> None:
        """Notes the directories of jobs that run elsewhere; what is wrong there is said there.

        Args:
            jobs: of other parts of the sweep.
        """
        for one in jobs:
            with suppress(HydraException, SweepError):
                config = self.host.compose(one.overrides)
                self.directories.add(one.number, one.overrides, _numbered(config, one.number))

    def _checked(self, batch: Batch) -> tuple[Batch, float]:
        mistakes = Mistakes()
        seconds = self._check(batch, mistakes)
        mistakes.tell()
        return batch, seconds

    def _check(self, batch: Batch, mistakes: Mistakes) -> float:
        start = time.perf_counter()
        for one in batch.all:
            if mistakes.enough:
                break
            directory = self._check_one(one, mistakes)
            if directory is not None:
                batch.directories[one.number] = directory
        return time.perf_counter() - start

    def _check_one(self, one: Job, mistakes: Mistakes) -> str | None:
        number, job = one.number, one.overrides
        own = [] if one.directory is None else [in_directory(one.directory)]
        try:
            config = self._composed(job, own)
        except HydraException as error:
            wrong = misfit_of(self.host.fields, job, error)
            if wrong is None:
                mistakes.add_error(job, error, self._meant(job))
            else:
                mistakes.has_a_slow_one()
                mistakes.add_whole(wrong, rule=wrong)
            return None
        if self.host.task is not None:
            mistakes.add(job, self.host.task.check(config, keys_of(job)))
        if not is_in(self.directories.sweep, config):
            self._pin_directory()
        try:
            return self.directories.add(number, job, _numbered(config, number))
        except DirectoryError as error:
            mistakes.add_whole(str(error), rule=error.cure)
            return None

    def _pin_directory(self) -> None:
        """Gives the jobs one directory of the sweep where their own configs name several."""
        directory, master = self.directories.sweep, self.host.config
        log.info(
            f"hydra.sweep.dir={written(master)} differs between jobs: it is resolved once, before"
            f" them, and all run in {directory}."
        )
        pin(directory, master)

    def _meant(self, job: Overrides) -> Iterator[str]:
        """What may have been meant by keys that the config of a job's groups does not have."""
        chosen = [line for line in job if self.host.is_group(bare(line.partition("=")[0]))]
        with suppress(HydraException, SweepError):
            config = self.host.compose(chosen)
            yield from meant(config, job, self.host.is_group, self.host.task)

    def _composed(self, job: Overrides, own: Overrides) -> DictConfig:
        keys = keys_of(job)
        groups = [key for key in keys if self.host.is_group(key)]
        # What decides about the hydra node, and about what a group puts into the task's config.
        choices = tuple(
            [line for key, line in zip(keys, job, strict=True) if key in groups or _of_hydra(key)]
        )
        for line in job:  # one that was read from a record comes from nobody knows where
            refuse_deep(line)
        try:
            config = self.host.compose([*job, *own])
        except ConfigCompositionException:
            # Hydra 1.4 refuses another sweep with an error of its own.
            self._refuse_another_sweep(job, self.host.compose_whichever_sweep(job))
            raise
        if choices not in self._passed:
            self._refuse_another_sweep(job, config)
            refuse_misplaced_steps(config, groups, self.host.loader)
            if len(self._passed) == _CHOICES:
                self._passed.clear()
            self._passed.add(choices)
        self.composed.add(choices, job, config)
        return config

    def _refuse_another_sweep(self, job: Overrides, config: DictConfig) -> None:
        if sweep_of(config) != self.host.sweep:
            raise SweepError(
                f"the job {' '.join(job)} would have another hydra.sweeper.sweep than the"
                " multirun: a key that selects a sweep (+sweep=a,b) cannot be swept. Put the"
                " sweeps one after the other in one file,"
                " concat: [{product: {...}}, {product: {...}}]."
            )


def _numbered(config: DictConfig, number: int) -> DictConfig:
    """The config of a job with its number, as launchers note it: its directory may tell."""
    with open_dict(config):
        config.hydra.job.num = number
        config.hydra.job.id = str(number)
    return config


def _of_hydra(key: str) -> bool:
    return key.partition(".")[0] == "hydra"


def _log(batch: Batch, seconds: float) -> None:
    """The line that Hydra's basic sweeper logs before it launches a batch."""
    jobs = len(batch.all)
    log.debug(
        f"Validated configs of {jobs} jobs in {seconds:0.2f} seconds,"
        f" {jobs / seconds:.2f} / second)"
    )
