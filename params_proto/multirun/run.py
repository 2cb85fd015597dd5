"""Running a plan: everything is checked, the sweep written down, each batch launched."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.errors import CompactHydraException, HydraException
from omegaconf import DictConfig, OmegaConf

from params_proto.errors import SweepError, SweepWarning
from params_proto.fields import Target, describe
from params_proto.multirun import saved
from params_proto.multirun.checks import (
    Mistakes,
    keys_of,
    refuse_misplaced_steps,
    refuse_unknown,
)
from params_proto.multirun.commandline import Given, given
from params_proto.multirun.configured import configured, resolved, where
from params_proto.multirun.pairs import pairs
from params_proto.multirun.plan import Job, Plan, plan
from params_proto.multirun.standing import Composed
from params_proto.storage import atomic
from params_proto.sweep import Sweep

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher
    from hydra.types import TaskFunction

    from params_proto.app.task import Task

log = logging.getLogger(__name__)

# What a launcher gets at once unless told otherwise; Slurm's default limit for an array of jobs.
_BATCH = 1000


@dataclass(frozen=True)
class Options:
    """The options of the sweeper beside its sweep, `hydra.sweeper.*`."""

    params: Any = None
    zip: Any = None
    max_batch_size: Any = None


def run(
    options: Options,
    arguments: Sequence[str],
    *,
    config: DictConfig,
    loader: ConfigLoader,
    launcher: Launcher,
    task_function: TaskFunction,
) -> list[Sequence[JobReturn]]:
    """Runs every job.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        config: the composed config of the multirun.
        loader: composes the jobs' configs.
        launcher: runs the jobs.
        task_function: what they run.

    Returns:
        The returns of the jobs, batch by batch.

    Raises:
        CompactHydraException: a mistake in what is asked for; nothing has been written or run.
        Exception: whatever a job raised, once its batch is done.
    """
    with _told_by_hydra():
        size = _batch_size(options.max_batch_size)
        planned = _plan(options, arguments, config, loader, task_function)
        batches = planned.all_of_it.batches(size)
        check = _Check(config, loader, task_function, planned.is_group)
        batch = check.next_of(batches)
        if not batch:
            raise SweepError("the sweep has no jobs: its exclude or where steps drop every config.")
        text = saved.text(planned.without(check.only_select_the_sweep(planned.outside)))
        directory = Path(str(config.hydra.sweep.dir))
        directory.mkdir(parents=True, exist_ok=True)
        OmegaConf.save(config, directory / "multirun.yaml")
        atomic.write(directory / "sweep.yaml", [text])
    returns: list[Sequence[JobReturn]] = []
    number = 0
    while batch:
        results = launcher.launch(batch, initial_job_idx=number)
        for result in results:
            _ = result.return_value  # raises what the job raised
        returns.append(results)
        number += len(batch)
        with _told_by_hydra():
            batch = check.next_of(batches)
    return returns


@contextmanager
def _told_by_hydra() -> Generator[None, None, None]:
    """A mistake in the sweep as an error that Hydra prints without a traceback."""
    try:
        yield
    except SweepError as error:
        raise CompactHydraException(str(error)) from error


def _batch_size(given: Any) -> int:
    if given is not None and given < 1:
        raise SweepError(f"hydra.sweeper.max_batch_size={given} is no number of jobs: 1 or more.")
    return _BATCH if given is None else given


@dataclass(frozen=True)
class _Planned:
    """A plan, and what it was made of."""

    all_of_it: Plan
    again: Callable[[Sequence[Given]], Plan]
    outside: Sequence[Given]
    is_group: Callable[[str], bool]

    def without(self, keys: Collection[str]) -> Plan:
        """The plan for a file, without some keys of those from outside."""
        kept = [_deletes(one) for one in self.outside if one.key not in keys]
        return self.all_of_it if kept == list(self.outside) else self.again(kept)


def _deletes(one: Given) -> Given:
    """A deletion as a file has it, `{~db: null}`."""
    null = one.key.startswith("~") and one.values == ("null",)
    return replace(one, values=(None,)) if null else one


def _plan(
    options: Options,
    arguments: Sequence[str],
    config: DictConfig,
    loader: ConfigLoader,
    task_function: TaskFunction,
) -> _Planned:
    params = cast("dict[str, str]", options.params or {})
    outside = given([*[f"{key}={value}" for key, value in params.items()], *arguments], loader)
    objects, targets = _targets(task_function)
    task = _task(task_function)

    # As they were written: an interpolation in one of them is for the config that it changes.
    of_hydra = cast("list[str]", OmegaConf.to_container(config.hydra.overrides.hydra))

    @cache
    def option_names(group: str) -> list[str]:
        return loader.get_group_options(
            group,
            config_name=config.hydra.job.config_name,
            overrides=of_hydra,
        )

    def is_group(key: str) -> bool:
        return bool(option_names(key.partition("@")[0]))

    def selects(option: str) -> str | None:
        for group in loader.list_groups(""):
            if group != "hydra" and option in option_names(group):
                return f"+{group}={option}"
        return None

    node = resolved(config)
    with _silent_about_names() if task is not None and task.closed else nullcontext():
        sweep = configured(
            node,
            cwd=Path(config.hydra.runtime.cwd),
            targets=objects,
            loader=loader,
            selects=selects,
        )
    if task is not None and task.closed:
        places: dict[str, list[str]] = {
            where(node): list(sweep.expression.places),
            "hydra.sweeper.params": [one.key for one in outside if one.key in params],
            "the command line": [one.key for one in outside if one.key not in params],
        }
        refuse_unknown(task, places, is_group)
    zips = OmegaConf.to_container(options.zip) if OmegaConf.is_config(options.zip) else options.zip
    targets = targets or tuple([describe(target) for target in sweep.targets])
    paired = pairs(zips, outside)
    composed = Composed(lambda overrides: loader.load_sweep_config(config, list(overrides)))

    def again(some: Sequence[Given]) -> Plan:
        return plan(sweep, targets, some, paired, is_group, composed)

    return _Planned(again(outside), again, outside, is_group)


@contextmanager
def _silent_about_names() -> Generator[None, None, None]:
    """Without the warnings of names that no target has, where these are refused afterwards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SweepWarning)
        yield


def _task(task_function: TaskFunction) -> Task | None:
    from params_proto.app.task import Task

    return task_function if isinstance(task_function, Task) else None


def _targets(task_function: TaskFunction) -> tuple[tuple[Any, ...], tuple[Target, ...]]:
    """What a proto app's config is made of: its function and classes, and their fields."""
    task = _task(task_function)
    if task is None:
        return (), ()
    nodes = task.nodes.values()
    objects = (task.app, *[node.cls for node in nodes])
    return objects, (task.root, *[node.target for node in nodes])


@dataclass(frozen=True)
class _Check:
    """Composes the config of each job before it runs."""

    config: DictConfig
    loader: ConfigLoader
    task_function: TaskFunction
    is_group: Callable[[str], bool]

    def next_of(self, batches: Iterator[list[Job]]) -> list[Job]:
        """The next batch, none of whose jobs runs if one of them cannot."""
        batch = next(batches, list[Job]())
        if not batch:
            return batch
        start = time.perf_counter()
        sweep, task, mistakes = _sweep_of(self.config), _task(self.task_function), Mistakes()
        for job in batch:
            config = self.loader.load_sweep_config(self.config, list(job))
            if _sweep_of(config) != sweep:
                raise SweepError(
                    f"the job {' '.join(job)} would have another hydra.sweeper.sweep than the"
                    " multirun: a key that selects a sweep (+sweep=a,b) cannot be swept. Put the"
                    " sweeps one after the other in one file,"
                    " concat: [{product: {...}}, {product: {...}}]."
                )
            keys = keys_of(job)
            refuse_misplaced_steps(config, filter(self.is_group, keys))
            if task is not None:
                mistakes.add(job, task.check(config, keys))
        mistakes.tell()
        elapsed = time.perf_counter() - start
        log.debug(
            f"Validated configs of {len(batch)} jobs in {elapsed:0.2f} seconds,"
            f" {len(batch) / elapsed:.2f} / second)"
        )
        return batch

    def only_select_the_sweep(self, outside: Sequence[Given]) -> list[str]:
        """The fixed choices of groups that do nothing but say which sweep runs."""
        fixed = [one for one in outside if not one.swept]
        return [
            one.key
            for one in fixed
            if not one.key.startswith("~")
            and self.is_group(one.name)
            and self._only_selects(one, fixed)
        ]

    def _only_selects(self, choice: Given, fixed: Sequence[Given]) -> bool:
        try:
            whole = self._composed(fixed)
            without = self._composed([one for one in fixed if one is not choice])
        except HydraException:  # something else needs this choice, or a swept one
            return False
        if _sweep_of(without) == _sweep_of(whole):
            return False
        return _but_the_sweep(without) == _but_the_sweep(whole)

    def _composed(self, fixed: Sequence[Given]) -> DictConfig:
        (job,) = plan(Sweep(), (), fixed, (), self.is_group).jobs()
        return self.loader.load_sweep_config(self.config, job)


def _but_the_sweep(config: DictConfig) -> Any:
    """A config without the sweep, and without what Hydra notes of the overrides."""
    whole = cast("Any", OmegaConf.to_container(config))
    del whole["hydra"]["overrides"], whole["hydra"]["runtime"]["choices"]
    del whole["hydra"]["job"]["override_dirname"]
    whole["hydra"]["sweeper"].pop("sweep", None)
    return whole


def _sweep_of(config: DictConfig) -> object:
    return cast("dict[str, object]", OmegaConf.to_container(config.hydra.sweeper)).get("sweep")
