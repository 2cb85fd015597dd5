"""The jobs of a sweep that has changed, and the configs of any sweep's jobs.

Jobs that have run keep their numbers, and those that are new have the next ones.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from params_proto.algebra.builder import Builder
from params_proto.keys import bare
from params_proto.overrides.identity import RecordedNumbers, values
from params_proto.records import Record
from params_proto.records.layout import SWEEP
from params_proto.records.plan import PlanFile
from params_proto.records.returned import plain
from params_proto.sweep import Sweep


def planned(
    directory: Path, plan: PlanFile, done: Iterable[Record]
) -> tuple[dict[int, Mapping[str, Any]], set[int]]:
    """The jobs of the last sweep, and those that have run before, by number.

    Args:
        directory: the sweep's.
        plan: what the last one was started with.
        done: the records that are there, by number.

    Returns:
        What each job is given, keys that are not swept among it; and which jobs the last sweep has.

    Raises:
        SweepError: the sweep's file cannot be read.
    """
    recorded = list(done)
    numbers = RecordedNumbers((one.identity, one.job) for one in recorded)
    selecting = {bare(line.partition("=")[0]) for line in plan.selecting}
    given: dict[int, Mapping[str, Any]] = {
        one.job: _given(one.overrides, selecting) for one in recorded
    }
    last: set[int] = set()
    for job in written(directory / SWEEP).overrides():
        number = numbers.of(job)
        given[number] = _given(job)
        last.add(number)
    return given, last


def _given(job: Iterable[str], but: Collection[str] = ()) -> dict[str, Any]:
    return {key: plain(value) for key, value in values(job) if key not in but}


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
    return {key: plain(given[key]) for key in keys if key in given}
