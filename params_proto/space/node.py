"""What every space of configs can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from params_proto.values import fresh

Config = dict[str, Any]


class Space(ABC):
    """A finite, ordered sequence of configs.

    The dicts that a space hands out are the receiver's own, the mutable values in them are not:
    whoever passes a config on to a user calls `renew` first.
    """

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys of the configs, in the order in which they were named."""
        return self._keys()

    @cached_property
    def mutable(self) -> frozenset[str]:
        """The keys with values that a receiver could change."""
        return self._mutable()

    @cached_property
    def size(self) -> int:
        """The number of configs, exact at any size."""
        return self._size()

    @abstractmethod
    def _keys(self) -> tuple[str, ...]: ...

    @abstractmethod
    def _mutable(self) -> frozenset[str]: ...

    @abstractmethod
    def _size(self) -> int: ...

    @abstractmethod
    def put(self, config: Config, index: int) -> Config:
        """Writes row `index` (0 <= index < size) into `config`, and returns it."""

    @abstractmethod
    def positions(self, config: Mapping[str, Any]) -> Iterator[int]:
        """Every index whose row equals `config`."""

    @property
    def ascending(self) -> bool:
        """Whether `positions` gives the smaller index first."""
        return True

    def occurrences(self, config: Mapping[str, Any]) -> int:
        """How many rows equal `config`."""
        return sum(1 for _ in self.positions(config))

    def __iter__(self) -> Iterator[Config]:
        return (self.put({}, index) for index in range(self.size))

    def __contains__(self, config: Mapping[str, Any]) -> bool:
        return next(self.positions(config), None) is not None

    def renew(self, config: Config) -> Config:
        """Gives `config`, a dict of the receiver's own, its own copies of the mutable values."""
        for key in self.mutable & config.keys():
            config[key] = fresh(config[key])
        return config


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal as `in` compares them: nan is itself."""
    return one is other or bool(one == other)
