"""The numbers of the jobs of a sweep that has changed: what was there keeps its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from params_proto.multirun.jobs.numbered import Job
from params_proto.overrides.identity import identity, telling
from params_proto.records import Record, Records


def renumbered(
    jobs: Iterable[Job],
    earlier: Iterable[Job],
    whole: Iterable[Job],
    records: Records,
    selecting: Collection[str],
) -> Iterator[Job]:
    """The jobs of a sweep with the numbers that they had in earlier ones of its directory.

    A job that is new gets the next number that no job has had. All processes come to the same
    numbers, as they begin with the same files.

    Args:
        jobs: of the sweep, or of a part of it.
        earlier: all jobs of the sweeps before, in their order.
        whole: all jobs of this one, where `jobs` are a part: those of the other parts have numbers,
            too.
        records: of the jobs that have run.
        selecting: the keys that only say which sweep it is.
    """
    known: dict[str, int] = {}
    # Whichever records are there: other parts of the sweep write some meanwhile.
    for one in chain(earlier, whole):
        known.setdefault(_name(one, selecting), len(known))
    # A file may spell a value in another way than the command line did.
    ran = {one.identity: one.job for one in records.all() if isinstance(one, Record)}
    for one in jobs:
        name = _name(one, selecting)
        number = known.setdefault(name, len(known))
        yield one._replace(number=ran.get(name, number))


def _name(one: Job, selecting: Collection[str]) -> str:
    return identity(telling(one.overrides, selecting), one.occurrence)
