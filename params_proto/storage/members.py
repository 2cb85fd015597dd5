"""Whether the members of enums in a sweep come back from their names in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any, cast

from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Edit
from params_proto.errors import SweepError, shown
from params_proto.fields import convert
from params_proto.values import identity


def check_members(sweep: Builder) -> None:
    """Checks that the targets of a sweep make members of the names that a file has for them.

    Without a target there is nothing that could: a file is then read with names.

    Args:
        sweep: a sweep that YAML can represent, so that no value is too deep.

    Raises:
        SweepError: a member in a field that would be a string when the file is read.
    """
    if sweep.targets:
        for step in sweep.expression.all_steps():
            if not step.nested:
                step.map(Edit(values=partial(_check, sweep.scope, step.name)))


def _check(scope: Scope, step: str, key: str, values: Sequence[Any]) -> Sequence[Any]:
    for value in () if isinstance(values, range) else values:
        named = _by_name(value)
        if named is value or identity(named) == identity(value):
            continue
        try:
            _, field = scope.resolve(key)
        except ValueError as error:  # several targets have it
            raise SweepError(f"{step}: {error}") from error
        name = scope.plain(key)
        if field is None:
            raise SweepError(
                f"{step}: {name} is not a field of a target, so that the member {shown(value)}"
                " would be a string when the file is read. Give its name as text."
            )
        try:
            back = convert(named, field.annotation, field.default)
        except ValueError:
            back = named
        if identity(back) != identity(value):
            raise SweepError(
                f"{step}: {name}: a file holds {shown(value)} by name, and the field of {name}"
                " would leave that a string. Annotate the field with the enum, or give the name as"
                " text."
            )
    return values


def _by_name(value: Any) -> Any:
    """A value with names in place of members, as a file holds it."""
    if isinstance(value, Enum):
        return value.name
    kind = cast("type[Any]", type(value))
    if kind is dict:
        entries = cast("Mapping[Any, Any]", value).items()
        return {_by_name(key): _by_name(element) for key, element in entries}
    if kind in (list, tuple, set, frozenset):
        return cast("Any", kind)([_by_name(element) for element in value])
    return value
