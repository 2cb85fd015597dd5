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
        size: the most to keep, by the weight of the values.
        weight: that of a value, always the same: as one, if not given.
        least: how many values to keep, however heavy, 1 or more.

    >>> squares = Recent(2)
    >>> [squares.get(number, lambda number=number: number * number) for number in (2, 3, 2, 4)]
    [4, 9, 4, 16]
    >>> 2 in squares, 3 in squares
    (True, False)
    >>> texts = Recent(5, len, least=2)
    >>> [texts.get(text, lambda text=text: text) for text in ("a", "bcd", "efghijk")]
    ['a', 'bcd', 'efghijk']
    >>> "a" in texts, "bcd" in texts
    (False, True)
    """

    def __init__(self, size: int, weight: Callable[[V], int] = lambda _: 1, least: int = 1) -> None:
        self._size = size
        self._weight = weight
        self._least = least
        self._in_all = 0
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
        made = make()
        with self._lock:
            if key in self._kept:  # another thread was faster
                return self._kept[key]
            self._kept[key] = made
            self._in_all += self._weight(made)
            while self._in_all > self._size and len(self._kept) > self._least:
                self._in_all -= self._weight(self._kept.popitem(last=False)[1])
        return made
