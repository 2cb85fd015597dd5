"""What a sweep is as a sequence: its length, its items and where they stand, from its space."""

from __future__ import annotations

import operator
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast, overload

from params_proto.space import Config, Space

S = TypeVar("S", bound="SpaceSequence")


class SpaceSequence(Sequence[Config]):
    """The configs of a space, each a fresh dict, in the order and with the methods of a tuple."""

    __slots__ = ("_space",)
    _space: Space

    @abstractmethod
    def _cut(self: S, part: slice) -> S:
        """The configs of a slice, lazily."""

    @property
    def size(self) -> int:
        """The number of configs, exact past `sys.maxsize`, where Python's `len` cannot be.

        >>> from params_proto import Sweep
        >>> Sweep().product(a=range(10**12), b=range(10**12)).size == 10**24
        True
        """
        return self._space.size

    def __len__(self) -> int:
        return self._space.size

    def __bool__(self) -> bool:
        return self._space.size > 0

    def __iter__(self) -> Iterator[Config]:
        space = self._space
        return map(space.renew, space) if space.mutable else iter(space)

    def __reversed__(self) -> Iterator[Config]:
        return iter(self._cut(slice(None, None, -1)))

    @overload
    def __getitem__(self, index: int) -> Config: ...
    @overload
    def __getitem__(self: S, index: slice) -> S: ...
    def __getitem__(self: S, index: int | slice) -> Config | S:
        if isinstance(index, slice):
            return self._cut(index)
        size = self._space.size
        at = operator.index(index)
        if not -size <= at < size:
            raise IndexError(f"sweep index {at} is out of range: it has {size} configs.")
        return self._space.renew(self._space.put({}, at % size))

    def __contains__(self, config: object) -> bool:
        return isinstance(config, Mapping) and config in self._space

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:
        """The first index at which a config stands.

        Raises:
            ValueError: there is none.

        >>> from params_proto import Sweep
        >>> Sweep().product(lr=range(10**9)).index({"lr": 12345})
        12345
        """
        within = range(self.size)[start:stop]
        found = (at for at in self._positions(value) if at in within)
        first = next(found, None) if self._space.ascending else min(found, default=None)
        if first is None:
            raise ValueError(f"{value!r} is not in the sweep.")
        return first

    def count(self, value: Any) -> int:
        """How often a config stands in the sweep.

        >>> from params_proto import Sweep
        >>> Sweep().product(lr=[1, 2]).repeat(3).count({"lr": 2})
        3
        """
        if not isinstance(value, Mapping):
            return 0
        return self._space.occurrences(cast("Mapping[str, Any]", value))

    def _positions(self, config: object) -> Iterator[int]:
        if not isinstance(config, Mapping):
            return iter(())
        return self._space.positions(cast("Mapping[str, Any]", config))
