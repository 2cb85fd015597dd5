"""A job of a sweep, and the batches in which a launcher gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

Overrides = list[str]


class Job(NamedTuple):
    """A job of a sweep.

    Args:
        number: its index in the sweep; where the sweep has changed since it began, its own number.
        overrides: its overrides.
        directory: where an earlier attempt ran, relative to the sweep's directory.
        rerun_after: number of the last attempt if a completed job is to be rerun, else 0.
    """

    number: int
    overrides: Overrides
    directory: str | None = None
    rerun_after: int = 0


@dataclass(eq=False)
class Batch:
    """Jobs that a launcher gets at once.

    Args:
        all: the jobs.
        directories: their directories by number, where they are known before the job runs.
    """

    all: Sequence[Job]
    directories: dict[int, str] = field(default_factory=dict[int, str])

    @property
    def first_number(self) -> int:
        """What a launcher gets as the number of the first job, to count from.

        A launcher gives its k-th job the number `initial_job_idx + k`, and logs it. It is a plain
        integer where that is right, and otherwise one that knows the jobs' own numbers.

        >>> first = Batch([Job(number, []) for number in (2, 10, 18)]).first_number
        >>> [first + k for k in range(3)], f"{first}"
        ([2, 10, 18], '2')
        """
        numbers = [job.number for job in self.all]
        follow_each_other = numbers == [*range(numbers[0], numbers[0] + len(numbers))]
        return numbers[0] if follow_each_other else FirstNumber(numbers)


def in_batches(jobs: Iterable[Job], size: int) -> Iterator[Batch]:
    """The jobs in batches of at most this size, each computed when it is needed."""
    rest = iter(jobs)
    while batch := list(islice(rest, size)):
        yield Batch(batch)


class FirstNumber(int):
    """The number of a batch's first job, where the others do not follow it one by one.

    So one of eight machines can give its jobs the numbers 2, 10, 18 and still hands them to the
    launcher all at once. A launcher that counts in another way gets plain integers; the job knows
    its number all the same, by its directory.

    Args:
        numbers: those of the jobs, in order.
    """

    numbers: Sequence[int]

    def __new__(cls, numbers: Sequence[int]) -> FirstNumber:
        first = super().__new__(cls, numbers[0])
        first.numbers = numbers
        return first

    def __add__(self, other: int) -> int:
        return self.numbers[other] if other < len(self.numbers) else int(self) + other

    __radd__ = __add__
