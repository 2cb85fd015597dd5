"""Views of a space: filtered, extended, cut, shuffled."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from math import isqrt
from sys import maxsize
from threading import Lock
from typing import Any

from params_proto._text import stable_repr
from params_proto._values import length
from params_proto.algebra.space import Config, Space

_ROUNDS = 8  # of the network that shuffles


@dataclass(eq=False)
class View(Space):
    """A space with the keys and the size of another one, unless a subclass changes them."""

    whole: Space

    def __post_init__(self) -> None:
        self.parts = (self.whole,)


@dataclass(eq=False)
class Filtered(View):
    """The configs for which a test is true. Its size needs one pass.

    All passes share the results of the test, which is called once for each config.
    """

    test: Callable[[Config], object]  # does not change the config
    # The indices of those among the first `_tested` configs for which it is true.
    _kept: array[int] = field(default_factory=lambda: array("Q"), init=False)
    _tested: int = field(default=0, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    @cached_property
    def size(self) -> int:
        return sum(1 for _ in self._passing())

    def put(self, config: Config, index: int) -> Config:
        return self.whole.put(config, self._kept[index])

    def __iter__(self) -> Iterator[Config]:
        if "size" in vars(self):
            return (self.whole.put({}, index) for index in self._kept)
        return self._passing()

    def _passing(self) -> Iterator[Config]:
        kept, test, lock, at = self._kept, self.test, self._lock, 0
        for index, config in enumerate(self.whole):
            if index == self._tested:
                passes = test(config)  # if it raises, the next pass calls it again
                with lock:
                    if index == self._tested:  # no other thread was faster
                        if passes:
                            kept.append(index)
                        self._tested = index + 1
            if at < len(kept) and kept[at] == index:
                at += 1
                yield config


@dataclass(eq=False)
class Derived(View):
    """The configs with one more key, computed from each."""

    key: str
    rule: Callable[[Config], Any]  # does not change the config

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return (*self.whole.keys, self.key)

    @cached_property
    def mutable(self) -> frozenset[str]:
        return self.whole.mutable | {self.key}  # several configs of a product share one value

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
        if self.indices == range(min(self.size, maxsize)):  # several times as fast as by index
            return islice(self.whole, self.size)
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


class Permutation:
    """A bijection of `range(size)` onto itself that holds no list.

    A Feistel network over pairs: an index is a number of two digits in mixed radix (a, b), with
    a * b just above `size`; each round adds a keyed hash of one digit to the other, modulo that
    digit's radix. The few results outside the range walk on along their cycle until they fall
    inside. After Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002.

    Args:
        size: how many indices there are, at least 1; any size.
        seed: an integer; the same seed and size give the same permutation on every machine.

    >>> sorted(Permutation(5, seed=0)[index] for index in range(5))
    [0, 1, 2, 3, 4]
    """

    def __init__(self, size: int, seed: int) -> None:
        from hashlib import blake2b  # only a shuffled sweep pays for its import

        self.size = size
        self._major = isqrt(size - 1) + 1
        self._minor = -(-size // self._major)
        width = max(64, 8 * -(-(self._major.bit_length() + 32) // 8))
        self._width, self._mask = width, (1 << width) - 1

        def number(*label: int) -> int:
            text, digest = stable_repr((seed, size, *label)).encode(), b""
            while 8 * len(digest) < width:
                digest += blake2b(text + digest).digest()
            return int.from_bytes(digest[: width // 8], "big")

        self._keys = [
            (number(turn, 0), number(turn, 1) | 1, number(turn, 2) | 1) for turn in range(_ROUNDS)
        ]

    def _hash(self, turn: int, digit: int) -> int:
        addend, first, second = self._keys[turn]
        half, mask = self._width // 2, self._mask
        mixed = ((digit + addend) * first) & mask
        mixed = ((mixed ^ (mixed >> half)) * second) & mask
        return mixed ^ (mixed >> half)

    def __getitem__(self, index: int) -> int:
        """Where `index` goes."""
        while True:
            high, low = divmod(index, self._minor)
            for turn in range(_ROUNDS):
                if turn % 2:
                    low = (low + self._hash(turn, high)) % self._minor
                else:
                    high = (high + self._hash(turn, low)) % self._major
            index = high * self._minor + low
            if index < self.size:
                return index
