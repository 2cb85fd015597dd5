"""The steps of an expression: each knows its keys, its space, its plain form and its text.

A `set` counts as if it stood first, and a later one wins. So each step is laid out with the pins of
itself and the steps after it: an axis over a pinned key alone becomes that one value, a zip or a
chain keeps its rows, and what reads configs on the way (`where`, `exclude`, `derive`) sees the pins
of later steps too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from params_proto._text import arguments_text, name_of, stable_repr
from params_proto._values import axis_key, equality_key, length, to_python
from params_proto.algebra import template, views
from params_proto.algebra.scope import below_node, into_field, misfit
from params_proto.algebra.space import Config, Rows, Space, axis, constant, times
from params_proto.errors import SweepError, shown
from params_proto.overrides.parse import may_sweep

if TYPE_CHECKING:
    from params_proto.algebra.expression import Expression
    from params_proto.fields import Field

Axes = Mapping[str, Sequence[Any]]
"""Values by key: tuples, or ranges, which are never listed out."""
Pins = Mapping[str, Any]
"""The values that a step and those after it pin."""


class Reader(NamedTuple):
    """A user's function of a config, which names the keys below a node by their plain names."""

    function: Callable[[Config], Any]
    node: str = ""

    def __call__(self, config: Config, before: Space, late: Pins) -> Any:
        """Calls the function on a copy of a config of a space, with the pins of later steps."""
        if late:
            config = {**{key: to_python(pin) for key, pin in late.items()}, **config}
        whole = before.renew(dict(config))
        return self.function(_Read({below_node(self.node, key): whole[key] for key in whole}))


class _Read(Config):
    """A config that a function reads."""

    def __missing__(self, key: object) -> Any:
        longer = [name for name in self if name.endswith(f".{key}")]
        if longer:
            raise KeyError(f"{key} is named {' or '.join(longer)} in the configs of this sweep")
        raise KeyError(key)


@dataclass(frozen=True)
class Edit:
    """What `Expression.map` changes.

    Args:
        key: the new name of a key.
        values: the new values of a key, by its former name.
        function: what takes the place of a user's function; with the step that it is in.
        field: the field of a key, by its former name, into which a derived value goes.
    """

    key: Callable[[str], str] = lambda key: key
    values: Callable[[str, Sequence[Any]], Sequence[Any]] = lambda _, values: values
    function: Callable[[Reader, str], Reader] = lambda reader, _: reader
    field: Callable[[str], Field | None] | None = None


class Step(ABC):
    """One step of an expression. Steps are equal when they say the same, value by value."""

    parts: tuple[Expression, ...] = ()  # the expressions among its arguments
    multiplies: ClassVar[bool] = False  # may give more than one config
    reads: ClassVar[bool] = False  # acts on the configs of the steps before it as a whole
    filters: ClassVar[bool] = False
    calls: bool = False  # calls a function of the user
    needs_axes: ClassVar[bool] = False  # has no effect in a file before any axis
    lists: ClassVar[bool] = True  # holds a sequence of values for each key, not one value
    gives: ClassVar[bool] = True  # sets its keys in the configs
    in_turn: ClassVar[bool] = False  # its keys act one after the other, not together

    @property
    def name(self) -> str:
        """The name of its method, and of the step in a file."""
        return type(self).__name__.lower()

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        """What it holds by key; a config gets the keys of one group."""
        return ()

    def of_groups(self, groups: Sequence[Mapping[str, Any]]) -> Step:
        """A step of the same kind with other groups."""
        return cast("Any", type(self))(*groups)

    @property
    def places(self) -> Mapping[str, str]:
        """The keys that the step gives a value, and the method of Sweep that did it."""
        groups = self.groups if self.gives else ()
        return dict.fromkeys(chain.from_iterable(groups), self.name)

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with every value that the step gives it, long ranges aside."""
        for group in self.groups if self.gives else ():
            for key, held in group.items():
                if not self.lists:
                    yield key, held
                elif not isinstance(held, range):
                    yield from ((key, value) for value in held)

    def values_beside(self, key: str, other: str | None) -> Iterator[Any]:
        """The values of a key in configs to which the step gives another, too, if one is named."""
        for group in self.groups:
            if key in group and (other is None or other in group):
                values = group[key] if self.lists else (group[key],)
                yield from values[:1] if isinstance(values, range) else values

    def map(self, edit: Edit) -> Step:
        """The step with an edit made in it."""
        if not self.groups:
            return self
        if self.lists:
            return self.of_groups(
                [{edit.key(k): edit.values(k, group[k]) for k in group} for group in self.groups]
            )
        return self.of_groups(
            [{edit.key(k): edit.values(k, (group[k],))[0] for k in group} for group in self.groups]
        )

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        """The step without some of its keys, other steps where the first of them was."""
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
        """The space of the steps before it and this one."""

    @abstractmethod
    def plain(self) -> Any:
        """Its arguments in a file."""

    def text(self, left: str, head: str) -> tuple[str, bool]:
        """The Python text that has this step behind a term, and whether it is one term."""
        return left + self.call(), True

    def call(self) -> str:
        """The Python text of its call; of a step without expressions."""
        return ""

    def identity(self) -> Hashable:
        """What makes two steps equal; hashable, strict about types."""
        return equality_key([getattr(self, part.name) for part in fields(cast("Any", self))])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.identity() == other.identity()

    def __hash__(self) -> int:
        return hash((type(self), self.identity()))


@dataclass(eq=False)
class _Axes(Step):
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


class Product(_Axes):
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
class Chain(Step):
    """Multiplies by one axis of rows."""

    rows: tuple[Config, ...]
    multiplies = True
    lists = False

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        return self.rows

    def of_groups(self, groups: Sequence[Mapping[str, Any]]) -> Step:
        return Chain(tuple(map(dict, groups)))

    def space(self, before: Space, pins: Pins) -> Space:
        order = self.places
        pinned = {key: pins[key] for key in order if key in pins}
        if not pinned:
            return times(before, axis(self.rows))
        if pinned.keys() == order.keys():
            return times(before, axis([pinned]))
        rows = [{**row, **pinned} for row in self.rows]
        # In the order of the chain, where a row gets a key by a pin.
        rows = [
            row if len(row) == len(own) else {key: row[key] for key in order if key in row}
            for row, own in zip(rows, self.rows, strict=True)
        ]
        return times(before, axis(rows))

    def plain(self) -> Any:
        return [dict(row) for row in self.rows]

    def call(self) -> str:
        return f".chain({_listed(self.rows)})"


@dataclass(eq=False)
class Set(Step):
    """Pins keys, as if it stood first."""

    pins: Config
    lists = False

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        return (self.pins,)

    def space(self, before: Space, pins: Pins) -> Space:
        late = late_pins(before, pins)
        return times(before, *[constant(key, late[key]) for key in self.pins if key in late])

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


class Exclude(_Axes):
    """Drops the configs that have, for every key, one of its values."""

    gives = False
    reads = True
    filters = True
    needs_axes = True

    def space(self, before: Space, pins: Pins) -> Space:
        return views.Filtered(before, self._keeps)

    def _keeps(self, config: Config) -> bool:
        return not all(
            key in config and _is_among(options, config[key]) for key, options in self.axes.items()
        )

    def plain(self) -> Any:
        return {
            key: options[0]
            if _is_one(options) and not (isinstance(options[0], str) and may_sweep(options[0]))
            else plain_axis(options)
            for key, options in self.axes.items()
        }

    def call(self) -> str:
        match = {
            key: stable_repr(options[0]) if _is_one(options) else axis_text(options)
            for key, options in self.axes.items()
        }
        return f".exclude({arguments_text(match)})"


def _is_one(options: Sequence[Any]) -> bool:
    """Whether an `exclude` names one value, which needs no list."""
    return length(options) == 1 and not isinstance(options[0], (list, range))


def _is_among(options: Sequence[Any], value: Any) -> bool:
    """Whether an `exclude` means a value: its `1` means `1.0`, but not `True`; nan is nan."""
    if isinstance(options, range) and type(value) is int:
        return value in options
    return any(
        isinstance(value, bool) is isinstance(option, bool)
        and (bool(value == option) or (value != value and option != option))
        for option in options
    )


@dataclass(eq=False)
class Where(Step):
    """Keeps the configs for which a predicate is true."""

    predicate: Reader
    reads = True
    filters = True
    calls = True

    def map(self, edit: Edit) -> Step:
        return Where(edit.function(self.predicate, "where"))

    def space(self, before: Space, pins: Pins) -> Space:
        test = partial(self.predicate, before=before, late=late_pins(before, pins))
        return views.Filtered(before, test)

    def plain(self) -> Any:
        raise SweepError(
            "where(...) cannot be saved: a file cannot hold a function. Use exclude(), or save the"
            " configs that it leaves: .jsonl."
        )

    def call(self) -> str:
        return f".where({name_of(self.predicate.function)})"


@dataclass(eq=False)
class Derive(Step):
    """Adds keys, each computed from the config: by a format string or a function.

    The computed values go into `fields`, which like targets do not count.
    """

    rules: Mapping[str, str | Reader]
    fields: Mapping[str, Field] = field(default_factory=dict[str, Any])
    lists = False
    in_turn = True
    reads = True

    @property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        return (self.rules,)

    def of_groups(self, groups: Sequence[Mapping[str, Any]]) -> Step:
        return Derive(groups[0], self.fields)

    def __post_init__(self) -> None:
        self.calls = any(isinstance(rule, Reader) for rule in self.rules.values())

    def entries(self) -> Iterator[tuple[str, Any]]:
        return iter(())

    def map(self, edit: Edit) -> Step:
        field_of = edit.field or self.fields.get
        rules: dict[str, str | Reader] = {}
        into: dict[str, Field] = {}
        for key, rule in self.rules.items():
            if isinstance(rule, str):
                rules[edit.key(key)] = template.renamed(rule, edit.key)
            else:
                rules[edit.key(key)] = edit.function(rule, f"derive: {key}")
            found = field_of(key)
            if found is not None:
                into[edit.key(key)] = found
        return Derive(rules, into)

    def space(self, before: Space, pins: Pins) -> Space:
        for key in self.rules:
            if key in pins:
                before = times(before, constant(key, pins[key]))
            else:
                late = late_pins(before, pins)
                before = views.Derived(before, key, partial(self._value, key, late, before))
        return before

    def _value(self, key: str, late: Pins, before: Space, config: Config) -> Any:
        rule = self.rules[key]
        if isinstance(rule, str):
            value: Any = template.fill(rule, {**late, **config}, key)
        else:
            value = to_python(rule(config, before, late))
        field = self.fields.get(key)
        if field is None:
            return value
        try:
            return into_field(value, field)
        except ValueError as error:
            raise SweepError(f"derive: {misfit(key, field, value, error)}") from error

    def plain(self) -> Any:
        for key, rule in self.rules.items():
            if not isinstance(rule, str):
                raise SweepError(
                    f"derive: {key}: a file cannot hold a function. Write a format string,"
                    f' {key}="lr{{lr}}", or save the configs: .jsonl.'
                )
        return dict(self.rules)

    def call(self) -> str:
        rules = {k: one if isinstance(one, str) else one.function for k, one in self.rules.items()}
        return f".derive({arguments_text({k: stable_repr(one) for k, one in rules.items()})})"

    def identity(self) -> Hashable:
        return equality_key(list(self.rules.items()))


@dataclass(eq=False)
class Shuffle(Step):
    """All configs in a seeded order, or the first `n` of them: a sample."""

    seed: int
    n: int | None = None
    reads = True
    needs_axes = True

    @property
    def name(self) -> str:
        return "shuffle" if self.n is None else "sample"

    def space(self, before: Space, pins: Pins) -> Space:
        shuffled = views.Shuffled(before, self.seed)
        if self.n is None:
            return shuffled
        if self.n > before.size:
            raise SweepError(
                f"sample({shown(self.n)}) asks for more configs than there are:"
                f" {shown(before.size)}. Ask for fewer, or leave the sample out."
            )
        return views.Picked(shuffled, range(self.n))

    def plain(self) -> Any:
        return {"seed": self.seed} if self.n is None else {"n": self.n, "seed": self.seed}

    def call(self) -> str:
        count = "" if self.n is None else f"{stable_repr(self.n)}, "
        return f".{self.name}({count}seed={stable_repr(self.seed)})"


@dataclass(eq=False)
class Slice(Step):
    """A part, as Python slices; `None` is the end that the step runs to or from."""

    start: int | None
    stop: int | None
    step: int
    reads = True
    needs_axes = True

    @classmethod
    def of(cls, part: slice, size: int) -> Slice:
        """The part of `size` configs that a Python slice takes, its ends counted from the front.

        >>> Slice.of(slice(-3, None), 9)
        Slice(start=6, stop=None, step=1)
        """
        start, stop, step = part.indices(size)
        # Of no configs too: a pin that comes later may leave some.
        takes_all = part.start is None and part.stop is None
        if not (takes_all or range(start, stop, step)):
            return cls(None, 0, 1)
        if step > 0:
            return cls(start or None, None if stop >= size else stop, step)
        return cls(None if start >= size - 1 else start, None if stop < 0 else stop, step)

    def space(self, before: Space, pins: Pins) -> Space:
        ends = [end + (self.step < 0) for end in (self.start, self.stop) if end is not None]
        rows = range(*slice(self.start, self.stop, self.step).indices(before.size))
        if max(ends, default=0) > before.size or (self.start is not None and not rows):
            raise SweepError(
                f"slice {self.call()} asks for more configs than there are: {before.size}."
                " Cut the sweep after pinning its keys, not before."
            )
        return views.Picked(before, rows)

    def plain(self) -> Any:
        ends = ["" if end is None else str(end) for end in (self.start, self.stop)]
        return ":".join(ends if self.step == 1 else [*ends, str(self.step)])

    def call(self) -> str:
        return f"[{self.plain()}]"


def late_pins(before: Space, pins: Pins) -> Pins:
    """The pins of keys that no step has given a value yet."""
    return {key: value for key, value in pins.items() if key not in before.keys}


# --- values as text: in a file, and as Python writes them

LISTED = 10  # what is longer is shown by its ends: a range in a file, a notebook's table
_SHOWN = 50  # values of an axis that are all shown


def plain_axis(values: Sequence[Any]) -> list[Any] | str:
    """The values of a key in a file: a list, or of a long range its ends."""
    if not isinstance(values, range) or length(values) <= LISTED:
        return list(values)
    step = f",{values.step}" if values.step != 1 else ""
    return f"range({values.start},{values.stop}{step})"


def axis_text(values: Sequence[Any]) -> str:
    """The values of a key in Python: a list, or a range."""
    return stable_repr(values) if isinstance(values, range) else f"[{_listed(values)}]"


def _listed(values: Sequence[Any]) -> str:
    """The values of a list or the rows of a chain; of many the ends."""
    if len(values) <= _SHOWN:
        return ", ".join(map(stable_repr, values))
    return ", ".join([*map(stable_repr, values[:3]), "...", stable_repr(values[-1])])
