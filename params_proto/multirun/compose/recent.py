"""A bounded mapping that forgets what was not asked for the longest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values made when they are first asked for, the most recent of them kept.

    Args:
        size: the most values to keep, 1 or more.

    >>> squares = Recent(2)
    >>> [squares.get(number, lambda number=number: number * number) for number in (2, 3, 2, 4)]
    [4, 9, 4, 16]
    >>> 2 in squares, 3 in squares
    (True, False)
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._lock = Lock()  # a launcher may compose in threads

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key, made if there is none; what raises is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()
        with self._lock:
            self._kept[key] = value
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return value
