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

from params_proto._keys import bare, full_key, keys_of, leaves, overlap
from params_proto.errors import SweepError, nearest
from params_proto.multirun.context import AppContext, sweep_of
from params_proto.multirun.directories import Directories, in_directory
from params_proto.multirun.errors import Mistakes
from params_proto.multirun.plan import Batch, Job, Overrides
from params_proto.overrides.parse import from_hydra, read

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

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
    # Choices with which the sweep stays the same; without any, it does so in any case.
    _passed: set[tuple[str, ...]] = field(default_factory=lambda: {()}, init=False)

    def passed(self, batches: Iterable[Batch], *, ahead: bool) -> Iterator[Batch]:
        """The batches, each when all of its jobs have been checked.

        Args:
            batches: the jobs.
            ahead: whether all batches are checked before the first is given.

        Raises:
            SweepError: jobs that cannot run.
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
            try:
                config = self._composed(job)
            except HydraException as error:
                self._note(job.overrides, error, mistakes)
                continue
            if self.host.task is not None:
                for wrong in self.host.task.check(config, keys_of(job.overrides)):
                    mistakes.add(wrong, job=job.overrides)
            with open_dict(config):  # as launchers note it: the directory may have the number in it
                config.hydra.job.num = job.number
                config.hydra.job.id = str(job.number)
            directory = self.directories.add(job.number, job.overrides, config, mistakes)
            if directory is not None:
                batch.directories[job.number] = directory
        return time.perf_counter() - start

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
            if sweep_of(host.compose_whichever_sweep(lines)) != sweep_of(host.config):
                raise _another_sweep(lines) from None
            raise
        if choices not in self._passed:
            if sweep_of(config) != sweep_of(host.config):
                raise _another_sweep(lines)
            check_package_headers(config, groups, host.loader)
            self._passed.add(choices)
        self.first = self.first or (lines, config)
        return config

    def _note(self, job: Overrides, error: HydraException, mistakes: Mistakes) -> None:
        """Notes what is wrong with a job that Hydra cannot compose."""
        wrong = _misfit(self.host.scope.targets, job, error)
        if wrong is None:
            mistakes.add_error(job, error, self._hints(job))
        else:
            mistakes.add_uncomposed(wrong)

    def _hints(self, job: Overrides) -> Iterator[str]:
        """What may have been meant by keys that the config of a job's groups does not have."""
        host = self.host
        given = {line.partition("=")[0]: line for line in job}
        chosen = [line for key, line in given.items() if host.is_group(bare(key))]
        with suppress(HydraException, SweepError):
            plain = cast("dict[str, Any]", OmegaConf.to_container(host.compose(chosen)))
            names = [name for name, _ in leaves(plain) if not name.startswith("hydra.")]
            for key in given:
                is_known = any(overlap(key, name) for name in names)
                if key[:1] not in "+~" and not is_known and not host.is_group(key):
                    meant = host.task and host.task.suggestion(key)
                    if close := meant or nearest(key, names):
                        yield f"{key}: did you mean {close}?"


def _another_sweep(job: Overrides) -> SweepError:
    return SweepError(
        f"the job {' '.join(job)} would have another hydra.sweeper.sweep than the multirun: a key"
        " that selects a sweep (+sweep=a,b) cannot be swept. Put the sweeps one after the other in"
        " one file, concat: [{product: {...}}, {product: {...}}]."
    )


def _misfit(fields: Iterable[Target], job: Iterable[str], error: HydraException) -> str | None:
    """Says in Python's terms that a field of a proto app cannot hold a value; None otherwise."""
    if not isinstance(cause := error.__cause__, ValidationError):
        return None
    from params_proto.algebra.scope import into_field, misfit

    place = str(cause.full_key).partition("[")[0]
    lines = {bare(line.partition("=")[0]): line for line in job}
    for target in fields:
        field = target.fields.get(place.removeprefix(f"{target.node}."))
        if field and place in lines and place == full_key(target.node, field.name):
            value = from_hydra(read(lines[place]).value())
            try:
                into_field(value, field, from_text=True)
            except ValueError as refused:
                return misfit(place, field, value, refused)
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
