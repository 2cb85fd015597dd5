"""The app that is swept, as Hydra has composed it, and the sweep that Python launches, if any."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, cast

from hydra.types import RunMode
from omegaconf import OmegaConf, flag_override

from params_proto._keys import bare
from params_proto.algebra.scope import Scope
from params_proto.multirun.errors import composing
from params_proto.overrides.parse import group_exists

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

    from params_proto.app.task import Task
    from params_proto.sweep import Sweep

_sweep: ContextVar[Sweep | None] = ContextVar("params_proto_launched", default=None)


@contextmanager
def launch_context(sweep: Sweep) -> Generator[None, None, None]:
    """Within the block it is what a multirun runs, in place of `hydra.sweeper.sweep`."""
    token = _sweep.set(sweep)
    try:
        yield
    finally:
        _sweep.reset(token)


def launched_sweep() -> Sweep | None:
    """The sweep that Python launches here; None where a command line does.

    >>> from params_proto import Sweep
    >>> with launch_context(Sweep().product(lr=[0.1])):
    ...     launched_sweep()
    Sweep().product(lr=[0.1])
    >>> launched_sweep() is None
    True
    """
    return _sweep.get()


@dataclass(eq=False)
class AppContext:
    """An app in a multirun.

    Args:
        config: the composed config of the multirun.
        loader: composes the jobs' configs.
        task_function: what the jobs run.
        launched: the sweep that Python launches; None where a command line started the multirun.
    """

    config: DictConfig
    loader: ConfigLoader
    task_function: TaskFunction
    launched: Sweep | None = field(default_factory=_sweep.get)

    @property
    def task(self) -> Task | None:
        """What a proto app runs; None where the app is any other."""
        module = sys.modules.get("params_proto.app.task")  # which a proto app has loaded
        is_task = module is not None and isinstance(self.task_function, module.Task)
        return cast("Task", self.task_function) if is_task else None

    @cached_property
    def scope(self) -> Scope:
        """What the keys of a sweep over the app can mean: the fields of a proto app's classes."""
        task = self.task
        if task is None:
            return Scope()
        objects = (task.app, *task.nodes.values())
        return Scope(objects, tuple(task.targets), at_root=root_names(self.config))

    def in_full(self, key: str) -> str:
        """A key with the node that it is in, where it is the plain name of a field.

        Raises:
            SweepError: several prefix classes have it.
        """
        return key if self.task is None else self.task.in_full(key, self.scope.at_root)

    @property
    def submits(self) -> bool:
        """Whether the launcher is submitit's, which gives each job a process of a cluster."""
        return "submitit_folder" in self.config.hydra.launcher

    def compose(self, job: Sequence[str]) -> DictConfig:
        """The config of a job, by its overrides."""
        with composing(job):
            return self.loader.load_sweep_config(self.config, list(job))

    def compose_whichever_sweep(self, job: Sequence[str], *, as_chosen: bool = False) -> DictConfig:
        """The same, also with another sweep than the multirun's, which Hydra 1.4 refuses.

        Args:
            job: the overrides.
            as_chosen: whether the sweep is that of the chosen groups, whatever overrides change
                in it.
        """
        of_hydra = [
            line
            for line in self.of_hydra
            if not (as_chosen and bare(line).startswith("hydra.sweeper.sweep."))
        ]
        with composing(job):
            return self.loader.load_configuration(
                config_name=self.config.hydra.job.config_name,
                overrides=[*of_hydra, *job],
                run_mode=RunMode.RUN,
            )

    @cached_property
    def is_group(self) -> Callable[[str], bool]:
        """Whether a key is a config group, at whichever package."""
        name, loader = self.config.hydra.job.config_name, self.loader

        def exists(key: str) -> bool:
            group = key.partition("@")[0]
            return bool(group) and group_exists(loader, group, name, self.of_hydra)

        return cache(exists)

    @cached_property
    def of_hydra(self) -> list[str]:
        """The overrides of Hydra itself."""
        # As they were written: an interpolation in one of them is for the config that it changes.
        return cast("list[str]", OmegaConf.to_container(self.config.hydra.overrides.hydra))


def root_names(config: DictConfig) -> set[str]:
    """The names at the root of a composed config: its keys, and its chosen config groups."""
    return {*map(str, config), *map(str, config.hydra.runtime.choices)}


def sweep_of(config: DictConfig) -> object:
    """The value of `hydra.sweeper.sweep` in a composed config, a multirun's or a job's."""
    return cast("dict[str, object]", OmegaConf.to_container(config.hydra.sweeper)).get("sweep")


def changeable(config: DictConfig) -> AbstractContextManager[Any]:
    """Lets Hydra's node be changed, which Hydra 1.4 has closed by then."""
    return flag_override(config.hydra, ["readonly", "struct"], [False, False])
