"""The expression of a sweep: its steps as they were written, normalised, compared strictly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import chain
from typing import Any, cast

from params_proto.keys import in_full
from params_proto.values import AxisIdentity, identity

Config = dict[str, Any]


class Step(ABC):
    """One step of an expression. Steps are equal when they say the same, value by value."""

    def __getstate__(self) -> dict[str, Any]:
        # Without what has been computed from the fields, which need not survive a pickle.
        return {part.name: getattr(self, part.name) for part in fields(cast("Any", self))}

    @property
    def places(self) -> Mapping[str, str]:
        """The keys that the step gives a value, and the method of Sweep that did it."""
        return self._places()

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with every value that the step gives it, long ranges aside."""
        return iter(())

    @cached_property
    def identity(self) -> Hashable:
        """What makes two steps equal; hashable, strict about types."""
        return self._identity()

    def _places(self) -> Mapping[str, str]:
        return {}

    @abstractmethod
    def _identity(self) -> Hashable: ...

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self.identity == other.identity

    def __hash__(self) -> int:
        return hash((type(self), self.identity))


@dataclass(eq=False)
class Axis(Step):
    """A key and its values: a tuple, or a `range` that stays one."""

    key: str
    values: Sequence[Any]

    def _identity(self) -> Hashable:
        return (self.key, AxisIdentity(self.values))


def _axes_values(axes: tuple[Axis, ...]) -> Iterator[tuple[str, Any]]:
    for axis in axes:
        if not isinstance(axis.values, range):
            yield from ((axis.key, value) for value in axis.values)


@dataclass(eq=False)
class Product(Step):
    """Multiplies by every combination; the last axis varies fastest."""

    axes: tuple[Axis, ...]

    def _places(self) -> Mapping[str, str]:
        return {axis.key: "product" for axis in self.axes}

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with every value of its axis."""
        return _axes_values(self.axes)

    def _identity(self) -> Hashable:
        return self.axes


@dataclass(eq=False)
class Zip(Step):
    """Multiplies by one axis of paired values."""

    axes: tuple[Axis, ...]

    def _places(self) -> Mapping[str, str]:
        return {axis.key: "zip" for axis in self.axes}

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with every value of its axis."""
        return _axes_values(self.axes)

    def _identity(self) -> Hashable:
        return self.axes


@dataclass(eq=False)
class Chain(Step):
    """Multiplies by one axis of rows."""

    rows: tuple[Config, ...]

    def _places(self) -> Mapping[str, str]:
        return {key: "chain" for row in self.rows for key in row}

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with its value in every row."""
        return chain.from_iterable(row.items() for row in self.rows)

    def _identity(self) -> Hashable:
        return tuple([identity(row) for row in self.rows])


@dataclass(eq=False)
class Set(Step):
    """Pins keys, as if it stood first."""

    pins: Config

    def _places(self) -> Mapping[str, str]:
        return dict.fromkeys(self.pins, "set")

    def entries(self) -> Iterator[tuple[str, Any]]:
        """The pins."""
        return iter(self.pins.items())

    def _identity(self) -> Hashable:
        return identity(self.pins)


@dataclass(eq=False)
class Repeat(Step):
    """Each config `times` times in a row."""

    times: int

    def _identity(self) -> Hashable:
        return self.times


@dataclass(eq=False)
class Exclude(Step):
    """Drops the configs that hold, for every key, one of its values."""

    match: Mapping[str, Sequence[Any]]

    def _identity(self) -> Hashable:
        return frozenset([(key, AxisIdentity(options)) for key, options in self.match.items()])


@dataclass(eq=False)
class Where(Step):
    """Keeps the configs for which a predicate is true."""

    predicate: Callable[[Config], object]

    def _identity(self) -> Hashable:
        return identity(self.predicate)


@dataclass(eq=False)
class Derive(Step):
    """Adds keys, each computed from the config: by a format string or a callable.

    `fits` makes computed values those of a target's fields; like targets, it does not count.
    """

    rules: Mapping[str, str | Callable[[Config], Any]]
    fits: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict[str, Any])

    def _places(self) -> Mapping[str, str]:
        return dict.fromkeys(self.rules, "derive")

    def _identity(self) -> Hashable:
        return tuple([(key, identity(rule)) for key, rule in self.rules.items()])


@dataclass(eq=False)
class Shuffle(Step):
    """All configs in a seeded order."""

    seed: int

    def _identity(self) -> Hashable:
        return self.seed


@dataclass(eq=False)
class Sample(Step):
    """The first `count` configs of a seeded order."""

    count: int
    seed: int

    def _identity(self) -> Hashable:
        return (self.count, self.seed)


@dataclass(eq=False)
class Slice(Step):
    """A part, as Python slices; `None` is the end that the step runs to or from."""

    start: int | None
    stop: int | None
    step: int

    def _identity(self) -> Hashable:
        return (self.start, self.stop, self.step)

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

    def __str__(self) -> str:
        ends = ["" if end is None else str(end) for end in (self.start, self.stop)]
        return ":".join(ends if self.step == 1 else [*ends, str(self.step)])


@dataclass(frozen=True)
class Expression:
    """Steps in the order of their calls, and the node that their plain keys stand under.

    `prefix` is "" where the keys stand as they are, and `training` where `lr` is `training.lr`.
    """

    steps: tuple[Step, ...] = ()
    prefix: str = field(default="")

    def then(self, step: Step) -> Expression:
        """This expression and one more step, normalised: steps that are one are made one."""
        last = self.steps[-1] if self.steps else None
        if isinstance(step, Repeat) and step.times == 1:
            return self
        joined: Step | None = None
        if isinstance(last, Product) and isinstance(step, Product):
            joined = Product(last.axes + step.axes)
        elif isinstance(last, Set) and isinstance(step, Set):
            joined = Set({**last.pins, **step.pins})
        elif isinstance(last, Repeat) and isinstance(step, Repeat):
            joined = Repeat(last.times * step.times)
        steps = (*self.steps, step) if joined is None else (*self.steps[:-1], joined)
        return Expression(steps, self.prefix)

    @property
    def places(self) -> Mapping[str, str]:
        """Each key of the expression, and the method of Sweep that gave it its value."""
        return {key: place for step in self.steps for key, place in step.places.items()}

    @property
    def places_in_full(self) -> Mapping[str, str]:
        """The same, with the keys as an expression around this one names them."""
        return {in_full(self.prefix, key): place for key, place in self.places.items()}

    def entries_in_full(self) -> Iterator[tuple[str, Any]]:
        """Every key, as an expression around this one names it, with every value of its."""
        for step in self.steps:
            for key, value in step.entries():
                yield in_full(self.prefix, key), value

    @property
    def multiplies(self) -> bool:
        """Whether a step may give more than one config."""
        return any(
            isinstance(step, (Product, Zip, Chain, Repeat, Cross, Concat)) for step in self.steps
        )

    @property
    def reads(self) -> bool:
        """Whether a step looks at whole configs, so that what stands before it matters."""
        kinds = (Product, Zip, Chain, Set, Repeat, Cross)
        return not all(isinstance(step, kinds) for step in self.steps)

    @property
    def reads_within(self) -> bool:
        """Whether a step does so here, or in an expression among the steps."""
        inner = [step.inner for step in self.steps if isinstance(step, Cross)]
        return self.reads or any(expression.reads_within for expression in inner)

    @property
    def calls(self) -> bool:
        """Whether a step calls a function, here or in an expression among the steps."""
        return any(
            isinstance(step, Where)
            or (isinstance(step, Derive) and any(map(callable, step.rules.values())))
            or (isinstance(step, Cross) and step.inner.calls)
            or (isinstance(step, Concat) and any(part.calls for part in step.parts))
            for step in self.steps
        )

    @property
    def pins(self) -> bool:
        """Whether a step pins keys."""
        return any(isinstance(step, Set) for step in self.steps)


@dataclass(eq=False)
class Concat(Step):
    """One expression after the other."""

    parts: tuple[Expression, ...]

    def _places(self) -> Mapping[str, str]:
        return {key: place for part in self.parts for key, place in part.places_in_full.items()}

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Those of all parts."""
        return chain.from_iterable(part.entries_in_full() for part in self.parts)

    def _identity(self) -> Hashable:
        return self.parts


@dataclass(eq=False)
class Cross(Step):
    """Multiplies by the configs of another expression, which vary fastest."""

    inner: Expression

    def _places(self) -> Mapping[str, str]:
        return self.inner.places_in_full

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Those of the inner expression."""
        return self.inner.entries_in_full()

    def _identity(self) -> Hashable:
        return self.inner
