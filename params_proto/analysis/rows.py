"""A sweep's directory as a table: its jobs, what they were given, and what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from params_proto._keys import bare
from params_proto._text import json_key, to_json
from params_proto.analysis.metrics import metrics, number
from params_proto.analysis.planned import planned, swept, written
from params_proto.errors import SweepError
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import (
    MULTIRUN,
    OWN,
    PLAN,
    SWEEP,
    PlanFile,
    UnreadableError,
    has_plan,
    read_plan,
    record_paths,
)
from params_proto.sweep import Sweep

PENDING = "pending"
# The columns that every table has: before its keys, and between these and its metrics. What pandas
# leaves out of a table that is too wide is in the middle.
BEFORE, RUN_COLUMNS = ("sweep", "job"), ("started", "dir", "error", "attempt", "duration", "status")


class Row(NamedTuple):
    """A job.

    Args:
        job: its number.
        config: the swept keys and their values.
        metrics: what the task returned, by name.
        status: what became of it; `pending` where it has not run, None where nobody has noted it.
        attempt: how often it has run.
        duration: seconds.
        started: when, ISO 8601 with the zone.
        dir: its directory, relative to the sweep's where it is in there.
        error: what it raised, in a line.
    """

    job: int
    config: Mapping[str, Any]
    metrics: Mapping[str, Any]
    status: str | None
    attempt: int | None
    duration: float | None
    started: str | None
    dir: str | None
    error: str | None


@dataclass(eq=False)
class Table:
    """The jobs of a sweep, which are read each time it is iterated: there may be very many.

    Args:
        directory: the sweep's.
        keys: those that are swept, in their order.
        groups: those of the keys that choose a config group's option.
        rows: reads the jobs, by number.
        metric: by which the sweep itself ranks its jobs, if it says so.
        direction: what of it is better, if it says so.
        fixed: finds the keys that have one value in all jobs, and the value.
    """

    directory: Path
    keys: list[str]
    groups: frozenset[str]
    rows: Callable[[], Iterable[Row]]
    metric: str | None = None
    direction: str | None = None
    fixed: Callable[[], Mapping[str, Any]] = dict

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows())

    def held(self, most: int) -> Table:
        """The same with its rows in memory, if they are not too many.

        Args:
            most: how many may be.
        """
        rows = list(islice(self, most + 1))
        return self if len(rows) > most else replace(self, rows=lambda: rows)


def table(
    directory: Path, most: int = 1_000_000, configs: Iterable[Mapping[str, Any]] | None = None
) -> Table:
    """The jobs of a sweep, also while it runs.

    Args:
        directory: of a sweep of ours, or of Hydra's basic sweeper.
        most: jobs of a sweep. Of a larger one there are those that have run, and no pending ones.
        configs: of its jobs, where they are known; else they are read from its file.

    Raises:
        SweepError: there is no sweep, or what it has written cannot be read.
    """
    if has_plan(directory):
        plan, records = read_plan(directory), JobStore(directory)
        if configs is None or plan.earlier:
            configs = _configs(directory)
        listed = _listed(plan, most) if configs is not None else 0
        if listed and plan.earlier:
            return _followed(plan, records)
        return Table(
            directory,
            plan.keys,
            frozenset(plan.groups),
            lambda: _jobs(plan, records, () if configs is None else configs, listed),
            plan.metric,
            plan.direction,
            lambda: _fixed(directory, plan),
        )
    if next(record_paths(directory), None) is not None:
        gone = SWEEP if (directory / OWN / PLAN).is_file() else f"{OWN}/{PLAN}"
        raise SweepError(
            f"{directory}: its {gone} is gone, and without it the records that are there say too"
            " little. Put it back."
        )
    if not (directory / MULTIRUN).is_file():
        what = "holds no sweep" if directory.is_dir() else "is no directory"
        raise SweepError(
            f"{directory} {what}.{_near(directory)} Give the directory of a sweep, which has a"
            f" {SWEEP}, or of one of Hydra's basic sweeper, which has a {MULTIRUN}."
        )
    from params_proto.analysis import basic

    found = basic.jobs(directory)
    keys, groups = basic.swept(found, directory)
    return Table(directory, keys, groups, lambda: found)


def _near(directory: Path) -> str:
    """Names a sweep above or below a directory, the one that began last."""
    below = [plan for depth in ("*", "*/*") for plan in directory.glob(f"{depth}/{OWN}/{PLAN}")]
    last = max(below, key=lambda plan: plan.stat().st_mtime, default=None)
    found = last.parents[1] if last else next(filter(has_plan, directory.parents), None)
    return "" if found is None else f" Did you mean {found}?"


def _configs(directory: Path) -> Sweep | None:
    """Those of the sweep's file, unless only the app can read it."""
    try:
        return written(directory / SWEEP)
    except SweepError:
        return None


def _fixed(directory: Path, plan: PlanFile) -> Mapping[str, Any]:
    configs = _configs(directory)
    first = dict[str, Any]() if configs is None else next(iter(configs), dict[str, Any]())
    kept = {key: to_json(value) for key, value in first.items() if not key.startswith("~")}
    return {bare(key): number(kept[key]) for key in kept if bare(key) not in plan.keys}


def _listed(plan: PlanFile, most: int) -> int:
    """How many jobs have a row whether or not they have run."""
    if plan.jobs is not None and plan.jobs > most:
        return 0
    return most if plan.jobs is None else plan.jobs  # a filter's are not counted


def _jobs(
    plan: PlanFile, records: JobStore, configs: Iterable[Mapping[str, Any]], listed: int
) -> Iterator[Row]:
    for job, config in enumerate(islice(configs, listed)):
        yield _row(job, swept(config, plan.keys), _read(records, job), records)
    if listed != plan.jobs:
        for record in records.all():
            if isinstance(record, Record) and record.job >= listed:
                yield _row(record.job, record.config, record, records)


def _followed(plan: PlanFile, records: JobStore) -> Table:
    """Of sweeps of which one has followed the other: they may have had other keys, other jobs."""
    done = {record.job: record for record in records.all() if isinstance(record, Record)}
    given, last = planned(records.directory, plan, done.values())
    jobs = {
        job: {**given.get(job, {}), **(done[job].config if job in done else {})}
        for job in sorted({*last, *done})
    }
    was_swept = dict.fromkeys([*plan.keys, *[key for one in done.values() for key in one.config]])
    keys = [*was_swept, *[key for key in _differing(jobs.values()) if key not in was_swept]]
    rows = [
        _row(job, {key: config[key] for key in keys if key in config}, done.get(job), records)
        for job, config in jobs.items()
    ]
    return Table(
        records.directory,
        keys,
        frozenset(plan.groups),
        lambda: rows,
        plan.metric,
        plan.direction,
        lambda: _fixed(records.directory, plan),
    )


def _differing(configs: Collection[Mapping[str, Any]]) -> list[str]:
    """The keys that not all of them have, with one value."""
    values: dict[str, Counter[str]] = {}
    for config in configs:
        for key, value in config.items():
            values.setdefault(key, Counter())[json_key(value)] += 1
    return [key for key, counts in values.items() if [*counts.values()] != [len(configs)]]


def _read(records: JobStore, job: int) -> Record | None:
    try:
        return records.read(job)
    except UnreadableError:
        return None  # the job runs again


def _row(job: int, config: Mapping[str, Any], record: Record | None, records: JobStore) -> Row:
    if record is None:
        return Row(job, number(config), {}, PENDING, None, None, None, None, None)
    dead = record.status is Status.RUNNING and not records.is_running(record)
    error = record.error
    return Row(
        job,
        number({**config, **record.config}),
        dict(metrics(record.value)),
        (Status.CRASHED if dead else record.status).value,
        record.attempt,
        record.duration,
        record.started,
        record.dir,
        None if error is None else f"{error.type}: {error.message}".partition("\n")[0],
    )


def columns(keys: Collection[str], metrics: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the columns of some keys and of some metrics.

    >>> columns(["lr", "dir"], ["lr", "loss"])
    ({'lr': 'lr', 'dir': 'config.dir'}, {'lr': 'metric.lr', 'loss': 'loss'})
    """
    taken = {*BEFORE, *RUN_COLUMNS}
    of_keys = _free(keys, "config", taken)
    return of_keys, _free(metrics, "metric", taken | {*keys} | {*of_keys.values()})


def _free(names: Iterable[str], prefix: str, taken: set[str]) -> dict[str, str]:
    """A column for each name, the name itself where no other has it."""
    names = list(names)
    columns: dict[str, str] = {}
    for name in names:
        column = name
        while column in taken or (column != name and column in names):
            column = f"{prefix}.{column}"
        columns[name] = column
        taken = taken | {column}
    return columns


def metrics_of(rows: Iterable[Row]) -> list[str]:
    """The names of what the tasks returned, in the order in which they first occur."""
    return list(dict.fromkeys(name for row in rows for name in row.metrics))
