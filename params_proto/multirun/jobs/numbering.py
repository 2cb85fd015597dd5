"""The numbers of jobs: each job's index in the whole sweep, also where a part of it runs."""

from __future__ import annotations

from collections.abc import Sequence


class FirstNumber(int):
    """The number of a batch's first job, for a launcher to count from.

    A launcher gives its k-th job the number `initial_job_idx + k`, and logs it. Here that is the
    k-th of given numbers, so that one of eight machines can give its jobs the numbers 2, 10, 18 and
    still hands them to the launcher all at once. A launcher that counts in another way gets plain
    integers; the job knows its number all the same, by its directory.

    Args:
        numbers: those of the jobs, in order.

    >>> first = FirstNumber(range(2, 20, 8))
    >>> [first + k for k in range(3)], [k + first for k in range(3)]
    ([2, 10, 18], [2, 10, 18])
    >>> first == 2, f"{first}", [*range(first, first + 3)]
    (True, '2', [2, 3, 4])
    """

    numbers: Sequence[int]

    def __new__(cls, numbers: Sequence[int]) -> FirstNumber:
        first = super().__new__(cls, numbers[0])
        first.numbers = numbers
        return first

    def __add__(self, other: int) -> int:
        return self.numbers[other] if other < len(self.numbers) else int(self) + other

    __radd__ = __add__

    def __reduce__(self) -> tuple[type[FirstNumber], tuple[Sequence[int]]]:
        return FirstNumber, (self.numbers,)


def first_number(numbers: Sequence[int]) -> int:
    """What to give a launcher as the number of its first job: a plain integer where that will do.

    >>> first_number(range(1000, 2000)), type(first_number(range(3, 30, 9))).__name__
    (1000, 'FirstNumber')
    """
    if isinstance(numbers, range) and numbers.step == 1:
        return numbers.start
    return FirstNumber(numbers)
