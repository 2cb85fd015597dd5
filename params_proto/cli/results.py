"""`params-proto results`, `best` and `failures`: the jobs of sweeps, running or ended."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from params_proto._files import has_colors, write_stderr
from params_proto._text import csv_line, to_json
from params_proto.analysis.ranking import configurations, is_number, ranking_of, repeat_keys
from params_proto.analysis.rerun import cd_to_start, rerun_command
from params_proto.analysis.rows import (
    Row,
    combine_tables,
    metrics_of,
    table,
    table_with_records,
    tabulate,
)
from params_proto.analysis.text import format_cell, format_rows, format_statuses
from params_proto.errors import SweepError
from params_proto.records import FAILURES, JobStore
from params_proto.records.manifest import read_plan


def results(
    directories: Sequence[Path], sort: str | None, direction: str | None, form: str | None
) -> str:
    """The jobs of sweeps as a table, `csv` or `json` lines; `sort` is the metric to rank by."""
    tables = [table(path) for path in directories]
    whole = combine_tables(tables)
    rows = list(whole)
    metrics = metrics_of(rows)
    if sort is not None:
        order = ranking_of(tables, sort, direction, metrics)
        if order is None or not metrics:
            raise _nothing_to_rank(directories)
        write_stderr(order.describe("first", "--direction "))
        rows.sort(key=order.place)
    elif direction is not None:
        raise SweepError(f"--direction {direction} applies to a metric: give --sort as well.")
    if form is None:
        color = has_colors(sys.stdout)
        texts: list[str] = []
        for sweep in tables:
            own = [row for row in rows if row.sweep == str(sweep.directory)]
            text = format_rows(own, sweep.keys, metrics_of(own), color=color)
            counts = format_statuses(Counter(row.status for row in own))
            texts.append(f"{sweep.directory}: {counts}\n{text}")
        return "\n\n".join(texts)
    head, *lines = tabulate(rows, whole.keys, metrics, several=len(tables) > 1)
    if form == "csv":
        return "".join(map(csv_line, [head, *lines])).rstrip("\n")
    objects = (dict(zip(head, map(to_json, line), strict=True)) for line in lines)
    return "\n".join(map(json.JSONEncoder(separators=(",", ":")).encode, objects))


def _nothing_to_rank(directories: Sequence[Path]) -> SweepError:
    whose = " and ".join(map(str, directories))
    return SweepError(f"No job of {whose} returned a value: there is nothing to rank.")


def best(
    directory: Path, metric: str | None, direction: str | None, over: Sequence[str] | None
) -> str:
    """The command that reruns the best job; for a sweep launched from Python, its overrides.

    Prints which job that is to standard error. With `over`, the keys that distinguish repeats,
    configurations are ranked by the mean of their repeats, and the command reruns all repeats of
    the best one.
    """
    found, plan, records = table_with_records(directory), read_plan(directory), JobStore(directory)
    rows = list(found)
    metrics = metrics_of(rows)
    order = ranking_of([found], metric, direction, metrics)
    if not metrics:
        raise _nothing_to_rank([directory])
    if order is None:
        raise SweepError(f"Best by what? The jobs return {', '.join(metrics)}: give --metric.")
    order_of_means, numbers = order, list(range(len(rows)))
    if over:
        order_of_means = order._replace(metric=f"mean {order.metric}")
        numbers = configurations(rows, [*repeat_keys(over, found.keys), *found.derived])
    groups: dict[int, list[Row]] = {}
    for number, row in zip(numbers, rows, strict=True):
        if is_number(row.metrics.get(order.metric)):
            groups.setdefault(number, []).append(row)
    means = [
        Row(at, {}, {order.metric: mean([row.metrics[order.metric] for row in group])})
        for at, group in groups.items()
    ]
    best = min(means, key=order.place, default=None)
    if best is None or order.score(best.metrics) is None:
        raise SweepError(f"No job in {directory} returned a number as {order.metric}.")
    jobs = [row.job for row in groups[best.job]]
    which = f"job{'s' if len(jobs) > 1 else ''} {', '.join(map(str, jobs))}"
    write_stderr(
        order_of_means.describe(
            f"= {format_cell(best.metrics[order.metric])}, {which}", "--direction "
        )
    )
    best_records = [*filter(None, map(records.read, jobs))]
    return f"{cd_to_start(directory) if plan.script else ''}{rerun_command(plan, best_records)}"


def failures(directory: Path) -> str:
    """The failed jobs, each with its overrides, directory and traceback."""
    records = JobStore(directory)
    failed = [row.job for row in table_with_records(directory) if row.status in FAILURES]
    texts = [
        f"job {record.job}: {' '.join(record.overrides)}\n{directory / record.dir}\n"
        f"{(record.error and record.error.traceback.rstrip()) or record.reason}"
        for record in filter(None, map(records.read, failed))
    ]
    return "\n\n".join(texts) or "No job has failed."
