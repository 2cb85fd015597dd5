"""Every job that a sweep's directory was asked for, with its number and its config.

A sweep that has followed another keeps the numbers of what was there: a job that is new has the
next one that no job has had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from params_proto._keys import bare
from params_proto._text import to_json
from params_proto.algebra.builder import Builder
from params_proto.overrides.identity import Occurrences, identity, values
from params_proto.records import Record
from params_proto.records.manifest import EARLIER, OWN, SWEEP, PlanFile
from params_proto.sweep import Sweep


def planned(
    directory: Path, plan: PlanFile, done: Iterable[Record]
) -> tuple[dict[int, Mapping[str, Any]], set[int]]:
    """The jobs of the last sweep and of those before it, by number.

    Args:
        directory: the sweep's.
        plan: what the last one was started with.
        done: the records that are there.

    Returns:
        What each job is given, keys that are not swept among it; and which jobs the last sweep has.

    Raises:
        SweepError: the file of a sweep cannot be read.
    """
    # What the app's own config made of a job's overrides is known where the job has run.
    ran = {record.identity: record.job for record in done}
    numbers: dict[str, int] = {}
    given: dict[int, Mapping[str, Any]] = {}
    last: set[int] = set()
    files = [directory / OWN / EARLIER / f"{at}.yaml" for at in range(plan.earlier)]
    for file in [*files, directory / SWEEP]:
        for name, job in _named(written(file)):
            number = ran.get(name, numbers.setdefault(name, len(numbers)))
            given[number] = {key: to_json(value) for key, value in values(job)}
            if file.parent == directory:
                last.add(number)
    return given, last


def written(path: Path) -> Sweep:
    """The sweep in a file that a multirun wrote, in which a key may stand over another.

    Raises:
        SweepError: it cannot be read.
    """
    from params_proto.storage import load  # for who has the sweep already needs no file

    return Sweep.from_expression(load(path, Builder(layered=True)).expression)


def swept(config: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """The swept keys of a job and their values, as a record has them.

    Args:
        config: the job's.
        keys: those that are swept, without +, ++ and ~.
    """
    given = {bare(key): value for key, value in config.items()}
    return {key: to_json(given[key]) for key in keys if key in given}


def _named(sweep: Sweep) -> Iterator[tuple[str, list[str]]]:
    occurrences = Occurrences()
    for job in sweep.overrides():
        yield identity(job, occurrences.of(job)), job
