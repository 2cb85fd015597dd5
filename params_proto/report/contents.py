"""What a report tells of a sweep, read from its directory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from params_proto.analysis.ranking import Ranking, configurations, ranking_of, repeat_keys
from params_proto.analysis.rerun import rerun_command
from params_proto.analysis.rows import Row, columns, metrics_of, table
from params_proto.errors import SweepError
from params_proto.records import Record, Records, Status
from params_proto.records.layout import SWEEP
from params_proto.records.plan import PlanFile, has_plan, read_plan
from params_proto.report.columns import ABSENT, Column, key, metric, numbers, options
from params_proto.report.failures import Failed, grouped

MOST = 20_000  # jobs: a browser takes some seconds for as many rows
_FAILED = (Status.FAILED.value, Status.CRASHED.value)


class Contents(NamedTuple):
    """A sweep.

    Args:
        directory: its own.
        plan: how it was started; None of one of the basic sweeper's.
        sweep: the text of `sweep.yaml`.
        columns: a value for each job.
        configurations: for each job, which others are its repeats: those with the same number.
        statuses: how many jobs have each.
        began: when the first job began.
        ended: when the last one did that has ended.
        worked: how long the jobs took, one after the other.
        failures: by where they came from.
        metric: by which the best is chosen; None to begin with the first that there is.
        commands: those that run the jobs again which are the best by some metric, by their places.
    """

    directory: Path
    plan: PlanFile | None
    sweep: str
    columns: list[Column]
    configurations: list[int]
    statuses: dict[str, int]
    began: datetime | None
    ended: datetime | None
    worked: timedelta
    failures: list[Failed]
    metric: str | None
    commands: dict[int, str]

    @property
    def jobs(self) -> int:
        """How many there are."""
        return len(self.configurations)


def read(
    directory: Path, metric: str | None, direction: str | None, over: Sequence[str] | None
) -> Contents:
    """What there is of a sweep, also while it runs.

    Args:
        directory: the sweep's.
        metric: by which the best is chosen.
        direction: what is better.
        over: the keys that tell repeats apart; by default those that are called `seed`.

    Raises:
        SweepError: no sweep, no such metric or key, or too many jobs for a page.
    """
    found = table(directory, most=MOST)
    rows = list(islice(found, MOST + 1))
    if len(rows) > MOST:
        raise SweepError(
            f"{directory} has more than {MOST} jobs, which is more than a page can show. Choose"
            f" from them with params-proto results {directory} --csv."
        )
    names = metrics_of(rows)
    order = ranking_of([found], metric, direction, names)
    orders = {name: Ranking.by(name, direction if order is None else None) for name in names}
    if order is not None:
        orders[order.metric] = order
    over = repeat_keys(["seed"] if over is None else over, found.keys)
    plan = read_plan(directory) if has_plan(directory) else None
    starts = [datetime.fromisoformat(row.started) for row in rows if row.started is not None]
    shown_keys, shown_metrics = columns(found.keys, names)
    return Contents(
        directory,
        plan,
        "" if plan is None else (directory / SWEEP).read_text("utf-8", errors="replace"),
        _columns(rows, shown_keys, shown_metrics, over, orders),
        configurations(rows, over),
        dict(Counter(row.status for row in rows if row.status is not None)),
        min(starts, default=None),
        max(_ends(rows), default=None),
        timedelta(seconds=sum(row.duration or 0 for row in rows)),
        _failures(directory, rows),
        None if order is None else shown_metrics.get(order.metric, order.metric),
        {} if plan is None else _commands(directory, plan, rows, orders.values()),
    )


def _columns(
    rows: Sequence[Row],
    keys: dict[str, str],
    metrics: dict[str, str],
    over: Sequence[str],
    orders: Mapping[str, Ranking],
) -> list[Column]:
    """Those of the table, in its order; what no job has is left out."""
    started = [ABSENT if row.started is None else row.started for row in rows]
    all_columns = [
        numbers("job", "job", [row.job for row in rows]),
        *[
            key(shown, [row.config.get(name, ABSENT) for row in rows], name in over)
            for name, shown in keys.items()
        ],
        *[
            metric(shown, [row.metrics.get(name, ABSENT) for row in rows], orders[name].maximize)
            for name, shown in metrics.items()
        ],
        options("status", "status", [_or_absent(row.status) for row in rows]),
        numbers(
            "seconds",
            "seconds",
            [_or_absent(row.duration) for row in rows],
            ["" if row.duration is None else f"{row.duration:.1f}" for row in rows],
        ),
        numbers(
            "started",
            "started",
            [one if one is ABSENT else _moment(one).timestamp() for one in started],
            ["" if one is ABSENT else f"{_moment(one):%Y-%m-%d %H:%M:%S}" for one in started],
        ),
        options("dir", "dir", _directories(rows)),
        options("error", "error", [_or_absent(row.error) for row in rows]),
    ]
    needed = ("job", "key", "metric")
    return [one for one in all_columns if one.role in needed or any(one.cells)]


def _directories(rows: Sequence[Row]) -> list[Any]:
    """Those of the jobs, where they are not called by the jobs' numbers anyway."""
    if all(row.dir in (None, str(row.job)) for row in rows):
        return [ABSENT] * len(rows)
    return [_or_absent(row.dir) for row in rows]


def _or_absent(value: Any) -> Any:
    return ABSENT if value is None else value


def _moment(text: Any) -> datetime:
    return datetime.fromisoformat(text)


def _ends(rows: Sequence[Row]) -> list[datetime]:
    return [
        datetime.fromisoformat(row.started) + timedelta(seconds=row.duration)
        for row in rows
        if row.started is not None and row.duration is not None
    ]


def _commands(
    directory: Path, plan: PlanFile, rows: Sequence[Row], orders: Iterable[Ranking]
) -> dict[int, str]:
    """Of the jobs that a page can show as the best: by any metric, in both directions."""
    records = Records(directory)
    commands: dict[int, str] = {}
    for order in orders:
        for either in (order, order._replace(maximize=not order.maximize)):
            scores = [either.score(row.metrics) for row in rows]
            ranked = [(score, at) for at, score in enumerate(scores) if score is not None]
            if ranked:
                _, best = min(ranked)
                record = records.read(rows[best].job)
                commands[best] = "" if record is None else rerun_command(plan, [record])
    return commands


def _failures(directory: Path, rows: Sequence[Row]) -> list[Failed]:
    records = Records(directory)
    failed = [(place, row.job) for place, row in enumerate(rows) if row.status in _FAILED]
    found = [(place, records.read(job)) for place, job in failed]
    return grouped([(place, one) for place, one in found if isinstance(one, Record)])
