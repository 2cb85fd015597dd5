"""What Hydra runs for each job: the body of a decorated function, with the values of the job."""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from params_proto.app.current import BoundValues
from params_proto.app.function import App
from params_proto.app.registry import KeyResolver, ParameterSet, parameters_of
from params_proto.app.store import sweeper_options
from params_proto.errors import SweepError, did_you_mean, nearest, together
from params_proto.fields import REQUIRED, Target
from params_proto.fields.schema import python_values
from params_proto.overrides.literals import live

log = logging.getLogger(__name__)


class JobError(CompactHydraException, SweepError):
    """Values that a job cannot start with. Hydra shows the message, and no traceback."""


@dataclass(frozen=True)
class Node:
    """A prefix class of an app, and its fields with the defaults that they have in the app."""

    cls: type
    target: Target


class Task:
    """The task function of an app, for Hydra and for the process that a launcher runs a job in.

    Args:
        app: the decorated function.
        root: its parameters, with the defaults that they have in the app.
        nodes: the prefix classes, by node. They are pickled with the task, so that the other
            process can give them their values.
        closed: whether there are no configs of the user's, whose further keys have a purpose.
    """

    def __init__(
        self,
        app: App[..., Any],
        root: Target,
        nodes: Mapping[str, Node],
        closed: bool,
    ) -> None:
        self.app = app
        # Hydra looks here for the folder of the configs and the name of the job, callbacks for
        # what to call the task.
        self.__wrapped__ = _of_a_script(app)
        self.__module__ = app.__module__
        self.__name__ = app.__name__
        self.__qualname__ = app.__qualname__
        self.__doc__ = app.__doc__
        self.root = root
        self.nodes = nodes
        self.closed = closed

    def __getattr__(self, name: str) -> Any:
        """What callbacks of Hydra's look for on the function that they are told of."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.app, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return Task, (self.app, self.root, self.nodes, self.closed)

    def __call__(self, config: DictConfig) -> Any:
        """Runs a job.

        Args:
            config: the job's composed config.

        Returns:
            What the body returns.

        Raises:
            JobError: values that are missing or do not go into their fields: all of them.
        """
        _refuse_a_sweep_without_m()
        mistakes: list[str] = []
        arguments = _native(self.root, config, mistakes, self.nodes)
        contents = {name: _content(config, name, mistakes) for name in self.nodes}
        values = {
            cast("ParameterSet", parameters_of(node.cls)).key: _native(
                node.target, contents[name], mistakes
            )
            for name, node in self.nodes.items()
        }
        self._refuse_without_use(config, contents, mistakes)
        if mistakes:
            error = together(mistakes)
            raise JobError(str(error), error.mistakes)
        with BoundValues(values, is_job=True):
            return self.app.__wrapped__(**arguments)

    def check(self, config: DictConfig, keys: Iterable[str]) -> list[str]:
        """What is wrong with what some overrides gave, as the job would tell it.

        What holds an interpolation is left to the job, and so is what no override gave, if there
        is a value at all.

        Args:
            config: the job's composed config.
            keys: the keys of the overrides, without +, ++ or ~.

        Returns:
            The mistakes, each once.
        """
        mistakes: list[str] = []
        interpolated = {name for name in self.nodes if OmegaConf.is_interpolation(config, name)}
        contents = {
            name: OmegaConf.create() if name in interpolated else _content(config, name, mistakes)
            for name in self.nodes
        }
        given = {tuple(key.split(".")) for key in keys}
        root = [key[0] for key in given]
        _native(_reduced(self.root, [*root, *_required(self.root)], config), config, mistakes)
        for name, node in self.nodes.items():
            below = [key[1] for key in given if key[0] == name and len(key) > 1]
            whole = node.target.fields if (name,) in given else ()
            needed = _required(node.target) if name not in interpolated else ()
            reduced = _reduced(node.target, [*below, *whole, *needed], contents[name])
            _native(reduced, contents[name], mistakes)
        self._refuse_without_use(config, contents, mistakes)
        return mistakes

    def in_full(self, key: str, at_root: Container[str]) -> str:
        """A key with the node that it is in, where it is the plain name of a prefix class's field.

        Args:
            key: that of an override.
            at_root: other names at the root of the config than the function's, config groups
                included.

        Raises:
            SweepError: several classes have it.
        """
        if not key.isidentifier() or key in at_root or key in self.nodes:
            return key
        classes = [cast("ParameterSet", parameters_of(node.cls)) for node in self.nodes.values()]
        held = any(key in one.defaults for one in classes)
        if key in self.root.fields or self.root.open or not held:
            return key
        return KeyResolver(None, classes, classes, {}).find(key).of.full(key)

    def unknown(self, key: str) -> str | None:
        """What is wrong with a key that no parameter and no field stands at; None where one does.

        What stands below a field is not looked at.

        Args:
            key: the key, without + or ++.
        """
        first, *below = key.split(".")
        if first in self.root.fields or self.root.open or self.root.has_configs:
            return None
        if first not in self.nodes:
            valid = [*self.root.fields, *self.nodes]
            return f"{self.root.name} has no parameter {key}.{self._meant(key, first, valid)}"
        target = self.nodes[first].target
        if not below or target.open or below[0] in target.fields:
            return None
        valid = [f"{first}.{name}" for name in target.fields]
        return f"{target.name} has no parameter {key}.{self._meant(key, below[0], valid)}"

    def _meant(self, key: str, name: str, valid: list[str]) -> str:
        """The hint at the key that was meant: what is near to it, or near to it within a node."""
        within = {
            field: f"{node}.{field}"
            for node, content in self.nodes.items()
            for field in content.target.fields
        }
        if key in sweeper_options():
            return f" Did you mean hydra.sweeper.{key}?"
        close = nearest(key, [*valid, *within.values()]) or within.get(nearest(name, within) or "")
        return f" Did you mean {close}?" if close else did_you_mean(key, valid)

    def _refuse_without_use(
        self, config: DictConfig, contents: Mapping[str, DictConfig], mistakes: list[str]
    ) -> None:
        if self.closed:
            _without_use(self.root, config, self.nodes, mistakes)
            for name, node in self.nodes.items():
                _without_use(node.target, contents[name], {}, mistakes)


def _of_a_script(app: App[..., Any]) -> Any:
    """The function as a script would have it.

    For one of an imported module, Hydra would look for configs in a package instead of beside the
    file, and fail without a package even where there are no configs. A notebook's cell counts as
    a file in the working directory.
    """
    function = inspect.unwrap(app)
    if not isinstance(function, FunctionType):  # an object that is called
        function = cast("FunctionType", app.__wrapped__)
    code, closure = function.__code__, function.__closure__
    if not Path(code.co_filename).exists():
        code = code.replace(co_filename=str(Path.cwd() / f"{function.__name__}.py"))
    stand_in = FunctionType(code, {}, function.__name__, None, closure)
    stand_in.__module__ = "__main__"
    vars(stand_in).update(vars(function))
    vars(stand_in).pop("__wrapped__", None)  # which Hydra would look at instead
    vars(stand_in)["__proto_fields__"] = app.__proto_fields__  # still a target of sweeps
    return stand_in


def _content(config: DictConfig, node: str, mistakes: list[str]) -> DictConfig:
    """The content of a prefix class's node; one that was deleted is empty."""
    try:
        content = config[node] if node in config else OmegaConf.create()
    except OmegaConfBaseException as error:
        mistakes.append(f"{node}: {str(error).splitlines()[0]}.")
        return OmegaConf.create()
    if isinstance(content, DictConfig):
        return content
    mistakes.append(
        f"{node} is {content!r}, but it has fields: write {node}.name=value for each of them."
    )
    return OmegaConf.create()


def _native(
    target: Target, config: DictConfig, mistakes: list[str], ignore: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The native values of a target; what is wrong with them is added to the mistakes."""
    try:
        return python_values(target, config, ignore or {})
    except SweepError as error:
        mistakes += [one.text for one in error.mistakes]
        return {}


def _without_use(
    target: Target, config: DictConfig, others: Mapping[str, Any], mistakes: list[str]
) -> None:
    """Adds the keys that were added (`+name=value`) and that nothing can read."""
    for key in () if target.open else config:
        # Before the job starts, Hydra's own config is among them.
        if key not in target.fields and key not in others and key != "hydra":
            valid = [*target.fields, *others]
            mistakes.append(f"{target.name} has no parameter {key}.{did_you_mean(str(key), valid)}")


def _required(target: Target) -> Iterator[str]:
    return (name for name, field in target.fields.items() if field.default is REQUIRED)


def _reduced(target: Target, names: Iterable[str], config: DictConfig) -> Target:
    """A target of some of its fields only, those aside whose values are for the job to resolve."""
    fields = {
        name: target.fields[name]
        for name in names
        if name in target.fields and not _holds_interpolation(config, name)
    }
    return replace(target, fields=fields, open=False)


def _holds_interpolation(config: DictConfig, name: str) -> bool:
    if name not in config.keys():  # noqa: SIM118 - a value that is missing is not in the config
        return False  # deleted
    if OmegaConf.is_interpolation(config, name):
        return True
    value: Any = config.get(name)  # None for one that is missing, which is told
    return OmegaConf.is_config(value) and _is_live(OmegaConf.to_container(value))


def _is_live(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_is_live, cast("dict[Any, Any]", value).values()))
    if isinstance(value, list):
        return any(map(_is_live, cast("list[Any]", value)))
    return isinstance(value, str) and live(value)


def _refuse_a_sweep_without_m() -> None:
    """Refuses, in a job of no multirun, what the command line gave the sweeper.

    What a config gives it stays without effect, as both kinds of run share the config; of a whole
    sweep that does not run there is a warning.

    Raises:
        JobError: options of the sweeper, with their values.
    """
    if not HydraConfig.initialized() or HydraConfig.get().mode != RunMode.RUN:
        return
    hydra = cast("dict[str, Any]", OmegaConf.to_container(HydraConfig.instance().cfg))["hydra"]
    sweeper: dict[str, Any] = hydra["sweeper"] if isinstance(hydra["sweeper"], dict) else {}
    defaults = sweeper_options()
    given = [
        line
        for line in cast("list[str]", hydra["overrides"]["hydra"])
        for name in re.findall(r"^\+*hydra\.sweeper\.(\w+)", line)
        if name in defaults and sweeper.get(name) != defaults[name]
    ]
    if given:
        of_sweeps = "is an option of sweeps" if len(given) == 1 else "are options of sweeps"
        raise JobError(f"{' and '.join(given)} {of_sweeps}, and this is a single run: add -m.")
    if sweeper.get("sweep"):
        log.warning(
            "hydra.sweeper.sweep is set, but this is a single run: add -m to run the sweep."
        )
