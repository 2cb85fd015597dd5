"""Spaces: finite, ordered sequences of configs, with a known size and access by index.

A space computes its size from its parts and writes row `i` into a dict in O(number of axes); it
holds no list of its configs. This module has the axes and their product; `views` has the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat
from math import prod
from typing import Any, cast

from params_proto._values import is_atomic, to_python

Config = dict[str, Any]


class Space(ABC):
    """A finite, ordered sequence of configs.

    The dicts that it returns belong to the caller, but mutable values in them are shared: `renew`
    them before passing a config on to a user.
    """

    parts: tuple[Space, ...] = ()
    """The spaces that it is made of."""

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the configs, in the order of their first use."""
        return tuple(dict.fromkeys(chain.from_iterable(part.keys for part in self.parts)))

    @cached_property
    def mutable(self) -> frozenset[str]:
        """The keys whose values a caller could change."""
        return frozenset(chain.from_iterable(part.mutable for part in self.parts))

    @cached_property
    def size(self) -> int:
        """The number of configs, exact at any size."""
        return prod(part.size for part in self.parts)

    @abstractmethod
    def put(self, config: Config, index: int) -> Config:
        """Writes row `index` (0 <= index < size) into `config`, and returns it."""

    def __iter__(self) -> Iterator[Config]:
        return (self.put({}, index) for index in range(self.size))

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        """Every index whose row equals `config`, ascending; iterates, except over grids."""
        return (index for index, row in enumerate(self) if row == config)

    def __contains__(self, config: Mapping[str, Any]) -> bool:
        return next(self.positions(config), None) is not None

    def renew(self, config: Config) -> Config:
        """Replaces shared mutable values in `config` by copies."""
        for key in self.mutable & config.keys():
            config[key] = to_python(config[key])
        return config


@dataclass(eq=False)
class Rows(Space):
    """An axis of one or more keys, all of which every row has.

    Args:
        names: the keys; without any, the axis is `rows` empty configs: a repetition.
        columns: the values of each key, one per row: a tuple, or a `range`, which is never
            expanded.
        rows: the number of rows, at least 1.
    """

    names: tuple[str, ...]
    columns: tuple[Sequence[Any], ...]
    rows: int

    def __post_init__(self) -> None:
        self.keys, self.size = self.names, self.rows

    @cached_property
    def mutable(self) -> frozenset[str]:
        return frozenset(
            key
            for key, column in zip(self.names, self.columns, strict=True)
            if not isinstance(column, range) and not all(map(is_atomic, column))
        )

    def put(self, config: Config, index: int) -> Config:
        for key, column in zip(self.names, self.columns, strict=True):
            config[key] = column[index]
        return config

    def spread(self, templates: list[Config], start: int, copies: int) -> None:
        """Writes the rows from `start` on into the templates, each into `copies` of them."""
        for key, column in zip(self.names, self.columns, strict=True):
            values: Iterable[Any] = column[start : start + len(templates) // copies]
            if copies > 1:
                values = chain.from_iterable(map(repeat, values, repeat(copies)))
            for template, value in zip(templates, values, strict=False):
                template[key] = value

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        if set(config) != set(self.names):
            return iter(())
        found: Iterable[int] = range(self.rows)
        for key, column in zip(self.names, self.columns, strict=True):
            found = _among(found, column, config[key])
        return iter(found)


def _among(indices: Iterable[int], column: Sequence[Any], value: Any) -> Iterable[int]:
    """The indices at which a column has a value; a range is not iterated."""
    if isinstance(column, range) and type(value) is int:
        at = column.index(value) if value in column else -1
        return (at,) if at in indices else ()
    return (index for index in indices if column[index] in (value,))


def constant(key: str, value: Any) -> Space:
    """The axis of one key with one value."""
    return Rows((key,), ((value,),), 1)


@dataclass(eq=False)
class Grid(Space):
    """The product of its parts, whose keys are disjoint; the last part varies fastest."""

    parts: tuple[Space, ...] = ()

    @cached_property
    def _strides(self) -> list[tuple[Space, int]]:
        """Each part, and how many configs lie between two of its rows."""
        strides: list[tuple[Space, int]] = []
        stride = 1
        for part in reversed(self.parts):
            strides.append((part, stride))
            stride *= part.size
        return strides[::-1]

    @cached_property
    def _columns(self) -> list[tuple[str, Sequence[Any], int, int]] | None:
        """Each key of a grid of axes, with its values, its stride and its count; else None."""
        if not all(isinstance(part, Rows) for part in self.parts):
            return None
        return [
            (key, column, stride, axis.rows)
            for axis, stride in cast("list[tuple[Rows, int]]", self._strides)
            for key, column in zip(axis.names, axis.columns, strict=True)
        ]

    def put(self, config: Config, index: int) -> Config:
        if self._columns is not None:
            for key, column, stride, count in self._columns:
                config[key] = column[index // stride % count]
            return config
        for part, stride in self._strides:
            row, index = divmod(index, stride)
            part.put(config, row)
        return config

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        shares = [{key: config[key] for key in part.keys if key in config} for part in self.parts]
        pairs = list(zip(self.parts, shares, strict=True))
        # If one part has no such row, no rows of the others need to be combined.
        if sum(map(len, shares)) != len(config) or not all(share in part for part, share in pairs):
            return iter(())
        found: Iterator[int] = iter((0,))
        for part, share in pairs:
            if part.size > 1:  # avoids one nested generator per pin
                found = _refined(found, part, share)
        return found

    def __iter__(self) -> Iterator[Config]:
        special = [at for at, part in enumerate(self.parts) if not isinstance(part, Rows)]
        if not special:
            return chain.from_iterable(_blocks(cast("tuple[Rows, ...]", self.parts), self.keys))
        if len(self.parts) == 1:
            return iter(self.parts[0])
        cut = max(1, min(special[-1] + 1, len(self.parts) - 1))
        return _nested(Grid(self.parts[:cut]), Grid(self.parts[cut:]))


def _refined(outer: Iterator[int], part: Space, share: Config) -> Iterator[int]:
    """The positions in a product with one more part, from those in the product without it."""
    return (at * part.size + row for at in outer for row in part.positions(share))


def _nested(outer: Space, inner: Space) -> Iterator[Config]:
    if not inner.size:  # computed once, so a filter does not run again for every outer config
        return
    for head in outer:
        for tail in inner:
            yield head | tail


def times(before: Space, *parts: Space) -> Grid:
    """The product, flattened if possible, so that a grid of axes stays one grid."""
    nested = [part.parts if isinstance(part, Grid) else (part,) for part in (before, *parts)]
    return Grid(tuple(chain.from_iterable(nested)))


_copy: Callable[[Config], Config] = dict[str, Any].copy

_BLOCK = 1024  # configs: enough to spread the cost of a block, few enough to stay in the cache


def _blocks(parts: Sequence[Rows], keys: tuple[str, ...]) -> Iterator[Iterator[Config]]:
    """The configs of a product of axes, a block of consecutive ones at a time.

    A block is a list of template dicts, made once. From one block to the next, only the values that
    change are written into the templates, and `map` copies them without running bytecode for each
    config, so iterating costs little more than `dict.copy`. A block must be used up before the next
    one is requested.

    The axes form three groups: the inner ones, which are written into the templates once; the edge,
    one axis, of which a block holds some rows; and the outer ones, which are constant in a block.
    """
    axes = [axis for axis in parts if axis.size > 1]
    inner: list[Rows] = []
    inner_size = 1
    while axes and inner_size * axes[-1].size <= _BLOCK:
        inner_size *= axes[-1].size
        inner.insert(0, axes.pop())
    edge = axes.pop() if axes else Rows((), (), 1)
    block = min(edge.size, _BLOCK // inner_size)

    templates: list[Config] = [dict.fromkeys(keys) for _ in range(block * inner_size)]
    for axis in parts:
        if axis.size == 1:
            axis.spread(templates, 0, len(templates))
    copies = 1
    for axis in reversed(inner):
        for start in range(0, len(templates), axis.size * copies):
            axis.spread(templates[start : start + axis.size * copies], 0, copies)
        copies *= axis.size
    for _ in _combinations(axes, templates):
        for start in range(0, edge.size, block):
            edge.spread(templates, start, inner_size)
            yield map(_copy, templates[: (edge.size - start) * inner_size])


def _combinations(axes: list[Rows], templates: list[Config]) -> Iterator[None]:
    """Writes each combination of the axes into the templates, and yields after each."""
    rows = [0] * len(axes)
    for axis in axes:
        axis.spread(templates, 0, len(templates))
    while True:
        yield
        for at in reversed(range(len(axes))):
            rows[at] = (rows[at] + 1) % axes[at].size
            axes[at].spread(templates, rows[at], len(templates))
            if rows[at]:
                break
        else:
            return
