"""The composed app that is swept, and the sweep launched from Python, if any."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import OmegaConf, flag_override

from params_proto._keys import strip_prefix
from params_proto._text import to_json
from params_proto.algebra.scope import Scope
from params_proto.compose import cached
from params_proto.multirun.errors import composing
from params_proto.overrides.parse import group_exists

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from params_proto.app.task import Task
    from params_proto.records.manifest import PlanFile
    from params_proto.sweep import Sweep

_sweep: ContextVar[Sweep | None] = ContextVar("params_proto_launched", default=None)


@contextmanager
def launch_context(sweep: Sweep) -> Generator[None, None, None]:
    """Makes a multirun in the block run this sweep instead of `hydra.sweeper.sweep`."""
    token = _sweep.set(sweep)
    try:
        yield
    finally:
        _sweep.reset(token)


def launched_sweep() -> Sweep | None:
    """The sweep launched from Python; None in a multirun from a command line.

    >>> from params_proto import Sweep
    >>> with launch_context(Sweep().product(lr=[0.1])):
    ...     launched_sweep()
    Sweep().product(lr=[0.1])
    >>> launched_sweep() is None
    True
    """
    return _sweep.get()


class ResumeTarget(NamedTuple):
    """What a resume found.

    Args:
        config: the composed config of the multirun; its `hydra.overrides.task` says what to run.
        plan: the plan of the sweep to resume; None if there is none.
        saved: whether the sweep runs as saved, regardless of the app's config.
    """

    config: DictConfig
    plan: PlanFile | None = None
    saved: bool = False


@dataclass(eq=False)
class AppContext:
    """An app in a multirun.

    Args:
        config: the composed config of the multirun.
        loader: composes the jobs' configs.
        task_function: what the jobs run.
        launched: the sweep launched from Python; None in a multirun from a command line.
        context: the launcher's Hydra context, whose loader is replaced; None in a dry run.
    """

    config: DictConfig
    loader: ConfigLoader
    task_function: TaskFunction
    launched: Sweep | None = field(default_factory=_sweep.get)
    context: HydraContext | None = None
    _groups: dict[str, bool] = field(default_factory=lambda: {"": False}, init=False)

    @property
    def task(self) -> Task | None:
        """The task of a proto app; None for other apps."""
        module = sys.modules.get("params_proto.app.task")  # loaded if this is a proto app
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
        """The full key, with its node, of a field that is given by its plain name."""
        return key if self.task is None else self.task.in_full(key, self.scope.at_root)

    @property
    def submits(self) -> bool:
        """Whether the launcher is submitit, which runs each job in a process on a cluster."""
        return "submitit_folder" in self.config.hydra.launcher

    @property
    def has_config_files(self) -> bool:
        """Whether there are config files besides Hydra's own."""
        sources = self.config.hydra.runtime.config_sources
        return not {one.provider for one in sources} <= {"hydra", "schema"}

    def cache_configs(self) -> None:
        """Makes this process and the launcher compose from the current config files only."""
        self.loader = cached(self.loader)
        if self.context is not None:
            self.context.config_loader = self.loader

    def compose(self, job: Sequence[str]) -> DictConfig:
        """The config of a job, by its overrides."""
        with composing(job):
            return self.loader.load_sweep_config(self.config, list(job))

    def compose_whichever_sweep(self, job: Sequence[str], *, as_chosen: bool = False) -> DictConfig:
        """Composes a job even if it selects another sweep, which `load_sweep_config` may refuse.

        Hydra 1.4 refuses it. `as_chosen` leaves out overrides within `hydra.sweeper.sweep`.
        """
        of_hydra = [
            line
            for line in self.of_hydra
            if not (as_chosen and strip_prefix(line).startswith("hydra.sweeper.sweep."))
        ]
        with composing(job):
            return self.loader.load_configuration(
                config_name=self.config.hydra.job.config_name,
                overrides=[*of_hydra, *job],
                run_mode=RunMode.RUN,
            )

    def is_group(self, key: str) -> bool:
        """Whether a key is a config group, at any package."""
        group = key.partition("@")[0]
        if group not in self._groups:
            name = self.config.hydra.job.config_name
            self._groups[group] = group_exists(self.loader, group, name, self.of_hydra)
        return self._groups[group]

    @cached_property
    def of_hydra(self) -> list[str]:
        """The overrides of Hydra itself."""
        # Unresolved: an interpolation in them belongs to the config that they change.
        return cast("list[str]", OmegaConf.to_container(self.config.hydra.overrides.hydra))


def function_of(task: TaskFunction) -> str:
    """Names the function that jobs run: `train.py:main`, or `main` in a notebook.

    The name includes neither the folder nor the code, so a script may be moved and edited.
    """
    function: Any = inspect.unwrap(task)
    if inspect.isfunction(function):
        file, name = inspect.getfile(function), function.__name__
    else:  # a callable object, such as one from a library for Hydra
        file = str(getattr(sys.modules["__main__"], "__file__", ""))
        name = type(function).__name__
    return f"{Path(file).name}:{name}" if Path(file).is_file() else name


def root_names(config: DictConfig) -> set[str]:
    """The names at the root of a composed config: its keys, and its chosen config groups."""
    return {*map(str, config), *map(str, config.hydra.runtime.choices)}


def sweep_of(config: DictConfig) -> object:
    """The value of `hydra.sweeper.sweep` in a composed config, a multirun's or a job's."""
    return cast("dict[str, object]", OmegaConf.to_container(config.hydra.sweeper)).get("sweep")


def plain_config(config: DictConfig) -> dict[str, Any]:
    """A config as plain JSON, without the node `hydra`."""
    whole = cast("dict[str, Any]", OmegaConf.to_container(config))
    whole.pop("hydra", None)
    return to_json(whole)


def changeable(config: DictConfig) -> AbstractContextManager[Any]:
    """Makes the node `hydra` writable, which Hydra 1.4 has made read-only."""
    return flag_override(config.hydra, ["readonly", "struct"], [False, False])
