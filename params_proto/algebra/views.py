"""Spaces made of others: joined, filtered, extended, cut, shuffled, renamed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, islice
from sys import maxsize
from typing import Any

from params_proto._values import length
from params_proto.algebra.permutation import Permutation
from params_proto.algebra.space import Config, Grid, Rows, Space

_WALKED = 1_000_000  # configs before the first of a slice, which takes a tenth of a second


@dataclass(eq=False)
class Concat(Space):
    """One space after the other."""

    parts: tuple[Space, ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(part.keys for part in self.parts)))

    @cached_property
    def mutable(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(part.mutable for part in self.parts))

    @cached_property
    def size(self) -> int:
        return sum(part.size for part in self.parts)

    def put(self, config: Config, index: int) -> Config:
        for part in self.parts[:-1]:
            if index < part.size:
                return part.put(config, index)
            index -= part.size
        return self.parts[-1].put(config, index)

    def __iter__(self) -> Iterator[Config]:
        return chain.from_iterable(self.parts)


@dataclass(eq=False)
class View(Space):
    """A space with the keys and the size of another, unless it says otherwise."""

    whole: Space

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return self.whole.keys

    @cached_property
    def mutable(self) -> frozenset[str]:
        return self.whole.mutable

    @cached_property
    def size(self) -> int:
        return self.whole.size


@dataclass(eq=False)
class Filtered(View):
    """The configs for which every test is true. Its size needs one pass, which is made once."""

    tests: tuple[Callable[[Config], object], ...]  # which do not change the config

    def _keeps(self, config: Config) -> bool:
        return all(test(config) for test in self.tests)

    @cached_property
    def _kept(self) -> array[int]:
        return array("Q", compress(range(self.whole.size), map(self._keeps, self.whole)))

    @cached_property
    def size(self) -> int:
        return len(self._kept)

    def put(self, config: Config, index: int) -> Config:
        return self.whole.put(config, self._kept[index])

    def __iter__(self) -> Iterator[Config]:
        if "_kept" in vars(self):
            return (self.whole.put({}, index) for index in self._kept)
        return filter(self._keeps, self.whole)


@dataclass(eq=False)
class Derived(View):
    """The configs with one more key, computed from each."""

    key: str
    rule: Callable[[Config], Any]  # does not change the config; its value is nobody else's

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return (*self.whole.keys, self.key)

    def _extend(self, config: Config) -> Config:
        config[self.key] = self.rule(config)
        return config

    def put(self, config: Config, index: int) -> Config:
        config.update(self._extend(self.whole.put({}, index)))
        return config

    def __iter__(self) -> Iterator[Config]:
        return map(self._extend, self.whole)


@dataclass(eq=False)
class Picked(View):
    """The rows at some indices: a slice."""

    indices: range

    @cached_property
    def size(self) -> int:
        return length(self.indices)

    def put(self, config: Config, index: int) -> Config:
        return self.whole.put(config, self.indices[index])

    def __iter__(self) -> Iterator[Config]:
        start, stop, step = self.indices.start, self.indices.stop, self.indices.step
        # Walking past a config costs about a tenth of writing one by its index, where it is not the
        # same. The first one is not to wait for a billion of them.
        walks = type(self.whole).__iter__ is not Space.__iter__ and start <= _WALKED
        if walks and 0 < step <= maxsize and stop <= min(10 * self.size, maxsize):
            return islice(iter(self.whole), start, stop, step)
        return super().__iter__()


@dataclass(eq=False)
class Shuffled(View):
    """The rows in a seeded order."""

    seed: int

    @cached_property
    def _order(self) -> Permutation:
        return Permutation(self.size, self.seed)

    def put(self, config: Config, index: int) -> Config:
        return self.whole.put(config, self._order[index])


@dataclass(eq=False)
class Renamed(View):
    """The configs with other names for their keys."""

    name: Callable[[str], str]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(map(self.name, self.whole.keys))

    @cached_property
    def mutable(self) -> frozenset[str]:
        return frozenset(map(self.name, self.whole.mutable))

    def _named(self, config: Config) -> Config:
        return {self.name(key): value for key, value in config.items()}

    def put(self, config: Config, index: int) -> Config:
        config.update(self._named(self.whole.put({}, index)))
        return config

    def __iter__(self) -> Iterator[Config]:
        return map(self._named, self.whole)


def renamed(space: Space, name: Callable[[str], str]) -> Space:
    """The space with other names for its keys; a grid stays one, as fast as before."""
    if isinstance(space, Grid):
        return Grid(tuple([renamed(part, name) for part in space.parts]))
    if isinstance(space, Rows):
        return Rows(tuple(map(name, space.names)), space.columns, space.rows)
    return Renamed(space, name)
