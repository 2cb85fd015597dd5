"""A seeded permutation of `range(size)`, computed index by index."""

from __future__ import annotations

from math import isqrt

from params_proto._text import stable_repr

_ROUNDS = 8


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

    def _forward(self, index: int) -> int:
        high, low = divmod(index, self._minor)
        for turn in range(_ROUNDS):
            if turn % 2:
                low = (low + self._hash(turn, high)) % self._minor
            else:
                high = (high + self._hash(turn, low)) % self._major
        return high * self._minor + low

    def __getitem__(self, index: int) -> int:
        """Where `index` goes."""
        while True:
            index = self._forward(index)
            if index < self.size:
                return index
