"""The app that is swept, as Hydra has composed it, and the sweep that Python launches, if any."""

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

from params_proto._keys import bare
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


class ResumeTarget(NamedTuple):
    """What a resume found.

    Args:
        config: the composed config of the multirun. What its `hydra.overrides.task` has is to run.
        plan: of the sweep that is in the directory, if it is to be resumed.
        saved: whether that sweep runs as it was saved, whatever the app's config says.
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
        launched: the sweep that Python launches; None where a command line started the multirun.
        context: the launcher's, with its loader; None where nothing is launched.
    """

    config: DictConfig
    loader: ConfigLoader
    task_function: TaskFunction
    launched: Sweep | None = field(default_factory=_sweep.get)
    context: HydraContext | None = None
    _groups: dict[str, bool] = field(default_factory=lambda: {"": False}, init=False)

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

    @property
    def has_config_files(self) -> bool:
        """Whether there are config files beside those that Hydra has itself."""
        sources = self.config.hydra.runtime.config_sources
        return not {one.provider for one in sources} <= {"hydra", "schema"}

    def cache_configs(self) -> None:
        """Has this process and the launcher compose from the config files as they are now."""
        self.loader = cached(self.loader)
        if self.context is not None:
            self.context.config_loader = self.loader

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

    def is_group(self, key: str) -> bool:
        """Whether a key is a config group, at whichever package."""
        group = key.partition("@")[0]
        if group not in self._groups:
            name = self.config.hydra.job.config_name
            self._groups[group] = group_exists(self.loader, group, name, self.of_hydra)
        return self._groups[group]

    @cached_property
    def of_hydra(self) -> list[str]:
        """The overrides of Hydra itself."""
        # As they were written: an interpolation in one of them is for the config that it changes.
        return cast("list[str]", OmegaConf.to_container(self.config.hydra.overrides.hydra))


def function_of(task: TaskFunction) -> str:
    """Names what jobs run, by its file and its function: `train.py:main`.

    Neither the folder nor the text of the file counts, so a script may be moved and edited. A
    function of a notebook has no file that lasts.
    """
    function: Any = inspect.unwrap(task)
    if inspect.isfunction(function):
        file, name = inspect.getfile(function), function.__name__
    else:  # an object that is called, as of a library for Hydra
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
    """A config as JSON has it, without Hydra's node."""
    whole = cast("dict[str, Any]", OmegaConf.to_container(config))
    whole.pop("hydra", None)
    return to_json(whole)


def changeable(config: DictConfig) -> AbstractContextManager[Any]:
    """Lets Hydra's node be changed, which Hydra 1.4 has closed by then."""
    return flag_override(config.hydra, ["readonly", "struct"], [False, False])
