"""Whether the members of enums in a sweep come back from their names in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from params_proto.algebra import steps
from params_proto.algebra.scope import Scope
from params_proto.errors import SweepError, shown
from params_proto.fields import convert
from params_proto.keys import in_full
from params_proto.values import identity

if TYPE_CHECKING:
    from params_proto.sweep import Sweep


def check_members(sweep: Sweep) -> None:
    """Checks that the targets of a sweep make members of the names that a file has for them.

    Without a target there is nothing that could: a file is then read with names.

    Args:
        sweep: a sweep that YAML has words for, so that no value is too deep.

    Raises:
        SweepError: a member in a field that would be a string when the file is read.
    """
    if not sweep.targets:
        return
    scope = Scope.of(sweep.targets)
    for step, key, value in _values(sweep.expression):
        named = _by_name(value)
        if named is value or identity(named) == identity(value):
            continue
        try:
            _, field = scope.resolve(key)
        except ValueError as error:  # several targets have it
            raise SweepError(f"{step}: {error}") from error
        if field is None:
            raise SweepError(
                f"{step}: {key} is no field of a target, so that the member {shown(value)} would be"
                " a string when the file is read. Give its name as text."
            )
        try:
            back = convert(named, field.annotation, field.default)
        except ValueError:
            back = named
        if identity(back) != identity(value):
            raise SweepError(
                f"{step}: {key}: a file holds {shown(value)} by name, and the field of {key} would"
                " leave that a string. Annotate the field with the enum, or give the name as text."
            )


def _values(expression: steps.Expression) -> Iterator[tuple[str, str, Any]]:
    """Every value of an expression, with the name of its step and its key in full."""
    for step in expression.steps:
        if isinstance(step, steps.Concat):
            for part in step.parts:
                yield from _values(part)
        elif isinstance(step, steps.Cross):
            yield from _values(step.inner)
        else:
            name = type(step).__name__.lower()
            for key, values in _by_key(step):
                if not isinstance(values, range):
                    yield from ((name, in_full(expression.prefix, key), one) for one in values)


def _by_key(step: steps.Step) -> Iterator[tuple[str, Sequence[Any]]]:
    if isinstance(step, (steps.Product, steps.Zip)):
        yield from ((axis.key, axis.values) for axis in step.axes)
    elif isinstance(step, (steps.Chain, steps.Set)):
        rows = step.rows if isinstance(step, steps.Chain) else (step.pins,)
        yield from ((key, [value]) for row in rows for key, value in row.items())
    elif isinstance(step, steps.Exclude):
        yield from step.match.items()


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
