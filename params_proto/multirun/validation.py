"""Composes each job's config before it runs; for up to 10,000 jobs, before any of them runs."""

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

from params_proto._keys import full_key, is_overlapping, keys_of, leaves, strip_prefix
from params_proto.errors import SweepError, nearest
from params_proto.multirun.context import AppContext, sweep_of
from params_proto.multirun.directories import Directories, subdir_override
from params_proto.multirun.errors import Mistakes
from params_proto.multirun.plan import Batch, Job, Overrides
from params_proto.overrides.parse import from_hydra, read

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

    from params_proto.fields import Target

log = logging.getLogger(__name__)

# The largest sweep whose jobs are all checked before any runs. A larger one is checked batch by
# batch, so that the user does not have to wait.
MAX_CHECKED_AT_START = 10_000

_AXES = frozenset({"product", "zip", "chain", "concat", "cross"})


@dataclass(eq=False)
class Validation:
    """Checks each job before it runs.

    Args:
        app: the composed app.
        directories: the directories of the jobs so far.
        first: the first job that was composed, and its config.
    """

    app: AppContext
    directories: Directories
    first: tuple[Overrides, DictConfig] | None = field(default=None, init=False)
    # Choices that do not change the sweep; making none does not, either.
    _known_choices: set[tuple[str, ...]] = field(default_factory=lambda: {()}, init=False)

    def validate(self, batches: Iterable[Batch], *, ahead: bool) -> Iterator[Batch]:
        """Yields batches once they are checked; `ahead` checks all of them first."""
        if not ahead:
            for batch in batches:
                yield from self.validate([batch], ahead=True)
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
        """Checks the jobs of a batch and notes their directories; returns the seconds it took."""
        start = time.perf_counter()
        for job in batch.all:
            if mistakes.enough:
                break
            try:
                config = self._compose(job)
            except HydraException as error:
                self._note(job.overrides, error, mistakes)
                continue
            if self.app.task is not None:
                for mistake in self.app.task.check(config, keys_of(job.overrides)):
                    mistakes.add(mistake, job=job.overrides)
            with open_dict(config):  # as launchers do: the directory may depend on the number
                config.hydra.job.num = job.number
                config.hydra.job.id = str(job.number)
            directory = self.directories.add(job.number, job.overrides, config, mistakes)
            if directory is not None:
                batch.directories[job.number] = directory
        return time.perf_counter() - start

    def _compose(self, job: Job) -> DictConfig:
        app, lines = self.app, job.overrides
        groups = self._groups(lines)
        choices = tuple(groups)
        own = [] if job.directory is None else [subdir_override(job.directory)]
        try:
            config = app.compose([*lines, *own])
        except ConfigCompositionException:
            # Hydra 1.4 has its own error for a different sweep.
            if sweep_of(app.compose_as_single_run(lines)) != sweep_of(app.config):
                raise _another_sweep(lines) from None
            raise
        if choices not in self._known_choices:
            if sweep_of(config) != sweep_of(app.config):
                raise _another_sweep(lines)
            check_package_headers(config, groups.values(), app.loader)
            self._known_choices.add(choices)
        self.first = self.first or (lines, config)
        return config

    def _groups(self, job: Overrides) -> dict[str, str]:
        """The overrides that choose options of config groups, with their keys."""
        keys = keys_of(job)
        return {line: key for key, line in zip(keys, job, strict=True) if self.app.is_group(key)}

    def _note(self, job: Overrides, error: HydraException, mistakes: Mistakes) -> None:
        """Adds the mistake of a job that Hydra cannot compose."""
        misfit = _misfit(self.app.scope.targets, job, error)
        if misfit is None:
            mistakes.add_error(job, error, self._hints(job))
        else:
            mistakes.add_uncomposed(misfit)

    def _hints(self, job: Overrides) -> Iterator[str]:
        """Suggestions for keys that the config of a job's groups does not have."""
        app = self.app
        groups = self._groups(job)
        with suppress(HydraException, SweepError):
            plain = cast("dict[str, Any]", OmegaConf.to_container(app.compose([*groups])))
            names = [name for name, _ in leaves(plain) if not name.startswith("hydra.")]
            for line in job:
                key = line.partition("=")[0]
                is_known = line in groups or any(is_overlapping(key, name) for name in names)
                if key[:1] not in "+~" and not is_known:
                    meant = app.task and app.task.suggestion(key)
                    if close := meant or nearest(key, names):
                        yield f"{key}: did you mean {close}?"


def _another_sweep(job: Overrides) -> SweepError:
    return SweepError(
        f"the job {' '.join(job)} would have a different hydra.sweeper.sweep from the multirun: a"
        " key that selects a sweep (+sweep=a,b) cannot be swept. Put the sweeps one after the other"
        " in one file, concat: [{product: {...}}, {product: {...}}]."
    )


def _misfit(fields: Iterable[Target], job: Iterable[str], error: HydraException) -> str | None:
    """The error for a proto app's field that cannot hold a value; None if it is another error."""
    if not isinstance(cause := error.__cause__, ValidationError):
        return None
    from params_proto.algebra.scope import conversion_message, into_field

    place = str(cause.full_key).partition("[")[0]
    lines = {strip_prefix(line.partition("=")[0]): line for line in job}
    for target in fields:
        field = target.fields.get(place.removeprefix(f"{target.node}."))
        if field and place in lines and place == full_key(target.node, field.name):
            value = from_hydra(read(lines[place]).value())
            try:
                into_field(value, field, from_text=True)
            except ValueError as reason:
                return conversion_message(place, field, value, reason)
    return None


def check_package_headers(config: DictConfig, groups: Iterable[str], loader: ConfigLoader) -> None:
    """Raises if a chosen group without a package header put sweep steps into a job's config."""
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
    """Whether this can only be a sweep; {shuffle: true} may be a data loader's config."""
    from params_proto.storage.plain import STEPS, sweep_from_steps

    if not STEPS.keys() >= content.keys() or _AXES.isdisjoint(content):
        return False
    try:
        return bool(sweep_from_steps(content, config_loader=loader).expression.places)
    except SweepError:
        return False
