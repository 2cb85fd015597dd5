"""Every job that a sweep's directory was asked for, with its number and its config.

A sweep that has followed another keeps the numbers of what was there: a job that is new has the
next one that no job has had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from params_proto.keys import bare
from params_proto.overrides.identity import Occurrences, identity, values
from params_proto.records import Record
from params_proto.records.layout import EARLIER, OWN, SWEEP
from params_proto.records.plan import PlanFile
from params_proto.records.returned import plain
from params_proto.sweep import Sweep


def planned(
    directory: Path, plan: PlanFile, done: Iterable[Record]
) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The jobs of the last sweep by number, each with its swept keys and their values.

    Args:
        directory: the sweep's.
        plan: what the last one was started with.
        done: the records that are there.

    Raises:
        SweepError: the file of the sweep cannot be read.
    """
    numbers: dict[str, int] = {}
    for at in range(plan.earlier):
        for name, _ in _named(written(directory / OWN / EARLIER / f"{at}.yaml")):
            numbers.setdefault(name, len(numbers))
    # What the app's own config made of a job's overrides is known where the job has run.
    ran = {record.identity: record.job for record in done}
    for name, job in _named(written(directory / SWEEP)):
        number = numbers.setdefault(name, len(numbers))
        yield ran.get(name, number), swept(dict(values(job)), plan.keys)


def written(path: Path) -> Sweep:
    """The sweep in a file that a multirun wrote, in which a key may stand over another.

    Raises:
        SweepError: it cannot be read.
    """
    from params_proto.storage import load  # for who has the sweep already needs no file

    return load(path, Sweep().rooted(layered=True))


def swept(config: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The swept keys of a job and their values, as a record has them.

    Args:
        config: the job's.
        keys: those that are swept, without +, ++ and ~.
    """
    given = {bare(key): value for key, value in config.items()}
    return {key: plain(given[key]) for key in keys if key in given}


def _named(sweep: Sweep) -> Iterator[tuple[str, list[str]]]:
    occurrences = Occurrences()
    for job in sweep.overrides():
        yield identity(job, occurrences.of(job)), job
