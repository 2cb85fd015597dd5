"""Whether the members of enums in a sweep come back from their names in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import partial
from typing import Any, cast

from params_proto._values import equality_key
from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope, into_field
from params_proto.algebra.steps import Edit
from params_proto.errors import SweepError, shown


def check_members(sweep: Builder) -> None:
    """Checks that the targets of a sweep make members of the names that a file has for them.

    Without a target there is nothing that could: a file is then read with names.

    Raises:
        SweepError: a member in a field that would be a string when the file is read.
    """
    if sweep.targets:
        sweep.expression.map(Edit(values=partial(_check, sweep.scope)))


def _check(scope: Scope, key: str, values: Sequence[Any]) -> Sequence[Any]:
    for value in () if isinstance(values, range) else values:
        named = _by_name(value)
        if named is not value and equality_key(_read_back(scope, key, named)) != equality_key(
            value
        ):
            raise SweepError(
                f"{scope.plain(key)}: a file holds {shown(value)} by name, which is a string when"
                " the file is read. Annotate the field with the enum, or give the name as text."
            )
    return values


def _read_back(scope: Scope, key: str, named: Any) -> Any:
    """What a value in a file is once the targets are given."""
    try:
        field = scope.resolve(key)[1]
        return named if field is None else into_field(named, field)
    except ValueError:  # several targets have the key, or the field does not hold the name
        return named


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
