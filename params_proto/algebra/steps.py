"""The steps of an expression: each knows its keys, its space, its plain form and its text.

A `set` counts as if it stood first, and a later one wins. So each step is laid out with the pins of
itself and the steps after it: an axis over a pinned key alone becomes that one value, a zip or a
chain keeps its rows, and what reads configs on the way (`where`, `exclude`, `derive`) sees the pins
of later steps too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from params_proto._text import name_of, stable_repr
from params_proto._values import AxisIdentity, equality_key, length, to_python
from params_proto.algebra import template, views
from params_proto.algebra.display import axis_text, call_text, options_text, rows_text
from params_proto.algebra.scope import below_node, derived
from params_proto.algebra.space import Config, Rows, Space, axis, constant, indices, times
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
        whole = before.renew(_Read(config))
        if self.node:
            whole = _Read({below_node(self.node, key): value for key, value in whole.items()})
        return self.function(whole)


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

    def axes(self, axes: Axes) -> dict[str, Sequence[Any]]:
        """Keys with several values each."""
        return {self.key(key): self.values(key, values) for key, values in axes.items()}

    def row(self, row: Config) -> Config:
        """Keys with one value each."""
        return {self.key(key): self.values(key, (value,))[0] for key, value in row.items()}


class Step(ABC):
    """One step of an expression. Steps are equal when they say the same, value by value."""

    multiplies: ClassVar[bool] = False  # may give more than one config
    reads: ClassVar[bool] = False  # acts on the configs of the steps before it as a whole
    filters: ClassVar[bool] = False
    needs_axes: ClassVar[bool] = False  # has no effect in a file before any axis

    @property
    def name(self) -> str:
        """The name of its method, and of the step in a file."""
        return type(self).__name__.lower()

    @property
    def places(self) -> Mapping[str, str]:
        """The keys that the step gives a value, and the method of Sweep that did it."""
        return {}

    @property
    def nested(self) -> tuple[Expression, ...]:
        """The expressions among its arguments."""
        return ()

    @property
    def functions(self) -> list[Reader]:
        """The user's functions that it calls."""
        return []

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with every value that the step gives it, long ranges aside."""
        return iter(())

    def gives(self, key: str, *, mapping: bool = False) -> bool:
        """Whether it gives a key a value, or one that is a mapping."""
        if not mapping:
            return key in self.places
        return any(name == key and is_mapping(value) for name, value in self.entries())

    def share_config(self, one: str, other: str, *, mapping: bool = False) -> bool:
        """Whether a config may get both of two keys from this step, which gives them."""
        return True

    def merged(self, following: Step) -> Step | None:
        """This step and the next as one; None where they are two."""
        return None

    def map(self, edit: Edit) -> Step:
        """The step with an edit made in it."""
        return self

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        """The step without some of its keys, other steps where the first of them was."""
        return [self]

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

    @cached_property
    def identity(self) -> Hashable:
        """What makes two steps equal; hashable, strict about types."""
        return self._identity()

    def _identity(self) -> Hashable:
        return equality_key(list(self.__getstate__().values()))

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.identity == other.identity

    def __hash__(self) -> int:
        return hash((type(self), self.identity))

    def __getstate__(self) -> dict[str, Any]:
        # Without what has been computed from the fields, which need not survive a pickle.
        return {part.name: getattr(self, part.name) for part in fields(cast("Any", self))}


@dataclass(eq=False)
class Product(Step):
    """Multiplies by every combination; the last axis varies fastest."""

    axes: Axes
    multiplies = True

    @property
    def places(self) -> Mapping[str, str]:
        return dict.fromkeys(self.axes, self.name)

    def entries(self) -> Iterator[tuple[str, Any]]:
        for key, values in self.axes.items():
            if not isinstance(values, range):
                yield from ((key, value) for value in values)

    def merged(self, following: Step) -> Step | None:
        return Product({**self.axes, **following.axes}) if type(following) is Product else None

    def map(self, edit: Edit) -> Step:
        return type(self)(edit.axes(self.axes))

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        return _apart(self.axes, keys, block, Product)

    def space(self, before: Space, pins: Pins) -> Space:
        axes = [
            constant(key, pins[key]) if key in pins else Rows((key,), (values,), length(values))
            for key, values in self.axes.items()
        ]
        return times(before, *axes)

    def plain(self) -> Any:
        return {key: _plain_axis(values) for key, values in self.axes.items()}

    def call(self) -> str:
        return call_text(self.name, {key: axis_text(values) for key, values in self.axes.items()})

    def _identity(self) -> Hashable:
        return tuple([(key, AxisIdentity(values)) for key, values in self.axes.items()])


class Zip(Product):
    """Multiplies by one axis of paired values."""

    def merged(self, following: Step) -> Step | None:
        return None

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        return _together(self.axes, keys, block, Zip)

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

    @property
    def places(self) -> Mapping[str, str]:
        return dict.fromkeys(chain.from_iterable(self.rows), self.name)

    def entries(self) -> Iterator[tuple[str, Any]]:
        return chain.from_iterable(row.items() for row in self.rows)

    def share_config(self, one: str, other: str, *, mapping: bool = False) -> bool:
        rows = [row for row in self.rows if one in row and other in row]
        return any(is_mapping(row[one]) for row in rows) if mapping else bool(rows)

    def map(self, edit: Edit) -> Step:
        return Chain(tuple(map(edit.row, self.rows)))

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        def without(rest: Mapping[str, Any]) -> Step:
            return Chain(tuple([{k: row[k] for k in row if k in rest} for row in self.rows]))

        return _together(self.places, keys, block, without)

    def space(self, before: Space, pins: Pins) -> Space:
        order = self.places
        pinned = {key: pins[key] for key in order if key in pins}
        if not pinned:
            return times(before, axis(self.rows))
        if pinned.keys() == order.keys():
            return times(before, axis([pinned]))
        rows = [{**row, **pinned} for row in self.rows]
        # In the order of the chain, where a row gets a key by a pin.
        return times(
            before,
            axis(
                [
                    row if len(row) == len(own) else {key: row[key] for key in order if key in row}
                    for row, own in zip(rows, self.rows, strict=True)
                ]
            ),
        )

    def plain(self) -> Any:
        return [dict(row) for row in self.rows]

    def call(self) -> str:
        return f".chain({', '.join(rows_text(self.rows))})"


@dataclass(eq=False)
class Set(Step):
    """Pins keys, as if it stood first."""

    pins: Config

    @property
    def places(self) -> Mapping[str, str]:
        return dict.fromkeys(self.pins, self.name)

    def entries(self) -> Iterator[tuple[str, Any]]:
        return iter(self.pins.items())

    def merged(self, following: Step) -> Step | None:
        return Set({**self.pins, **following.pins}) if isinstance(following, Set) else None

    def map(self, edit: Edit) -> Step:
        return Set(edit.row(self.pins))

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        return _together(self.pins, keys, block, Set)

    def space(self, before: Space, pins: Pins) -> Space:
        return times(before, *constants(self.pins, before, pins))

    def plain(self) -> Any:
        return dict(self.pins)

    def call(self) -> str:
        return call_text(self.name, {key: stable_repr(pin) for key, pin in self.pins.items()})


@dataclass(eq=False)
class Repeat(Step):
    """Each config `times` times in a row."""

    times: int
    multiplies = True

    def merged(self, following: Step) -> Step | None:
        return Repeat(self.times * following.times) if isinstance(following, Repeat) else None

    def space(self, before: Space, pins: Pins) -> Space:
        return times(before, Rows((), (), self.times))

    def plain(self) -> Any:
        return self.times

    def call(self) -> str:
        return f".repeat({stable_repr(self.times)})"


class _Filter(Step):
    reads = True
    filters = True

    def space(self, before: Space, pins: Pins) -> Space:
        keeps = partial(self._keeps, before, late_pins(before, pins))
        if isinstance(before, views.Filtered):  # one filter, however many steps it takes to say it
            return views.Filtered(before.whole, (*before.tests, keeps))
        return views.Filtered(before, (keeps,))

    @abstractmethod
    def _keeps(self, before: Space, late: Pins, config: Config) -> bool: ...


@dataclass(eq=False)
class Exclude(_Filter):
    """Drops the configs that have, for every key, one of its values."""

    match: Axes
    needs_axes = True

    def _keeps(self, before: Space, late: Pins, config: Config) -> bool:
        return not all(
            key in config and _is_among(options, config[key]) for key, options in self.match.items()
        )

    def map(self, edit: Edit) -> Step:
        return Exclude(edit.axes(self.match))

    def plain(self) -> Any:
        return {key: _plain_options(options) for key, options in self.match.items()}

    def call(self) -> str:
        return call_text(self.name, {key: options_text(one) for key, one in self.match.items()})

    def _identity(self) -> Hashable:
        return frozenset([(key, AxisIdentity(options)) for key, options in self.match.items()])


@dataclass(eq=False)
class Where(_Filter):
    """Keeps the configs for which a predicate is true."""

    predicate: Reader

    @property
    def functions(self) -> list[Reader]:
        return [self.predicate]

    def _keeps(self, before: Space, late: Pins, config: Config) -> bool:
        return bool(self.predicate(config, before, late))

    def map(self, edit: Edit) -> Step:
        return Where(edit.function(self.predicate, "where"))

    def plain(self) -> Any:
        raise SweepError(
            "where(...) cannot be saved: a file cannot hold a function. Use exclude(), or save the"
            " configs that it leaves: .jsonl."
        )

    def call(self) -> str:
        return f".where({name_of(self.predicate.function)})"

    def _identity(self) -> Hashable:
        return equality_key(self.predicate.function)


@dataclass(eq=False)
class Derive(Step):
    """Adds keys, each computed from the config: by a format string or a function.

    The computed values go into `fields`, which like targets do not count.
    """

    rules: Mapping[str, str | Reader]
    fields: Mapping[str, Field] = field(default_factory=dict[str, Any])
    reads = True

    @property
    def places(self) -> Mapping[str, str]:
        return dict.fromkeys(self.rules, self.name)

    @property
    def functions(self) -> list[Reader]:
        return [rule for rule in self.rules.values() if not isinstance(rule, str)]

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

    def replaced(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        def of(rules: Mapping[str, str | Reader]) -> Step:
            return Derive(rules, self.fields)

        return _apart(self.rules, keys, block, of)

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
        return derived(key, self.fields[key], value) if key in self.fields else value

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
        return call_text(self.name, {key: stable_repr(rule) for key, rule in rules.items()})

    def _identity(self) -> Hashable:
        rules = {k: one if isinstance(one, str) else one.function for k, one in self.rules.items()}
        return tuple([(key, equality_key(rule)) for key, rule in rules.items()])


@dataclass(eq=False)
class Shuffle(Step):
    """All configs in a seeded order."""

    seed: int
    reads = True
    needs_axes = True

    def space(self, before: Space, pins: Pins) -> Space:
        return views.Shuffled(before, self.seed)

    def plain(self) -> Any:
        return {"seed": self.seed}

    def call(self) -> str:
        return f".shuffle(seed={stable_repr(self.seed)})"


@dataclass(eq=False)
class Sample(Step):
    """The first `count` configs of a seeded order."""

    count: int
    seed: int
    reads = True
    needs_axes = True

    def space(self, before: Space, pins: Pins) -> Space:
        if self.count > before.size:
            raise SweepError(
                f"sample({shown(self.count)}) asks for more configs than there are:"
                f" {shown(before.size)}."
                " Ask for fewer, or leave the sample out."
            )
        return views.Picked(views.Shuffled(before, self.seed), range(self.count))

    def plain(self) -> Any:
        return {"n": self.count, "seed": self.seed}

    def call(self) -> str:
        return f".sample({stable_repr(self.count)}, seed={stable_repr(self.seed)})"


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
                f"slice [{self}] asks for more configs than there are: {before.size}."
                " Cut the sweep after pinning its keys, not before."
            )
        return views.Picked(before, rows)

    def plain(self) -> Any:
        return str(self)

    def call(self) -> str:
        return f"[{self}]"

    def __str__(self) -> str:
        ends = ["" if end is None else str(end) for end in (self.start, self.stop)]
        return ":".join(ends if self.step == 1 else [*ends, str(self.step)])


def _apart(
    entries: Mapping[str, Any],
    keys: Collection[str],
    block: Sequence[Step],
    step: Callable[[Any], Step],
) -> list[Step]:
    """What replaces some keys of a step whose keys act one after the other."""
    order = list(entries)
    first = next(at for at, key in enumerate(order) if key in keys)
    before = {key: entries[key] for key in order[:first]}
    after = {key: entries[key] for key in order[first:] if key not in keys}
    return [*([step(before)] if before else []), *block, *([step(after)] if after else [])]


def _together(
    entries: Mapping[str, Any],
    keys: Collection[str],
    block: Sequence[Step],
    step: Callable[[Any], Step],
) -> list[Step]:
    """What replaces some keys of a step whose keys act together."""
    rest = {key: value for key, value in entries.items() if key not in keys}
    left = [step(rest)] if rest else []
    return [*block, *left] if next(iter(entries)) in keys else [*left, *block]


def is_mapping(value: object) -> bool:
    """Whether a value has entries, below which another key may be."""
    return isinstance(value, Mapping) or is_dataclass(value)


def late_pins(before: Space, pins: Pins) -> Pins:
    """The pins of keys that no step has given a value yet."""
    return {key: value for key, value in pins.items() if key not in before.keys}


def constants(order: Iterable[str], before: Space, pins: Pins) -> list[Space]:
    """The axes of the pinned keys that a space does not have."""
    late = late_pins(before, pins)
    return [constant(key, late[key]) for key in order if key in late]


def _is_among(options: Sequence[Any], value: Any) -> bool:
    """Whether an `exclude` means a value: its `1` means `1.0`, but not `True`; nan is nan."""
    if isinstance(options, range):
        return not isinstance(value, bool) and any(True for _ in indices(options, value))
    return any(
        isinstance(value, bool) is isinstance(option, bool)
        and (bool(value == option) or (value != value and option != option))
        for option in options
    )


_LISTED = 10  # values up to which a range is written out
_MOST_EXCLUDED = 1_000_000


def _plain_axis(values: Sequence[Any]) -> list[Any] | str:
    if isinstance(values, range) and length(values) > _LISTED:
        ends = f"{values.start},{values.stop}"
        return f"range({ends})" if values.step == 1 else f"range({ends},{values.step})"
    return list(values)


def _plain_options(options: Sequence[Any]) -> Any:
    """The values of an exclude; a single one needs no list, unless it would read as several."""
    if length(options) > _MOST_EXCLUDED:
        raise SweepError(
            f"exclude: a file lists its values one by one, and {shown(options)} has"
            f" {length(options):,}. Sweep over the others instead."
        )
    first: Any = options[0]
    if len(options) > 1 or type(first) is list or (isinstance(first, str) and may_sweep(first)):
        return list(options)
    return first
