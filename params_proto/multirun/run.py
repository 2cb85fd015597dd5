"""Running a plan: everything is checked, the sweep written down, each batch launched."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.errors import CompactHydraException
from omegaconf import DictConfig, OmegaConf

from params_proto.errors import SweepError
from params_proto.fields import Target, describe
from params_proto.multirun import saved
from params_proto.multirun.commandline import given
from params_proto.multirun.configured import configured, resolved
from params_proto.multirun.pairs import pairs
from params_proto.multirun.plan import Job, Plan, plan
from params_proto.storage import atomic

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher
    from hydra.types import TaskFunction

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
        batches = planned.batches(size)
        batch = _checked(batches, config, loader)
        if not batch:
            raise SweepError("the sweep has no jobs: its exclude or where steps drop every config.")
        text = saved.text(planned)
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
            batch = _checked(batches, config, loader)
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


def _plan(
    options: Options,
    arguments: Sequence[str],
    config: DictConfig,
    loader: ConfigLoader,
    task_function: TaskFunction,
) -> Plan:
    params = cast("dict[str, str]", options.params or {})
    outside = given([*[f"{key}={value}" for key, value in params.items()], *arguments], loader)
    objects, targets = _targets(task_function)
    sweep = configured(
        resolved(config), cwd=Path(config.hydra.runtime.cwd), targets=objects, loader=loader
    )
    zips = OmegaConf.to_container(options.zip) if OmegaConf.is_config(options.zip) else options.zip
    targets = targets or tuple([describe(target) for target in sweep.targets])

    @cache
    def is_group(key: str) -> bool:
        options = loader.get_group_options(
            key.partition("@")[0],
            config_name=config.hydra.job.config_name,
            overrides=list(config.hydra.overrides.hydra),
        )
        return bool(options)

    return plan(sweep, targets, outside, pairs(zips, outside), is_group)


def _targets(task_function: TaskFunction) -> tuple[tuple[Any, ...], tuple[Target, ...]]:
    """What a proto app's config is made of: its function and classes, and their fields."""
    from params_proto.app.task import Task

    if not isinstance(task_function, Task):
        return (), ()
    nodes = task_function.nodes.values()
    objects = (task_function.app, *[node.cls for node in nodes])
    return objects, (task_function.root, *[node.target for node in nodes])


def _checked(batches: Iterator[list[Job]], config: DictConfig, loader: ConfigLoader) -> list[Job]:
    """The next batch, none of whose jobs runs if the config of one cannot be composed."""
    batch = next(batches, list[Job]())
    if not batch:
        return batch
    start = time.perf_counter()
    sweep = _sweep_of(config)
    for job in batch:
        if _sweep_of(loader.load_sweep_config(config, list(job))) != sweep:
            raise SweepError(
                f"the job {' '.join(job)} would have another hydra.sweeper.sweep than the multirun:"
                " a key that selects a sweep (+sweep=a,b) cannot be swept. Put the sweeps one after"
                " the other in one file, concat: [{product: {...}}, {product: {...}}]."
            )
    elapsed = time.perf_counter() - start
    log.debug(
        f"Validated configs of {len(batch)} jobs in {elapsed:0.2f} seconds,"
        f" {len(batch) / elapsed:.2f} / second)"
    )
    return batch


def _sweep_of(config: DictConfig) -> object:
    return cast("dict[str, object]", OmegaConf.to_container(config.hydra.sweeper)).get("sweep")
