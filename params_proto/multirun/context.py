"""The composed app that is swept, and the sweep launched from Python, if any."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import OmegaConf, flag_override

from params_proto._keys import strip_prefix
from params_proto._text import to_json
from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Edit
from params_proto.compose import cached_loader
from params_proto.errors import combine_mistakes
from params_proto.multirun.errors import composing
from params_proto.overrides.parse import KeyValues, group_exists

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

    from params_proto.algebra.expression import Expression
    from params_proto.app.task import Task
    from params_proto.fields import Target
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
        saved: whether the saved sweep runs, regardless of the app's config.
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

    @property
    def closed_task(self) -> Task | None:
        """The task of a proto app whose user has no configs, which could have other keys."""
        return self.task if self.task is not None and self.task.closed else None

    @property
    def sweep(self) -> Any:
        """The sweep from Python, or else the value of `hydra.sweeper.sweep`."""
        return self.config.hydra.sweeper.sweep if self.launched is None else self.launched

    @cached_property
    def scope(self) -> Scope:
        """What the keys of a sweep over the app can mean: the fields of a proto app's classes."""
        task = self.task
        if task is None:
            return Scope()
        objects = (task.app, *task.nodes.values())
        return Scope(objects, tuple(task.targets), at_root=root_names(self.config))

    def targets(self, sweep: Sequence[Any]) -> tuple[Target, ...]:
        """The targets whose fields keys may name: a proto app's, or else those of the sweep."""
        task = self.task
        return Scope.of(tuple(sweep)).targets if task is None else tuple(task.targets)

    def refuse_unknown(self, keys: Iterable[str]) -> None:
        """Raises for keys that a proto app does not have, if its user has no configs."""
        task = self.closed_task
        if task is not None:
            task.refuse_unknown(
                [key.lstrip("+") for key in keys if not self.is_group(strip_prefix(key))]
            )

    def resolve_key(self, key: str) -> str:
        """The full key, with its node, of a field that is given by its plain name."""
        return self.scope.resolve(key)[0]

    def resolve_override(self, line: str) -> str:
        """An override with the full key."""
        key, equals, value = line.partition("=")
        return f"{self.resolve_key(key)}{equals}{value}"

    def resolve_keys(self, expression: Expression) -> Expression:
        """Renames the keys of a sweep from Python to the app's full names."""
        keys = expression.places
        names = {key: name for key in keys if (name := self.resolve_key(key)) != key}
        if not names:
            return expression
        twice = [key for key in names if names[key] in keys]
        mistakes = [f"{key} and {names[key]} are one parameter: give it once." for key in twice]
        if expression.calls:
            renamed = ", ".join(f"{key} as {name}" for key, name in names.items())
            mistakes.append(f"the sweep has functions that read configs: write {renamed} in it.")
        if mistakes:
            raise combine_mistakes(mistakes)
        return expression.map(Edit(key=lambda key: names.get(key, key)))

    def spell_extra_keys(self, keys: Iterable[str]) -> dict[str, str]:
        """How a sweep from Python spells keys for a function's `**kwargs`: with ++.

        They need no + in Python, as in a loop over the sweep, and the app's own configs may have
        them.
        """
        task = self.task
        if self.launched is None or task is None or not task.root.open:
            return {}
        known = {*task.root.fields, *task.nodes}
        return {
            key: f"++{key}"
            for key in keys
            if key.replace(".", "").isidentifier()
            and not self.is_group(key)
            and key.partition(".")[0] not in known
        }

    def find_sweep_selectors(self, overrides: Sequence[KeyValues]) -> list[str]:
        """The keys of fixed group choices that change nothing but the sweep.

        They are left out of `sweep.yaml`, which contains the sweep itself.
        """
        if "runtime.choices" in str(OmegaConf.to_container(self.config)):  # it may use the choice
            return []
        name = self.config.hydra.job.config_name
        # Unresolved: a job resolves what is in its overrides.
        by_kind = cast("dict[str, list[str]]", OmegaConf.to_container(self.config.hydra.overrides))
        lines = [*by_kind["hydra"], *by_kind["task"]]
        loaded = self.loader.compute_defaults_list(name, lines, RunMode.MULTIRUN).defaults
        # An option with a defaults list of its own may change more than the sweep.
        sweeps = {
            default.config_path
            for default in loaded
            if default.package == "hydra.sweeper.sweep" and not default.is_self
        }
        return [
            override.key
            for override in overrides
            if not override.swept
            and f"{override.name.partition('@')[0]}/{override.values[0]}" in sweeps
        ]

    @property
    def is_submitit(self) -> bool:
        """Whether the launcher is submitit, which runs each job in a process on a cluster."""
        return "submitit_folder" in self.config.hydra.launcher

    @property
    def has_config_files(self) -> bool:
        """Whether there are config files besides Hydra's own."""
        sources = self.config.hydra.runtime.config_sources
        return not {source.provider for source in sources} <= {"hydra", "schema"}

    def cache_configs(self) -> None:
        """Makes this process and the launcher compose only from the current config files."""
        self.loader = cached_loader(self.loader)
        if self.context is not None:
            self.context.config_loader = self.loader

    def compose(self, job: Sequence[str]) -> DictConfig:
        """The config of a job, by its overrides."""
        with composing(job):
            return self.loader.load_sweep_config(self.config, list(job))

    def current_value(self, overrides: tuple[str, ...], key: str) -> object:
        """The value of a key in a job's config; None if it has none or an interpolation.

        A node of a structured config is a namespace, as its fields cannot be deleted.
        """
        node: Any = self._compose_cached(overrides)
        for part in key.split("."):
            if not _has_value(node, part):
                return None
            node = node[part]
        return _plain_value(node)

    @cached_property
    def _compose_cached(self) -> Callable[[tuple[str, ...]], DictConfig]:
        return lru_cache(maxsize=64)(self.compose)

    def compose_as_single_run(self, job: Sequence[str]) -> DictConfig:
        """Composes a job even if it selects another sweep, which Hydra 1.4 refuses otherwise."""
        with composing(job):
            return self.loader.load_configuration(
                config_name=self.config.hydra.job.config_name,
                overrides=[*self.hydra_overrides, *job],
                run_mode=RunMode.RUN,
            )

    def is_group(self, key: str) -> bool:
        """Whether a key is a config group, at any package."""
        group = key.partition("@")[0]
        if group not in self._groups:
            name = self.config.hydra.job.config_name
            self._groups[group] = group_exists(self.loader, group, name, self.hydra_overrides)
        return self._groups[group]

    @cached_property
    def hydra_overrides(self) -> list[str]:
        """The overrides of Hydra itself."""
        # Unresolved: an interpolation in them belongs to the config that they change.
        return cast("list[str]", OmegaConf.to_container(self.config.hydra.overrides.hydra))


def _has_value(node: Any, key: str) -> bool:
    return OmegaConf.is_dict(node) and key in node and not OmegaConf.is_interpolation(node, key)


def _plain_value(node: Any) -> object:
    if not OmegaConf.is_dict(node):
        return [] if OmegaConf.is_list(node) else node
    # Nothing would be merged into a value that is missing or interpolated.
    entries = {key: _plain_value(node[key]) if _has_value(node, key) else "" for key in node}
    kind = OmegaConf.get_type(node)
    return entries if kind is None or issubclass(kind, dict) else SimpleNamespace(**entries)


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
