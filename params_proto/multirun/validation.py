"""Composing each job's config before it runs: no job runs if one cannot, of up to 10,000."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from hydra.errors import ConfigCompositionException, HydraException
from omegaconf import OmegaConf, open_dict
from omegaconf.errors import ValidationError

from params_proto._keys import bare, full_key, keys_of
from params_proto.errors import SweepError, nearest
from params_proto.multirun.context import AppContext, sweep_of
from params_proto.multirun.directories import (
    Directories,
    DirectoryError,
    in_directory,
    is_in,
    pin,
    written,
)
from params_proto.multirun.errors import Mistakes
from params_proto.multirun.jobs import Batch, Job, Overrides
from params_proto.overrides.parse import from_hydra, read

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

    from params_proto.app.task import Task
    from params_proto.fields import Target

log = logging.getLogger(__name__)

# The largest sweep of which every job is checked before any runs; a larger one would keep its user
# waiting, and is checked batch by batch.
AHEAD = 10_000

_AXES = frozenset({"product", "zip", "chain", "concat", "cross"})


@dataclass(eq=False)
class Validation:
    """What each job must pass.

    Args:
        host: the app.
        directories: those of the jobs so far.
        first: the first job that was composed, and its config.
    """

    host: AppContext
    directories: Directories
    first: tuple[Overrides, DictConfig] | None = field(default=None, init=False)
    _passed: set[tuple[str, ...]] = field(default_factory=set[tuple[str, ...]], init=False)

    def passed(self, batches: Iterable[Batch], *, ahead: bool) -> Iterator[Batch]:
        """The batches, each when all of its jobs have been checked.

        Args:
            batches: the jobs.
            ahead: whether all batches are checked before the first is given.

        Raises:
            SweepError: jobs that cannot run as requested.
            HydraException: a config that cannot be composed.
        """
        if not ahead:
            for batch in batches:
                yield from self.passed([batch], ahead=True)
            return
        mistakes = Mistakes()
        checked = [(batch, self._check(batch, mistakes)) for batch in batches]
        mistakes.raise_all()
        for batch, seconds in checked:
            jobs = len(batch.all)
            # The line that Hydra's basic sweeper logs before it launches a batch.
            log.debug(
                f"Validated configs of {jobs} jobs in {seconds:0.2f} seconds,"
                f" {jobs / seconds:.2f} / second)"
            )
            yield batch

    def _check(self, batch: Batch, mistakes: Mistakes) -> float:
        """Checks the jobs of a batch and notes their directories; how many seconds it took."""
        start = time.perf_counter()
        for job in batch.all:
            if mistakes.enough:
                break
            directory = self._directory(job, mistakes)
            if directory is not None:
                batch.directories[job.number] = directory
        return time.perf_counter() - start

    def _directory(self, job: Job, mistakes: Mistakes) -> str | None:
        """The directory of a job that is in order; None where only the job will know it."""
        host = self.host
        try:
            config = self._composed(job)
        except HydraException as error:
            wrong = _misfit(host.fields, job.overrides, error)
            if wrong is None:
                mistakes.add_error(job.overrides, error, self._hints(job.overrides))
            else:
                mistakes.uncomposed += 1
                mistakes.add_whole(wrong, rule=wrong)
            return None
        if host.task is not None:
            mistakes.add(job.overrides, host.task.check(config, keys_of(job.overrides)))
        if not is_in(self.directories.sweep, config):
            self._pin_directory()
        with open_dict(config):  # as launchers note it: the directory may have the number in it
            config.hydra.job.num = job.number
            config.hydra.job.id = str(job.number)
        try:
            return self.directories.add(job.number, job.overrides, config)
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

    def _composed(self, job: Job) -> DictConfig:
        host, lines = self.host, job.overrides
        keys = keys_of(lines)
        groups = [key for key in keys if host.is_group(key)]
        # What decides about the hydra node, and about what a group puts into the task's config.
        choices = tuple(
            line
            for key, line in zip(keys, lines, strict=True)
            if key in groups or key.partition(".")[0] == "hydra"
        )
        own = [] if job.directory is None else [in_directory(job.directory)]
        try:
            config = host.compose([*lines, *own])
        except ConfigCompositionException:
            # Hydra 1.4 refuses another sweep with an error of its own.
            self._refuse_another_sweep(lines, host.compose_whichever_sweep(lines))
            raise
        if choices not in self._passed:
            self._refuse_another_sweep(lines, config)
            check_package_headers(config, groups, host.loader)
            self._passed.add(choices)
        self.first = self.first or (lines, config)
        return config

    def _refuse_another_sweep(self, job: Overrides, config: DictConfig) -> None:
        if sweep_of(config) != self.host.sweep:
            raise SweepError(
                f"the job {' '.join(job)} would have another hydra.sweeper.sweep than the"
                " multirun: a key that selects a sweep (+sweep=a,b) cannot be swept. Put the"
                " sweeps one after the other in one file,"
                " concat: [{product: {...}}, {product: {...}}]."
            )

    def _hints(self, job: Overrides) -> Iterator[str]:
        """What may have been meant by keys that the config of a job's groups does not have."""
        host = self.host
        chosen = [line for line in job if host.is_group(bare(line.partition("=")[0]))]
        with suppress(HydraException, SweepError):
            plain = cast("dict[str, Any]", OmegaConf.to_container(host.compose(chosen)))
            plain.pop("hydra", None)
            names = [*_paths(plain)]
            for key in [line.partition("=")[0] for line in job]:
                if key[:1] not in "+~" and key not in names and not host.is_group(key):
                    close = _parameter(host.task, key) or nearest(key, names)
                    if close is not None:
                        yield f"{key}: did you mean {close}?"


def _parameter(task: Task | None, key: str) -> str | None:
    """The parameter of a proto app that may have been meant."""
    return None if task is None else task.suggestion(key)


def _paths(node: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in node.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _paths(cast("Mapping[str, Any]", value), f"{above}{key}.")


def _misfit(fields: Iterable[Target], job: Iterable[str], error: HydraException) -> str | None:
    """Says in Python's terms that a field of a proto app cannot hold a value; None otherwise."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return None
    from params_proto.algebra.scope import into_field, misfit

    place = str(cause.full_key).partition("[")[0]
    for line in job:
        key = bare(line.partition("=")[0])
        for target in fields if key == place else ():
            field = target.fields.get(key.removeprefix(f"{target.node}."))
            if field is None or key != full_key(target.node, field.name):
                continue
            value = from_hydra(read(line).value())
            try:
                into_field(value, field, from_text=True)
            except ValueError as refused:
                return misfit(key, field, value, refused)
    return None


def check_package_headers(config: DictConfig, groups: Iterable[str], loader: ConfigLoader) -> None:
    """Refuses steps of a sweep that a config group, without its header, put into the job's config.

    Args:
        config: a composed config.
        groups: the keys of the groups that were chosen for it.
        loader: Hydra's, for `glob`.

    Raises:
        SweepError: a group holds a sweep, and nothing else.
    """
    for key in groups:
        group, _, package = key.partition("@")
        if package.partition(".")[0] == "hydra":  # `+sweep@hydra.sweeper.sweep=grid`
            continue
        path = package or group.replace("/", ".")
        content: Any = OmegaConf.select(config, path, throw_on_resolution_failure=False)
        plain: Any = OmegaConf.to_container(content) if OmegaConf.is_dict(content) else {}
        if _is_sweep(plain, loader):
            raise SweepError(
                f"{key} selects steps of a sweep ({', '.join(map(str, plain))}), which are now in"
                f" the job's config: begin the file in the group {group} with the line"
                " # @package hydra.sweeper.sweep"
            )


def _is_sweep(content: Mapping[str, Any], loader: ConfigLoader) -> bool:
    """Whether it can be nothing but a sweep; {shuffle: true} may be a data loader's config."""
    from params_proto.storage.plain import STEPS, sweep_from_steps

    if not STEPS.keys() >= content.keys() or _AXES.isdisjoint(content):
        return False
    try:
        return bool(sweep_from_steps(content, config_loader=loader).expression.places)
    except SweepError:
        return False
