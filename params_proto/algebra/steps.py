"""The steps of an expression: each knows its keys, its space, its plain form and its text.

A `set` applies as if it came first, and a later one wins. So the space of each step is computed
with its own pins and those of later steps: an axis over nothing but a pinned key becomes that
value, a zip or a chain keeps its rows, and steps that read configs (`where`, `exclude`, `derive`)
see later pins, too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, ClassVar, cast

from params_proto._text import arguments_text, stable_repr
from params_proto._values import equality_key, length
from params_proto.algebra.space import Config, Rows, Space, constant, times

if TYPE_CHECKING:
    from params_proto.algebra.expression import Expression
    from params_proto.algebra.readers import ConfigFunction
    from params_proto.fields import Field

Axes = Mapping[str, Sequence[Any]]
"""Values by key: tuples, or ranges, which are never expanded."""
Pins = Mapping[str, Any]
"""The values that a step and those after it pin."""


@dataclass(frozen=True)
class Edit:
    """What `Expression.map` changes.

    Args:
        key: returns the new name of a key.
        values: returns the new values of a key, by its former name.
        function: replaces a user's function; also gets its step.
        field: returns the field of a derived key, by its former name.
    """

    key: Callable[[str], str] = lambda key: key
    values: Callable[[str, Sequence[Any]], Sequence[Any]] = lambda _, values: values
    function: Callable[[ConfigFunction, str], ConfigFunction] = lambda function, _: function
    field: Callable[[str], Field | None] | None = None


class Step(ABC):
    """One step of an expression. Steps are equal if all of their values are."""

    parts: tuple[Expression, ...] = ()  # the expressions among its arguments
    multiplies: ClassVar[bool] = False  # may give more than one config
    reads: ClassVar[bool] = False  # acts on the configs of the steps before it as a whole
    filters: ClassVar[bool] = False
    calls: bool = False  # calls a function of the user
    needs_axes: ClassVar[bool] = False  # has no effect in a file before any axis
    lists: ClassVar[bool] = True  # holds a sequence of values for each key, not one value
    in_turn: ClassVar[bool] = False  # its keys act one after the other, not together

    @property
    def name(self) -> str:
        """The name of its method, and of the step in files."""
        return type(self).__name__.lower()

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        """Its values by key; a config gets the keys of one group."""
        return ()

    def of_groups(self, groups: Sequence[Mapping[str, Any]]) -> Step:
        """A step of the same kind with other groups."""
        return cast("Any", type(self))(*groups)

    @property
    def places(self) -> Mapping[str, str]:
        """The keys that the step sets, each with the name of the method that set it."""
        return dict.fromkeys(chain.from_iterable(self.groups), self.name)

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with each value that the step gives it, except long ranges."""
        for group in self.groups:
            for key, held in group.items():
                values = held if self.lists else (held,)
                if not isinstance(values, range):
                    yield from zip(repeat(key), values, strict=False)

    def values_beside(self, key: str, other: str | None) -> Iterator[Any]:
        """The values of a key in configs to which the step also gives the key `other`, if any."""
        for group in self.groups:
            if key in group and (other is None or other in group):
                values = group[key] if self.lists else (group[key],)
                yield from values[:1] if isinstance(values, range) else values

    def map(self, edit: Edit) -> Step:
        """The step with an edit applied."""
        if not self.groups:
            return self

        def edited(key: str, held: Any) -> Any:
            return edit.values(key, held) if self.lists else edit.values(key, (held,))[0]

        return self.of_groups(
            [{edit.key(key): edited(key, group[key]) for key in group} for group in self.groups]
        )

    def replace_keys(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        """The step without some of its keys, with a block of steps in place of the first one."""
        order = list(self.places)
        cut = next(at for at, key in enumerate(order) if key in keys)
        if cut and not self.in_turn:
            cut = len(order)

        def kept(part: Iterable[str]) -> list[Step]:
            rest = {key for key in part if key not in keys}
            groups = [{key: group[key] for key in group if key in rest} for group in self.groups]
            return [self.of_groups(groups)] if rest else []

        return [*kept(order[:cut]), *block, *kept(order[cut:])]

    @abstractmethod
    def space(self, before: Space, pins: Pins) -> Space:
        """The space of the steps up to this one."""

    @abstractmethod
    def plain(self) -> Any:
        """Its arguments in a file."""

    def text(self, left: str, head: str) -> tuple[str, bool]:
        """The Python text of this step after a term, and whether that is one term again."""
        return left + self.call(), True

    def call(self) -> str:
        """The Python text of its call, for a step without expressions."""
        return ""

    def identity(self) -> Hashable:
        """A hashable key for equality, strict about types."""
        return equality_key([getattr(self, part.name) for part in fields(cast("Any", self))])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.identity() == other.identity()

    def __hash__(self) -> int:
        return hash((type(self), self.identity()))


@dataclass(eq=False)
class AxesStep(Step):
    """A step with a sequence of values for each of its keys."""

    axes: Axes

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        return (self.axes,)

    def plain(self) -> Any:
        return {key: plain_axis(values) for key, values in self.axes.items()}

    def call(self) -> str:
        axes = {key: axis_text(values) for key, values in self.axes.items()}
        return f".{self.name}({arguments_text(axes)})"

    def identity(self) -> Hashable:
        return tuple([(key, axis_key(values)) for key, values in self.axes.items()])


class Product(AxesStep):
    """Multiplies by every combination; the last axis varies fastest."""

    multiplies = True
    in_turn = True

    def space(self, before: Space, pins: Pins) -> Space:
        axes = [
            constant(key, pins[key]) if key in pins else Rows((key,), (values,), length(values))
            for key, values in self.axes.items()
        ]
        return times(before, *axes)


class Zip(Product):
    """Multiplies by one axis of paired values."""

    in_turn = False

    def space(self, before: Space, pins: Pins) -> Space:
        names = tuple(self.axes)
        if pins.keys() >= self.axes.keys():
            return times(before, Rows(names, tuple([(pins[name],) for name in names]), 1))
        count = length(self.axes[names[0]])
        columns = [(pins[k],) * count if k in pins else column for k, column in self.axes.items()]
        return times(before, Rows(names, tuple(columns), count))


@dataclass(eq=False)
class Set(Step):
    """Pins keys, as if it came first."""

    pins: Config
    lists = False

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        return (self.pins,)

    def space(self, before: Space, pins: Pins) -> Space:
        late = [key for key in self.pins if key not in before.keys]
        return times(before, *[constant(key, pins[key]) for key in late])

    def plain(self) -> Any:
        return dict(self.pins)

    def call(self) -> str:
        pins = {key: stable_repr(pin) for key, pin in self.pins.items()}
        return f".set({arguments_text(pins)})"


@dataclass(eq=False)
class Repeat(Step):
    """Each config `times` times in a row."""

    times: int
    multiplies = True

    def space(self, before: Space, pins: Pins) -> Space:
        return times(before, Rows((), (), self.times))

    def plain(self) -> Any:
        return self.times

    def call(self) -> str:
        return f".repeat({stable_repr(self.times)})"


# --- values as text: in a file, and as Python writes them

ABBREVIATE_ABOVE = 50  # longer axes, ranges in files and tables in notebooks are abbreviated


def plain_axis(values: Sequence[Any]) -> list[Any] | str:
    """The values of a key in a file: a list, or the ends of a long range."""
    if not isinstance(values, range) or length(values) <= ABBREVIATE_ABOVE:
        return list(values)
    step = f",{values.step}" if values.step != 1 else ""
    return f"range({values.start},{values.stop}{step})"


def axis_text(values: Sequence[Any]) -> str:
    """The values of a key in Python: a list, or a range."""
    return stable_repr(values) if isinstance(values, range) else f"[{listed(values)}]"


def listed(values: Sequence[Any]) -> str:
    """The values of a list or the rows of a chain, shortened in the middle."""
    if len(values) <= ABBREVIATE_ABOVE:
        return ", ".join(map(stable_repr, values))
    return ", ".join([*map(stable_repr, values[:3]), "...", stable_repr(values[-1])])


def axis_key(values: Sequence[Any]) -> Hashable:
    """A key for the equality of axes: a range equals the list of its numbers, as in a file.

    >>> axis_key(range(3)) == axis_key([0, 1, 2]), axis_key([0, 1, 2]) == axis_key([0.0, 1, 2])
    (True, False)
    """
    plain = plain_axis(values)
    return values if isinstance(plain, str) else tuple(map(equality_key, plain))
