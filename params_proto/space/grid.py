"""The product of spaces, and the fast road through a product of axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import prod
from typing import Any, cast

from params_proto.space.axes import Rows
from params_proto.space.node import Config, Space


@dataclass(eq=False)
class Grid(Space):
    """The product of its parts, whose keys are disjoint; the last part varies fastest."""

    parts: tuple[Space, ...] = ()

    def _keys(self) -> tuple[str, ...]:
        return tuple(chain.from_iterable(part.keys for part in self.parts))

    def _mutable(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(part.mutable for part in self.parts))

    def _size(self) -> int:
        return prod(part.size for part in self.parts)

    @cached_property
    def _strides(self) -> list[tuple[Space, int]]:
        """Each part, and how many configs stand between two of its rows."""
        strides: list[tuple[Space, int]] = []
        stride = 1
        for part in reversed(self.parts):
            strides.append((part, stride))
            stride *= part.size
        return strides[::-1]

    @cached_property
    def _columns(self) -> list[tuple[str, Sequence[Any], int, int]] | None:
        """Of a grid of axes: each key, its values, its stride and its count."""
        columns: list[tuple[str, Sequence[Any], int, int]] = []
        for part, stride in self._strides:
            if not isinstance(part, Rows):
                return None
            pairs = zip(part.names, part.columns, strict=True)
            columns += [(key, column, stride, part.count) for key, column in pairs]
        return columns

    def put(self, config: Config, index: int) -> Config:
        if self._columns is not None:
            for key, column, stride, count in self._columns:
                config[key] = column[index // stride % count]
            return config
        for part, stride in self._strides:
            row, index = divmod(index, stride)
            part.put(config, row)
        return config

    def _shares(self, config: Mapping[str, Any]) -> list[Config] | None:
        """Each part's keys of `config`; None where no row can equal it."""
        shares = [{key: config[key] for key in part.keys if key in config} for part in self.parts]
        if sum(map(len, shares)) != len(config):
            return None
        return shares if all(map(_holds, self.parts, shares)) else None

    def __contains__(self, config: Mapping[str, Any]) -> bool:
        return self._shares(config) is not None

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        shares = self._shares(config)
        return iter(()) if shares is None else self._walk(shares)

    def _walk(self, shares: list[Config]) -> Iterator[int]:
        """The indices of all combinations of the parts' rows, depth first."""
        rows: list[Iterator[int]] = [iter((0,))]  # a part of one row before the first
        bases = [0]
        while rows:
            row = next(rows[-1], None)
            if row is None:
                rows.pop()
                bases.pop()
                continue
            depth = len(rows) - 1
            base = bases[-1] * (self.parts[depth - 1].size if depth else 1) + row
            if depth == len(self.parts):
                yield base
            else:
                rows.append(self.parts[depth].positions(shares[depth]))
                bases.append(base)

    @property
    def ascending(self) -> bool:
        return all(part.ascending for part in self.parts)

    def occurrences(self, config: Mapping[str, Any]) -> int:
        shares = self._shares(config)
        if shares is None:
            return 0
        return prod(map(_occurrences, self.parts, shares))

    def __iter__(self) -> Iterator[Config]:
        special = [at for at, part in enumerate(self.parts) if not isinstance(part, Rows)]
        if not special:
            return chain.from_iterable(_blocks(cast("tuple[Rows, ...]", self.parts), self.keys))
        if len(self.parts) == 1:
            return iter(self.parts[0])
        cut = max(1, special[-1] if special[-1] == len(self.parts) - 1 else special[-1] + 1)
        return _nested(Grid(self.parts[:cut]), Grid(self.parts[cut:]))


def _holds(part: Space, share: Config) -> bool:
    return share in part


def _occurrences(part: Space, share: Config) -> int:
    return part.occurrences(share)


def _nested(outer: Space, inner: Space) -> Iterator[Config]:
    if not inner.size:  # known from here on: a filter is not asked again for every outer config
        return
    for head in outer:
        for tail in inner:
            yield head | tail


_copy: Callable[[Config], Config] = dict[str, Any].copy

_BLOCK = 1024  # configs: enough to spread the cost of a block, few enough to stay in the cache


def _blocks(parts: Sequence[Rows], keys: tuple[str, ...]) -> Iterator[Iterator[Config]]:
    """The configs of a product of axes, a block of consecutive ones at a time.

    A block is a list of template dicts, made once. From one block to the next only the values that
    change are written into the templates, and `map` copies them without a step of the interpreter
    for each config, so that iterating costs little more than `dict.copy` does. A block must be used
    up before the next is drawn.

    The axes stand in three groups: the last ones, which are written into the templates once; before
    them the edge, of which a block holds some rows; and the outer ones, the same all over a block.
    """
    constant = [axis for axis in parts if axis.size == 1]
    axes = [axis for axis in parts if axis.size > 1]
    inner: list[Rows] = []
    each = 1
    while axes and each * axes[-1].size <= _BLOCK:
        each *= axes[-1].size
        inner.insert(0, axes.pop())
    edge = axes.pop() if axes else Rows((), (), 1)
    block = min(edge.size, _BLOCK // each)

    templates: list[Config] = [dict.fromkeys(keys) for _ in range(block * each)]
    for axis in constant:
        axis.fill(templates, 0)
    _lay_out(inner, templates)
    for _ in _combinations(axes, templates):
        for start in range(0, edge.size, block):
            edge.spread(templates, start, each)
            yield map(_copy, templates[: (edge.size - start) * each])


def _lay_out(axes: list[Rows], templates: list[Config]) -> None:
    """Writes the product of the axes into the templates, over and over until the last of them."""
    each = 1
    for axis in reversed(axes):
        for start in range(0, len(templates), axis.size * each):
            axis.spread(templates[start : start + axis.size * each], 0, each)
        each *= axis.size


def _combinations(axes: list[Rows], templates: list[Config]) -> Iterator[None]:
    """Steps once for each combination of the axes, which by then stands in every template."""
    rows = [0] * len(axes)
    for axis in axes:
        axis.fill(templates, 0)
    while True:
        yield
        for at in reversed(range(len(axes))):
            rows[at] = (rows[at] + 1) % axes[at].size
            axes[at].fill(templates, rows[at])
            if rows[at]:
                break
        else:
            return
