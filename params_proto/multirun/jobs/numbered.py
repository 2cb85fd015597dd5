"""The jobs of a sweep with their numbers, one by one and in the batches that a launcher gets."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from params_proto.errors import SweepError
from params_proto.multirun.asked.plan import Overrides, Plan
from params_proto.multirun.jobs.distinct import occurrence_of
from params_proto.overrides.identity import Occurrences, telling

_LOOKED_AT = 10_000_000  # jobs before those of a part, to tell equal ones apart: some minutes, 1 GB


class Job(NamedTuple):
    """A job of a sweep.

    Args:
        number: the index in the whole sweep.
        overrides: its overrides.
        occurrence: how many jobs before it are equal.
        directory: where an earlier attempt ran, relative to the sweep's directory.
        rerun_after: the last of its attempts, where it was completed and is to run once more.
    """

    number: int
    overrides: Overrides
    occurrence: int = 0
    directory: str | None = None
    rerun_after: int = 0


@dataclass(eq=False)
class Batch:
    """Jobs that a launcher gets at once."""

    all: Sequence[Job]
    # By number, those that the jobs were found to have.
    directories: dict[int, str] = field(default_factory=dict[int, str])

    @property
    def numbers(self) -> Sequence[int]:
        """Of the jobs: a range where they are one."""
        numbers = [one.number for one in self.all]
        step = numbers[1] - numbers[0] if len(numbers) > 1 else 1
        whole = range(numbers[0], numbers[0] + step * len(numbers), step)
        return whole if [*whole] == numbers else numbers

    @property
    def jobs(self) -> list[Overrides]:
        """Their overrides."""
        return [one.overrides for one in self.all]

    @property
    def occurrences(self) -> Mapping[int, int]:
        """Of those that have equal ones before them."""
        return {one.number: one.occurrence for one in self.all if one.occurrence}

    @property
    def again(self) -> Mapping[int, int]:
        """The last attempts of those that were completed."""
        return {one.number: one.rerun_after for one in self.all if one.rerun_after}


def numbered(
    plan: Plan, part: slice | None = None, selecting: Collection[str] = ()
) -> Iterator[Job]:
    """The jobs of a sweep, in order.

    Args:
        plan: the sweep.
        part: which of them; None for all.
        selecting: the keys that say which sweep it is, and nothing about a job.

    Raises:
        SweepError: a value that Hydra's grammar cannot say, by its key.
    """
    occurrence = occurrence_of(plan.expression, plan.spelled, selecting)
    if occurrence is None:
        yield from _counted(plan, part, selecting)
        return
    for number, job in plan.numbered(part):
        yield Job(number, job, occurrence(number))


def _counted(plan: Plan, part: slice | None, selecting: Collection[str]) -> Iterator[Job]:
    """The same by a look at all jobs, up to the last of them."""
    seen = Occurrences()
    if part is None:
        for number, job in plan.numbered():
            yield Job(number, job, seen.of(telling(job, selecting)))
        return
    wanted = range(plan.space.size)[part]
    if not wanted:
        return
    apart = max(wanted[0], wanted.step)
    if apart > _LOOKED_AT:
        raise SweepError(
            f"hydra.sweeper.slice: some of the {apart} jobs before one of this part may be equal to"
            " it. In a sweep that has exclude, where, shuffle, sample or a slice among its steps,"
            " sweeps put together by +, or a set() over swept keys, that takes a look at each, and"
            f" {_LOOKED_AT} are the most. Make the parts sweeps of their own, in two directories."
        )
    before: dict[int, int] = {}
    for number, job in plan.numbered(slice(max(wanted[0], wanted[-1]) + 1)):
        occurrence = seen.of(telling(job, selecting))
        if number in wanted and wanted.step > 0:
            yield Job(number, job, occurrence)
        elif number in wanted:
            before[number] = occurrence
    if wanted.step < 0:
        for number, job in plan.numbered(part):
            yield Job(number, job, before[number])


def in_batches(jobs: Iterable[Job], sizes: Iterable[int]) -> Iterator[Batch]:
    """The jobs in batches, each computed when it is asked for.

    Args:
        jobs: in order.
        sizes: the most of them in each batch, one after the other.
    """
    rest = iter(jobs)
    for size in sizes:
        batch = list(islice(rest, size))
        if not batch:
            return
        yield Batch(batch)
