"""A sweep's directory as a table: its jobs, what they were given, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from params_proto.errors import SweepError
from params_proto.records import Record, Records, Status
from params_proto.records.layout import MULTIRUN, SWEEP
from params_proto.records.plan import has_plan, read_plan
from params_proto.table.planned import planned

PENDING = "pending"
# The columns that every table has, beside those of its keys and metrics.
BEFORE, AFTER = ("sweep", "job"), ("status", "attempt", "duration", "started", "dir", "error")
_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


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
        dir: its directory.
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


class Table(NamedTuple):
    """The jobs of a sweep.

    Args:
        directory: the sweep's.
        keys: those that are swept, in their order.
        groups: those of the keys that choose a config group's option.
        metrics: the names of what the tasks returned.
        rows: the jobs, by number.
    """

    directory: Path
    keys: list[str]
    groups: frozenset[str]
    metrics: list[str]
    rows: list[Row]


def table(directory: Path) -> Table:
    """The jobs of a sweep, also while it runs.

    Args:
        directory: of a sweep of ours, or of Hydra's basic sweeper.

    Raises:
        SweepError: there is no sweep, or what it has written cannot be read.
    """
    if has_plan(directory):
        return _recorded(directory)
    if not (directory / MULTIRUN).is_file():
        what = "holds no sweep" if directory.is_dir() else "is no directory"
        raise SweepError(
            f"{directory} {what}. Give the directory of a sweep, which has a {SWEEP}, or of one of"
            f" Hydra's basic sweeper, which has a {MULTIRUN}."
        )
    from params_proto.table.basic import jobs

    found = jobs(directory)
    return Table(directory, *_keys(found), [], found)


def _recorded(directory: Path) -> Table:
    plan, records = read_plan(directory), Records(directory)
    done = {record.job: record for record in records.all() if isinstance(record, Record)}
    jobs = dict(planned(directory, plan, done.values()))
    keys = list(dict.fromkeys([*plan.keys, *[key for one in done.values() for key in one.config]]))
    rows: list[Row] = []
    names: dict[str, None] = {}
    for number in sorted({*jobs, *done}):
        record = done.get(number)
        if record is None:
            rows.append(Row(number, jobs[number], {}, PENDING, *[None] * 5))
            continue
        row = _row(directory, record, runs=records.runs(record))
        names.update(dict.fromkeys(row.metrics))
        rows.append(row)
    return Table(directory, keys, frozenset(plan.groups), list(names), rows)


def _row(directory: Path, record: Record, *, runs: bool) -> Row:
    dead = record.status is Status.RUNNING and not runs
    error = record.error
    return Row(
        record.job,
        record.config,
        dict(metrics(record.value)),
        (Status.CRASHED if dead else record.status).value,
        record.attempt,
        record.duration,
        record.started,
        str(directory / record.dir),
        None if error is None else f"{error.type}: {error.message}".partition("\n")[0],
    )


def columns(keys: Collection[str], metrics: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The names of the columns of some keys and of some metrics.

    >>> columns(["lr", "dir"], ["lr", "loss"])
    ({'lr': 'lr', 'dir': 'config.dir'}, {'lr': 'metric.lr', 'loss': 'loss'})
    """
    own = (*BEFORE, *AFTER)
    return (
        {key: f"config.{key}" if key in own else key for key in keys},
        {name: f"metric.{name}" if name in own or name in keys else name for name in metrics},
    )


def metrics(value: Any) -> list[tuple[str, Any]]:
    """What a task returned, by name: a dict's entries with dots, anything else as `value`.

    >>> metrics({"loss": {"train": 0.5, "test": "NaN"}}), metrics(0.5), metrics(None)
    ([('loss.train', 0.5), ('loss.test', nan)], [('value', 0.5)], [])
    """
    if value is None:
        return []
    if isinstance(value, dict):
        return [*_flat(cast("dict[str, Any]", value), "")]
    return [("value", number(value))]


def number(value: Any) -> Any:
    """A value of a record, in which a number that JSON does not have is a text."""
    return _NUMBERS.get(value, value) if isinstance(value, str) else value


def _flat(node: Mapping[str, Any], path: str) -> Iterable[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _flat(cast("dict[str, Any]", value), f"{path}{key}.")
        else:
            yield f"{path}{key}", number(value)


def _keys(jobs: list[Row]) -> tuple[list[str], frozenset[str]]:
    """Those with different values in different jobs, and which of them are groups."""
    values: dict[str, set[str]] = {}
    for row in jobs:
        for key, value in row.config.items():
            values.setdefault(key, set()).add(repr(value))
    held = {key: sum(key in row.config for row in jobs) for key in values}
    swept = [
        key
        for key, found in values.items()
        if len(jobs) == 1 or len(found) > 1 or held[key] < len(jobs)
    ]
    return swept, frozenset(key for key in swept if "/" in key)
