"""The contents of a report, read from the directory of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from params_proto.analysis.ranking import Ranking, configurations, ranking_of, repeat_keys
from params_proto.analysis.rerun import rerun_command
from params_proto.analysis.rows import Row, column_names, metrics_of, table_with_records
from params_proto.errors import SweepError
from params_proto.records import FAILURES, Failure, JobStore, Record
from params_proto.records.manifest import SWEEP, PlanFile, read_plan
from params_proto.report.columns import (
    ABSENT,
    Column,
    format_short,
    make_column,
    numbers,
    options,
    sanitize,
)

MAX_JOBS = 20_000  # jobs; a browser takes some seconds for this many rows


class Failures(NamedTuple):
    """Jobs that failed at the same place in the code.

    Args:
        kind: the class name of their exceptions.
        traceback: the traceback of the first one.
        jobs: the row and the message of each job.
    """

    kind: str
    traceback: str
    jobs: list[tuple[int, str]]


class Contents(NamedTuple):
    """The contents of a sweep's page.

    Args:
        directory: the directory of the sweep.
        plan: how it was started.
        sweep: the text of `sweep.yaml`.
        columns: a value for each job.
        configurations: a number for each job, the same for its repeats.
        statuses: how many jobs have each status.
        times: when each job that has ended started and ended.
        failures: failures by place in the code, the most frequent first.
        metric: the metric that ranks jobs; None to begin with the first one.
        commands: commands that rerun the best jobs by each metric, by row.
    """

    directory: Path
    plan: PlanFile
    sweep: str
    columns: list[Column]
    configurations: list[int]
    statuses: Counter[str]
    times: list[tuple[datetime, datetime]]
    failures: list[Failures]
    metric: str | None
    commands: dict[int, str]


def read(
    directory: Path, metric: str | None, direction: str | None, over: Sequence[str] | None
) -> Contents:
    """Reads a sweep for its page, even while it runs.

    Args:
        directory: the directory of the sweep.
        metric: the metric that ranks jobs.
        direction: `minimize` or `maximize`.
        over: the keys that distinguish repeats; by default those named `seed`.
    """
    found = table_with_records(directory, limit=MAX_JOBS)
    rows = list(islice(found, MAX_JOBS + 1))
    if len(rows) > MAX_JOBS:
        raise SweepError(
            f"{directory} has more than {MAX_JOBS} jobs, which is more than a page can show. Choose"
            f" from them with params-proto results {directory} --csv."
        )
    metrics = metrics_of(rows)
    order = ranking_of([found], metric, direction, metrics)
    over = repeat_keys(over or ["seed"], found.keys)
    keys, names = column_names(found.keys, metrics)
    shown: list[Column] = [numbers("job", "job", [row.job for row in rows])]
    for key, name in keys.items():
        values = [row.config.get(key, ABSENT) for row in rows]
        shown.append(make_column(name, "key", values)._replace(repeats=key in over))
    best = {order.metric: order} if order else {}
    for key, name in names.items():
        ranking = best.get(key) or Ranking.by(key, None if order else direction)
        values = [row.metrics.get(key, ABSENT) for row in rows]
        shown.append(make_column(name, "metric", values)._replace(maximize=ranking.maximize))
    plan = read_plan(directory)
    return Contents(
        directory,
        plan,
        (directory / SWEEP).read_text("utf-8", errors="replace"),
        [*shown, *[column for column in _run_columns(rows) if any(column.cells)]],
        configurations(rows, [*over, *found.derived]),
        Counter(row.status for row in rows if row.status),
        [
            (start := datetime.fromisoformat(row.started), start + timedelta(seconds=row.duration))
            for row in rows
            if row.started and row.duration is not None
        ],
        _failures(JobStore(directory), rows),
        names.get(order.metric) if order else None,
        _commands(directory, plan, rows, metrics),
    )


def _run_columns(rows: Sequence[Row]) -> list[Column]:
    """The columns about how the jobs ran."""

    def given(name: str) -> list[Any]:
        return [ABSENT if (value := getattr(row, name)) is None else value for row in rows]

    times: list[float | str | None] = [
        row.started and datetime.fromisoformat(row.started).timestamp() for row in rows
    ]
    texts = [(row.started or "")[:19].replace("T", " ") for row in rows]
    return [
        options("status", "status", given("status")),
        numbers("seconds", "seconds", given("duration")),
        Column("started", "started", texts, times),
        options("dir", "dir", given("dir")),
        options("error", "error", given("error")),
    ]


def _commands(
    directory: Path, plan: PlanFile, rows: Sequence[Row], metrics: Iterable[str]
) -> dict[int, str]:
    """The commands of jobs that a page can show as the best: by any metric, in either direction."""
    places = {row.job: place for place, row in enumerate(rows)}
    commands: dict[int, str] = {}
    for metric in metrics:
        for order in (Ranking(metric), Ranking(metric, maximize=True)):
            best = min(rows, key=order.place)
            record = JobStore(directory).read(best.job)
            if record is not None and order.score(best.metrics) is not None:
                commands[places[best.job]] = sanitize(rerun_command(plan, [record]))
    return commands


def _failures(records: JobStore, rows: Sequence[Row]) -> list[Failures]:
    groups: dict[tuple[str, ...], Failures] = {}
    for place, row in enumerate(rows):
        record = records.read(row.job) if row.status in FAILURES else None
        if isinstance(record, Record):
            error = record.error or Failure("The process died", "", "")
            text = error.traceback.rstrip()
            frames = [line for line in text.splitlines() if line.startswith('  File "')]
            kind = (error.type, *frames)
            group = groups.setdefault(kind, Failures(sanitize(error.type), sanitize(text), []))
            group.jobs.append((place, format_short(error.message)))
    return sorted(groups.values(), key=lambda group: -len(group.jobs))
