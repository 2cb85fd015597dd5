"""Configs in sequence: the rows of a chain, and sweeps nested in the steps of another sweep."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain, groupby
from typing import Any

from params_proto.algebra.expression import Expression
from params_proto.algebra.space import Config, Rows, Space, constant, times
from params_proto.algebra.steps import Edit, Pins, Step, listed


@dataclass(eq=False)
class Sum(Space):
    """Spaces in sequence."""

    parts: tuple[Space, ...] = ()

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((part.size for part in self.parts), initial=0))

    @cached_property
    def size(self) -> int:
        return self._starts[-1]

    def put(self, config: Config, index: int) -> Config:
        at = bisect_right(self._starts, index) - 1
        return self.parts[at].put(config, index - self._starts[at])

    def __iter__(self) -> Iterator[Config]:
        return chain.from_iterable(self.parts)


def axis(rows: Sequence[Config]) -> Space:
    """The axis of some rows, at least one, whose keys may differ.

    >>> axis([{"lr": 1, "bs": 2}, {"lr": 3, "bs": 4}])
    Rows(names=('lr', 'bs'), columns=((1, 3), (2, 4)), rows=2)
    """
    parts: list[Space] = []
    for names, run in groupby(rows, key=tuple[str, ...]):
        alike = list(run)
        columns = tuple([tuple([row[name] for row in alike]) for name in names])
        parts.append(Rows(names, columns, len(alike)))
    return concatenated(parts)


def concatenated(parts: Sequence[Space]) -> Space:
    """One or more spaces, one after the other."""
    return Sum(tuple(parts)) if len(parts) > 1 else parts[0]


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
        pinned = {key: pins[key] for key in self.places if key in pins}
        if pinned and len(pinned) == len(self.places):
            return times(before, axis([pinned]))
        return times(before, axis([{**row, **pinned} for row in self.rows]))

    def plain(self) -> Any:
        return [dict(row) for row in self.rows]

    def call(self) -> str:
        return f".chain({listed(self.rows)})"


@dataclass(eq=False)
class Concat(Step):
    """Expressions in sequence."""

    parts: tuple[Expression, ...] = ()
    multiplies = True
    reads = True

    @property
    def places(self) -> Mapping[str, str]:
        return {key: place for part in self.parts for key, place in part.places.items()}

    def entries(self) -> Iterator[tuple[str, Any]]:
        return chain.from_iterable(part.entries() for part in self.parts)

    def values_beside(self, key: str, other: str | None) -> Iterator[Any]:
        return chain.from_iterable(part.values_beside(key, other) for part in self.parts)

    def map(self, edit: Edit) -> Step:
        return type(self)(tuple([part.map(edit) for part in self.parts]))

    def replace_keys(self, keys: Collection[str], block: Sequence[Step]) -> list[Step]:
        def without(part: Expression) -> Expression:
            if block and not any(key in part.places for key in keys):
                return Expression((Cross((part,)), *block))  # every part gets the values
            return part.replace_keys(keys, block)

        return [type(self)(tuple(map(without, self.parts)))]

    def space(self, before: Space, pins: Pins) -> Space:
        spaces = [part.space(pins) for part in self.parts]
        named = dict.fromkeys(chain.from_iterable(part.keys for part in spaces))
        # A key that only some parts name is pinned in the others as well.
        parts = [
            times(part, *[constant(k, pins[k]) for k in named if k in pins and k not in part.keys])
            for part in spaces
        ]
        return times(before, concatenated(parts))

    def plain(self) -> Any:
        return [part.plain() for part in self.parts]

    def text(self, left: str, head: str) -> tuple[str, bool]:
        return " + ".join(part.text(head)[0] for part in self.parts), False

    def identity(self) -> Hashable:
        return self.parts


class Cross(Concat):
    """Multiplies by the configs of another expression, its one part, which vary fastest."""

    reads = False

    def plain(self) -> Any:
        return self.parts[0].plain()

    def text(self, left: str, head: str) -> tuple[str, bool]:
        inner, is_term = self.parts[0].text("Sweep()")
        return f"{left} * {inner if is_term else f'({inner})'}", False
