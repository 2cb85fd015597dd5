"""Functions and classes with parameters, and the lookup of parameters by key."""

from __future__ import annotations

import keyword
import os
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, cast

from params_proto._keys import full_key
from params_proto.app import current
from params_proto.errors import Mistake, SweepError, combine_mistakes, did_you_mean, with_period
from params_proto.fields import Field, Target, convert
from params_proto.fields.signature import is_record, record_fields

if TYPE_CHECKING:
    from params_proto.app.function import App
    from params_proto.app.prefix_class import PrefixClass


@dataclass(eq=False)
class ParameterSet:
    """The parameters of a function, or the fields of a class.

    Pickled with its class, it includes the current values.

    Args:
        key: the key of its values.
        title: its name with its module, for messages about several of them.
        name: its name alone.
        node: where its fields are in the config: "" for the root.
        defaults: defaults by name; REQUIRED if there is none.
        annotations: returns the annotations of the fields when first needed, as the names in them
            may be defined after the function or class.
        others: the other public names of a class: methods and constants.
        takes_any: whether a function takes other names, too (`**kwargs`).
        has_configs: whether the user's configs may have other names.
    """

    key: current.Key
    title: str
    name: str
    node: str
    defaults: Mapping[str, Any]
    annotations: Callable[[], Mapping[str, Any]]
    others: Set[str] = frozenset()
    takes_any: bool = False
    has_configs: bool = False

    @cached_property
    def target(self) -> Target:
        """Its fields, with their annotations."""
        annotations = self.annotations()
        fields = {
            name: Field(name, annotations.get(name, Any), default)
            for name, default in self.defaults.items()
        }
        return Target(self.name, self.node, fields, self.takes_any, self.has_configs)

    def full(self, name: str) -> str:
        """The full name of a field in the config: `training.lr`."""
        return full_key(self.node, name)

    def value(self, name: str) -> Any:
        """The current value of a field, REQUIRED if it has none."""
        return current.lookup(self.key, name, self.defaults[name])

    def convert(self, name: str, value: Any) -> Any:
        """A value converted for its field; raises if it does not fit."""
        if name not in self.defaults:  # one of **kwargs
            return value
        field = self.target.fields[name]
        try:
            return convert(value, field.annotation, field.default)
        except ValueError as error:
            raise SweepError(f"{self.full(name)}={value!r}: {error}.") from None

    def __getstate__(self) -> tuple[Any, ...]:
        known = {name: field.annotation for name, field in self.target.fields.items()}
        content: dict[str, Any] = vars(self) | {"annotations": partial(dict[str, Any], known)}
        return content, current.current_values(self.key), os.getpid()

    def __setstate__(self, state: tuple[dict[str, Any], Mapping[str, Any], int]) -> None:
        content, values, sender = state
        vars(self).update(content)
        current.restore(self.key, values, sender)


functions: Final[dict[current.Key, App[..., Any]]] = {}
"""The `@proto.cli` functions. A redefinition replaces the old one."""

classes: Final[dict[current.Key, PrefixClass]] = {}
"""The `@proto.prefix` classes, in the order of definition, likewise."""


def find(module: str, name: str) -> Any:
    """The object of a qualified name in a module; None if there is none."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def check_node(title: str, node: str) -> None:
    """Raises if a class cannot be a node of this name."""
    is_name = node.isidentifier() and node.isascii() and not keyword.iskeyword(node)
    if not is_name or node in ("hydra", "defaults"):
        raise SweepError(
            f"{title} cannot be the node {node!r} of a config. Name another,"
            ' @proto.prefix("training"), of letters, digits and _; hydra, defaults and Python'
            " keywords are reserved."
        )


def nodes() -> dict[str, PrefixClass]:
    """All prefix classes by node; raises if two have the same one."""
    found: dict[str, PrefixClass] = {}
    for cls in list(classes.values()):
        parameters = cls.__proto_parameters__
        check_node(parameters.title, parameters.node)
        other = found.setdefault(parameters.node, cls).__proto_parameters__
        if other is not parameters:
            raise SweepError(
                f"{other.title} and {parameters.title} are both the node {other.node!r} of the"
                f' config: give one of them another, @proto.prefix("{other.node}_2").'
            )
    return found


Values = dict[current.Key, dict[str, Any]]
"""Values by function or class and name."""


def resolve(target: ParameterSet | None, config: Mapping[str, Any]) -> Values:
    """Checks values by name and converts them for their parameters; one error for all mistakes.

    Args:
        target: what is bound or called. Its names take precedence; a function also takes those of
            classes, a class only its own. None for any target that has the name.
        config: values by plain name (`lr`) or with the node (`training.lr`), optionally with a path
            into the value: `optimizer.momentum`.
    """
    candidates = [owner.__proto_parameters__ for owner in list(classes.values())]
    if target is None:
        candidates = [owner.__proto_parameters__ for owner in list(functions.values())] + candidates
    else:
        candidates = [target] if target.node else [target, *candidates]
    values: Values = {}
    mistakes: list[Mistake] = []
    seen: dict[object, str] = {}
    for key, value in config.items():
        try:
            owner, name, path = _find_parameter(key, target, candidates)
            first = seen.setdefault((owner.key, name, *path), key)
            if first != key:
                raise SweepError(f"{first} and {key} are one parameter: give it once.")
            given = values.setdefault(owner.key, {})
            if path:
                value = _replaced(given.get(name, owner.value(name)), path, value, owner.full(name))
            given[name] = owner.convert(name, value)
        except SweepError as error:
            mistakes.append(Mistake(str(error), key))
    if mistakes:
        raise combine_mistakes(mistakes)
    return values


def _find_parameter(
    key: str, target: ParameterSet | None, candidates: Sequence[ParameterSet]
) -> tuple[ParameterSet, str, Sequence[str]]:
    """The parameter for a key, and the path inside its value."""
    first, *rest = key.split(".")
    of_node = [
        owner for owner in candidates if rest and owner.node == first and rest[0] in owner.defaults
    ]
    if of_node:
        return only(rest[0], of_node), rest[0], rest[1:]
    if target is not None and target.takes_any and not rest:
        return target, first, rest
    owners = [owner for owner in candidates if first in owner.defaults]
    if owners:
        return only(first, [owner for owner in owners if not owner.node] or owners), first, rest
    who = "No function or prefix class has a" if target is None else f"{target.name} has no"
    valid = [owner.full(name) if rest else name for owner in candidates for name in owner.defaults]
    raise SweepError(f"{who} parameter {key}.{did_you_mean(key, dict.fromkeys(valid))}")


def only(name: str, found: Sequence[ParameterSet]) -> ParameterSet:
    """The only function or class with a name; raises if there are several."""
    if len(found) > 1:
        titles = " and ".join([owner.title for owner in found])
        fix = " or ".join([owner.full(name) for owner in found])
        if not found[0].node:
            fix = f"proto.bind({found[0].name}, ...) to choose one"
        raise SweepError(f"{name} is ambiguous: {titles} have it. Write {fix}.")
    return found[0]


def _replaced(value: Any, path: Sequence[str], inner: Any, name: str) -> Any:
    """A copy of a mapping or dataclass instance with another value at a path in it."""
    first, *rest = path
    kind = cast("Any", type(value))
    if isinstance(value, Mapping):
        fields = dict(cast("Mapping[Any, Any]", value))
    elif is_record(kind):
        fields = {field: getattr(value, field) for field in record_fields(kind)}
    else:
        raise SweepError(
            f"{name} has nothing inside it to set: it is {value!r}. Give a whole value."
        )
    fields[first] = _replaced(fields.get(first), rest, inner, f"{name}.{first}") if rest else inner
    try:
        return convert(fields, kind) if is_record(kind) else fields
    except ValueError as error:
        raise SweepError(with_period(f"{name}: {error}")) from None
