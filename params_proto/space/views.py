"""Spaces made of others: joined, filtered, extended, cut, shuffled, renamed."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, compress, islice
from sys import maxsize
from typing import Any

from params_proto.keys import in_full
from params_proto.space.node import Config, Space, same
from params_proto.space.permutation import Permutation
from params_proto.values import length

_WALKED = 1_000_000  # configs before the first of a slice, which takes a tenth of a second


@dataclass(eq=False)
class Concat(Space):
    """One space after the other."""

    parts: tuple[Space, ...]

    def _keys(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(part.keys for part in self.parts)))

    def _mutable(self) -> frozenset[str]:
        return frozenset(chain.from_iterable(part.mutable for part in self.parts))

    def _size(self) -> int:
        return sum(part.size for part in self.parts)

    def put(self, config: Config, index: int) -> Config:
        for part in self.parts[:-1]:
            if index < part.size:
                return part.put(config, index)
            index -= part.size
        return self.parts[-1].put(config, index)

    def __iter__(self) -> Iterator[Config]:
        return chain.from_iterable(self.parts)

    @property
    def ascending(self) -> bool:
        return all(part.ascending for part in self.parts)

    def occurrences(self, config: Mapping[str, Any]) -> int:
        return sum(part.occurrences(config) for part in self.parts)

    def __contains__(self, config: Mapping[str, Any]) -> bool:
        return any(config in part for part in self.parts)

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        start = 0
        for part in self.parts:
            for index in part.positions(config):
                yield start + index
            start += part.size


@dataclass(eq=False)
class View(Space):
    """A space with the keys and the size of another, unless it says otherwise."""

    whole: Space

    def _keys(self) -> tuple[str, ...]:
        return self.whole.keys

    def _mutable(self) -> frozenset[str]:
        return self.whole.mutable

    def _size(self) -> int:
        return self.whole.size

    @property
    def ascending(self) -> bool:
        return self.whole.ascending


@dataclass(eq=False)
class Filtered(View):
    """The configs for which every test is true. Its size needs one pass, which is made once."""

    tests: tuple[Callable[[Config], object], ...]

    def _keeps(self, config: Config) -> bool:
        # A test gets a dict of its own: it may change it.
        return all(test(self.renew(dict(config))) for test in self.tests)

    @cached_property
    def _kept(self) -> array[int]:
        return array("Q", compress(range(self.whole.size), map(self._keeps, self.whole)))

    def _size(self) -> int:
        return len(self._kept)

    def put(self, config: Config, index: int) -> Config:
        return self.whole.put(config, self._kept[index])

    def __iter__(self) -> Iterator[Config]:
        if "_kept" in vars(self):
            return (self.whole.put({}, index) for index in self._kept)
        return filter(self._keeps, self.whole)

    def _matches(self, config: Mapping[str, Any]) -> Iterator[int]:
        for index in self.whole.positions(config):
            if self._keeps(self.whole.put({}, index)):
                yield index

    def __contains__(self, config: Mapping[str, Any]) -> bool:
        return next(self._matches(config), None) is not None

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        from bisect import bisect_left

        return (bisect_left(self._kept, index) for index in self._matches(config))


@dataclass(eq=False)
class Derived(View):
    """The configs with one more key, computed from each."""

    key: str
    rule: Callable[[Config], Any]  # gives a value that nobody else holds

    def _keys(self) -> tuple[str, ...]:
        return (*self.whole.keys, self.key)

    def _extend(self, config: Config) -> Config:
        config[self.key] = self.rule(self.whole.renew(dict(config)))
        return config

    def put(self, config: Config, index: int) -> Config:
        config.update(self._extend(self.whole.put({}, index)))
        return config

    def __iter__(self) -> Iterator[Config]:
        return map(self._extend, self.whole)

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        if self.key not in config:
            return
        rest = {key: value for key, value in config.items() if key != self.key}
        for index in self.whole.positions(rest):
            if same(self.put({}, index)[self.key], config[self.key]):
                yield index


@dataclass(eq=False)
class Picked(View):
    """The rows at some indices: a slice."""

    indices: range

    def _size(self) -> int:
        return length(self.indices)

    @property
    def ascending(self) -> bool:
        return self.whole.ascending and self.indices.step > 0

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

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        start, step = self.indices.start, self.indices.step
        matches = self.whole.positions(config)
        return ((index - start) // step for index in matches if index in self.indices)


@dataclass(eq=False)
class Shuffled(View):
    """The rows in a seeded order."""

    seed: int

    @cached_property
    def _order(self) -> Permutation:
        return Permutation(self.size, self.seed)

    def put(self, config: Config, index: int) -> Config:
        return self.whole.put(config, self._order[index])

    @property
    def ascending(self) -> bool:
        return False

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        return (self._order.inverse(index) for index in self.whole.positions(config))


@dataclass(eq=False)
class Renamed(View):
    """The configs with every plain key under a prefix: `lr` as `training.lr`."""

    prefix: str

    def _keys(self) -> tuple[str, ...]:
        return tuple([self._named(key) for key in self.whole.keys])

    def _mutable(self) -> frozenset[str]:
        return frozenset([self._named(key) for key in self.whole.mutable])

    def _named(self, key: str) -> str:
        return in_full(self.prefix, key)

    def put(self, config: Config, index: int) -> Config:
        for key, value in self.whole.put({}, index).items():
            config[self._named(key)] = value
        return config

    def __iter__(self) -> Iterator[Config]:
        return ({self._named(k): value for k, value in row.items()} for row in self.whole)

    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        named = {self._named(key): key for key in self.whole.keys}
        if config.keys() <= named.keys():
            yield from self.whole.positions({named[key]: config[key] for key in config})
