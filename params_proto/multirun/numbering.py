"""The numbers of jobs: each job's index in the whole sweep, also where a part of it runs."""

from __future__ import annotations

from typing import Any


class FirstNumber(int):
    """The number of a batch's first job, for a launcher to count from.

    A launcher gives its k-th job the number `initial_job_idx + k`. Here that is `first + k * step`,
    so that one of eight machines can give its jobs the numbers 2, 10, 18 and still hands them to
    the launcher all at once.

    Args:
        numbers: those of the jobs, in order.

    >>> first = FirstNumber(range(2, 20, 8))
    >>> [first + k for k in range(3)], first == 2, f"{first}"
    ([2, 10, 18], True, '2')
    """

    step: int

    def __new__(cls, numbers: range) -> FirstNumber:
        first = super().__new__(cls, numbers.start)
        first.step = numbers.step
        return first

    def __add__(self, other: Any) -> int:
        return int(self) + self.step * other

    def __reduce__(self) -> tuple[type[FirstNumber], tuple[range]]:
        return FirstNumber, (range(int(self), int(self) + self.step, self.step),)


def first_number(numbers: range) -> int:
    """What to give a launcher as the number of its first job: a plain integer where that will do.

    >>> first_number(range(1000, 2000)), type(first_number(range(3, 30, 9))).__name__
    (1000, 'FirstNumber')
    """
    return numbers.start if numbers.step == 1 else FirstNumber(numbers)
