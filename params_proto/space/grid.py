"""The product of spaces, and the fast road through a product of axes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import prod
from typing import Any

from params_proto.space.axes import Rows
from params_proto.space.node import Config, Space


@dataclass(frozen=True, eq=False)
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
        sizes = [part.size for part in self.parts]
        return [(part, prod(sizes[after:])) for after, part in enumerate(self.parts, start=1)]

    def put(self, config: Config, index: int) -> Config:
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
        return iter(()) if shares is None else self._walk(shares, 0, 0)

    def _walk(self, shares: list[Config], depth: int, base: int) -> Iterator[int]:
        if depth == len(self.parts):
            yield base
            return
        part = self.parts[depth]
        for row in part.positions(shares[depth]):
            yield from self._walk(shares, depth + 1, base * part.size + row)

    def __iter__(self) -> Iterator[Config]:
        axes = [part for part in self.parts if isinstance(part, Rows)]
        if len(axes) == len(self.parts):
            return chain.from_iterable(_blocks(axes, self.keys))
        return _nested(Grid(self.parts[:-1]), self.parts[-1])


def _holds(part: Space, share: Config) -> bool:
    return share in part


def _nested(outer: Space, inner: Space) -> Iterator[Config]:
    for head in outer:
        for tail in inner:
            yield head | tail


_copy: Callable[[Config], Config] = dict[str, Any].copy

_BLOCK = 1024  # configs: enough to spread the cost of a block, few enough to stay in the cache


def _blocks(axes: list[Rows], keys: tuple[str, ...]) -> Iterator[Iterator[Config]]:
    """The configs of a product of axes, a block of consecutive ones at a time.

    A block is a list of template dicts, made once. From one block to the next only the values that
    change are written into the templates, and `map` copies them without a step of the interpreter
    for each config, so that iterating costs little more than `dict.copy` does. A block must be used
    up before the next is drawn.

    The axes stand in three groups: the last ones, which are written into the templates once; before
    them the edge, of which a block holds some rows; and the outer ones, the same all over a block.
    """
    constant = [axis for axis in axes if axis.size == 1]
    axes = [axis for axis in axes if axis.size > 1]
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
    if not axes:
        yield
        return
    head, *rest = axes
    for index in range(head.size):
        head.fill(templates, index)
        yield from _combinations(rest, templates)
