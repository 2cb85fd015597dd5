"""What Hydra runs for each job: the body of a decorated function, with the values of the job."""

from __future__ import annotations

import functools
import inspect
import logging
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any, cast, get_args

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.errors import CompactHydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from params_proto._keys import full_key
from params_proto.app import current
from params_proto.app.current import BoundValues
from params_proto.app.prefix_class import PrefixClass
from params_proto.app.registry import find, nodes
from params_proto.errors import SweepError, combine_mistakes, nearest
from params_proto.fields import REQUIRED, Target
from params_proto.fields.schema import python_values
from params_proto.fields.signature import hints, unwrap

if TYPE_CHECKING:
    from params_proto.app.function import App

log = logging.getLogger(__name__)

_OPTION = "hydra.sweeper."  # the beginning of the sweeper's options


class JobError(CompactHydraException, SweepError):
    """Values that prevent a job from starting. Hydra shows the message without a traceback."""


class Task:
    """The task function of an app, for Hydra and for a launcher's processes.

    Args:
        app: the decorated function.
        targets: its parameters, then the fields of the prefix classes, with their defaults in the
            app.
        nodes: the prefix classes by node. They are pickled with the task, so that the other process
            can set their values.
        closed: whether the user has no configs of their own, which could have other keys.
    """

    __name__: str

    def __init__(
        self,
        app: App[..., Any],
        targets: Sequence[Target],
        nodes: Mapping[str, PrefixClass],
        closed: bool,
    ) -> None:
        functools.update_wrapper(self, app)  # for callbacks, which look at the task function
        # Hydra reads the config folder and the job's name from __wrapped__, which must look like a
        # script's function: for one of an imported module, Hydra would look for configs in a
        # package, and fail without one. A notebook's cell counts as a file in the directory.
        function = cast("FunctionType", inspect.unwrap(app))
        code, name = function.__code__, function.__name__
        if not Path(code.co_filename).exists():
            code = code.replace(co_filename=str(Path.cwd() / f"{name}.py"))
        script = FunctionType(code, {"__name__": "__main__"}, name, None, function.__closure__)
        vars(script).update(vars(function))
        self.__wrapped__ = script
        self.app = app
        self.targets = targets
        self.root = targets[0]
        self.nodes = nodes
        self.closed = closed

    @classmethod
    def of(cls, app: App[..., Any], *, closed: bool) -> Task:
        """The app with every prefix class defined so far; `closed` if the user has no configs."""
        root = app.__proto_parameters__
        classes = nodes()
        for name in classes.keys() & root.defaults.keys():
            raise SweepError(
                f"The class {classes[name].__proto_parameters__.title} and a parameter of"
                f" {root.title} are both {name!r} in the config: give the class another node,"
                f' @proto.prefix("{name}_"), or the parameter another name.'
            )
        for name, known in classes.items():
            # A script that is also imported defines the class twice: the app's own counts.
            own = find(app.__module__, known.__qualname__)
            same = isinstance(own, PrefixClass) and current.key_of(own) == current.key_of(known)
            classes[name] = own if same else known
        targets: list[Target] = []
        for parameters in (root, *[prefix.__proto_parameters__ for prefix in classes.values()]):
            # An assigned or currently bound value of a field is its default in the app.
            fields = {
                name: replace(field, default=parameters.value(name))
                for name, field in parameters.target.fields.items()
            }
            targets.append(replace(parameters.target, fields=fields))
        return cls(app, targets, classes, closed)

    def __reduce__(self) -> tuple[Any, ...]:
        seen: set[type] = set()
        for target in self.targets:
            for field in target.fields.values():
                _resolve_annotations(field.annotation, seen)
                _resolve_annotations(type(field.default), seen)
        return Task, (self.app, self.targets, self.nodes, self.closed)

    def __call__(self, config: DictConfig) -> Any:
        """Runs a job; raises one JobError for all values that are missing or do not fit."""
        if HydraConfig.get().mode == RunMode.RUN:
            _refuse_sweeper_options()
        mistakes: list[str] = []
        values: dict[str, dict[str, Any]] = {}
        for target in self.targets:
            values[target.node] = self._values(target, config, mistakes)
        if mistakes:
            error = combine_mistakes(mistakes)
            raise JobError(str(error), error.mistakes)
        arguments = values.pop("")
        of_classes = {
            self.nodes[node].__proto_parameters__.key: named for node, named in values.items()
        }
        with BoundValues(of_classes, is_job=True):
            return self.app.__wrapped__(**arguments)

    def check(self, config: DictConfig, keys: Iterable[str]) -> list[str]:
        """The mistakes in the values of overrides (by their keys), as the job would report them.

        A value with an interpolation is left to the job, as are the values of a node that no
        override changes, unless a required one is missing.
        """
        mistakes: list[str] = []
        given = {key.partition(".")[0] for key in keys}
        for target in self.targets:
            if not target.node or not OmegaConf.is_interpolation(config, target.node):
                self._values(target, config, mistakes, given)
        return mistakes

    def _values(
        self,
        target: Target,
        config: DictConfig,
        mistakes: list[str],
        given: Container[str] | None = None,
    ) -> dict[str, Any]:
        """The values of a target's fields in a job's config; mistakes are added to `mistakes`.

        To check a job before it runs, `given` has the fields and nodes that its overrides change.
        Interpolated fields are then left out, and other fields if they have a default.
        """
        content = OmegaConf.select(config, target.node, default=OmegaConf.create())
        if not isinstance(content, DictConfig):
            mistakes.append(
                f"{target.node} is {content!r}, but it has fields: write {target.node}.name=value"
                " for each of them."
            )
            content = OmegaConf.create()
        if self.closed:  # nothing could read a key added by +name=value
            keys = [full_key(target.node, str(key)) for key in content]
            mistakes += filter(None, map(self.unknown, keys))
        if given is not None:
            fields = {
                name: field
                for name, field in target.fields.items()
                if field.default is REQUIRED or name in given or target.node in given
                if not _is_interpolated(content, name)
            }
            target = replace(target, fields=fields, open=False)
        try:
            return python_values(target, content, self.nodes)
        except SweepError as error:
            mistakes += [mistake.text for mistake in error.mistakes]
            return {}

    def unknown(self, key: str) -> str | None:
        """What is wrong with a key that is neither a parameter nor a field, else None.

        Keys below a field, Hydra's own keys and config groups are not checked.
        """
        first, _, below = key.partition(".")
        target = next((other for other in self.targets[1:] if other.node == first), self.root)
        name = below.partition(".")[0] if target.node else first
        is_path = key.replace(".", "").isidentifier() and first != "hydra"
        if not is_path or not name or name in target.fields or target.open:
            return None
        valid = [*[full_key(target.node, field) for field in target.fields], *self.nodes]
        close = self.suggestion(key)
        hint = f" Did you mean {close}?" if close else f" Valid names: {', '.join(valid)}."
        return f"{target.name} has no parameter {key}.{hint}"

    def refuse_unknown(self, keys: Iterable[str]) -> None:
        """Raises for keys that are neither parameters nor fields."""
        mistakes = [*filter(None, map(self.unknown, keys))]
        if mistakes:
            raise combine_mistakes(mistakes)

    def suggestion(self, key: str) -> str | None:
        """The parameter or sweeper option that a key was probably meant to be."""
        Plugins.instance()  # makes the sweeper store its options, if no app has started
        options = ConfigStore.instance().load("hydra/sweeper/params_proto.yaml").node
        meant = {str(option): f"{_OPTION}{option}" for option in options}
        option = key.removeprefix(_OPTION)
        if option == key:
            names = [full_key(one.node, name) for one in self.targets for name in one.fields]
            names += self.nodes
            for name in names:  # lr and training_lr mean training.lr
                meant |= {name.rpartition(".")[2]: name, name.replace(".", "_"): name}
            meant |= zip(names, names, strict=True)
        elif "." in option:  # a key in the value of an option
            return None
        close = nearest(option, meant)
        return close and meant[close]


def _resolve_annotations(annotation: Any, seen: set[type]) -> None:
    """Replaces text annotations of a script's classes by the types they name.

    A launcher's worker gets such a class by value, without the names that the text refers to.
    """
    annotation = unwrap(annotation)
    parts = list[Any](get_args(annotation))
    if isinstance(annotation, type) and annotation.__module__ == "__main__":
        if annotation in seen:
            return
        seen.add(annotation)
        resolved = hints(annotation)
        own = {name: resolved[name] for name in inspect.get_annotations(annotation)}
        annotation.__annotations__ = own
        parts = [*annotation.__bases__, *own.values()]
    for part in parts:
        _resolve_annotations(part, seen)


def _is_interpolated(config: DictConfig, name: str) -> bool:
    r"""Whether a value is known only in a job. An escaped \\${ is left to the job as well."""
    if name not in config.keys():  # noqa: SIM118 - a missing value is not "in" the config
        return False  # deleted
    if OmegaConf.is_interpolation(config, name):
        return True
    value: Any = config.get(name)
    return OmegaConf.is_config(value) and "${" in str(OmegaConf.to_container(value))


def _refuse_sweeper_options() -> None:
    """Refuses options of the sweeper on the command line of a single run.

    In a config they have no effect, as both kinds of run share the config; a whole sweep there
    causes a warning.
    """
    hydra = cast("dict[str, Any]", OmegaConf.to_container(HydraConfig.get()))
    given = [
        line
        for line in hydra["overrides"]["hydra"]
        if re.match(r"\+*hydra\.sweeper\.(?!.*=null$)", line)  # null chooses nothing
    ]
    if given:
        raise JobError(
            f"{' and '.join(given)}: hydra.sweeper has options of sweeps, and this is a single run:"
            " add -m."
        )
    if hydra["sweeper"].get("sweep"):
        log.warning(
            "hydra.sweeper.sweep is set, but this is a single run: add -m to run the sweep."
        )
