"""A job of a sweep, and the batches in which a launcher gets them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    def numbers(self) -> Sequence[int]:
        """Of the jobs: a range where they are one."""
        numbers = [job.number for job in self.all]
        step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
        whole = range(numbers[0], numbers[0] + step * len(numbers), step)
        return whole if [*whole] == numbers else numbers

    @property
    def jobs(self) -> list[Overrides]:
        """Their overrides."""
        return [job.overrides for job in self.all]

    @property
    def again(self) -> Mapping[int, int]:
        """The last attempts of those that were completed."""
        return {job.number: job.rerun_after for job in self.all if job.rerun_after}


def in_batches(jobs: Iterable[Job], sizes: Iterable[int]) -> Iterator[Batch]:
    """The jobs in batches of at most these sizes, each computed when it is needed."""
    rest = iter(jobs)
    for size in sizes:
        batch = list(islice(rest, size))
        if not batch:
            return
        yield Batch(batch)


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
