"""The values of a config, as the parameters that they are for hold them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from params_proto.app.current import Key
from params_proto.app.parameters import AmbiguousError, Names
from params_proto.errors import Mistake, SweepError, did_you_mean, together
from params_proto.fields import REQUIRED, convert

Values = dict[Key, dict[str, Any]]


def bound(config: Mapping[str, Any], names: Callable[[], Names]) -> Values:
    """The converted values of a config by function or class and name.

    Args:
        config: values by plain name (`lr`) or with the node (`training.lr`). Behind it may stand
            a path into the parameter's value: `optimizer.momentum`.
        names: what the keys can mean.

    Raises:
        SweepError: every key that stands for nothing or for several things, and every value that
            does not go into its field.
    """
    values, mistakes, ambiguous = _attempt(config, names())
    if ambiguous:
        import gc

        gc.collect()  # what nothing holds any more is not meant
        values, mistakes, _ = _attempt(config, names())
    if mistakes:
        raise together(mistakes)
    return values


def _attempt(config: Mapping[str, Any], names: Names) -> tuple[Values, list[Mistake], bool]:
    """The values, the mistakes, and whether one of them is that a key is ambiguous."""
    values: Values = {}
    mistakes: list[Mistake] = []
    ambiguous = False
    seen: dict[tuple[Key, str, tuple[str, ...]], str] = {}
    for key, value in config.items():
        try:
            owner, name, path = names.find(key)
            first = seen.setdefault((owner.key, name, tuple(path)), key)
            if first != key:
                raise SweepError(f"{first} and {key} are one parameter: give it once.")
            taken = values.setdefault(owner.key, {})
            if path:
                value = _replaced(taken.get(name, owner.value(name)), path, value, owner.full(name))
            taken[name] = owner.converted(name, value)
        except SweepError as error:
            mistakes.append(Mistake(str(error), key))
            ambiguous = ambiguous or isinstance(error, AmbiguousError)
    return values, mistakes, ambiguous


def _replaced(value: Any, path: Sequence[str], inner: Any, name: str) -> Any:
    """A copy of a mapping or dataclass object with another value at a path inside it."""
    first, rest = path[0], path[1:]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if first not in fields:
            raise SweepError(f"{name} has no field {first}.{did_you_mean(first, fields)}")
    elif isinstance(value, Mapping):
        fields = dict(cast("Mapping[Any, Any]", value))
    else:
        shown = "no value" if value is REQUIRED else repr(value)
        raise SweepError(f"{name} has nothing inside it to set: it is {shown}. Give it whole.")
    full = f"{name}.{first}"
    fields[first] = _replaced(fields.get(first), rest, inner, full) if rest else inner
    if isinstance(value, Mapping):
        return fields
    try:
        return convert(fields, type(value))
    except ValueError as error:
        raise SweepError(f"{full}={inner!r}: {error}.") from None
