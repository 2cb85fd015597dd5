"""`params-proto results DIR...`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from params_proto.errors import SweepError
from params_proto.table.ranking import Ranking, ranking_of
from params_proto.table.rows import Table, metrics_of, table
from params_proto.table.text import counted, shown


def run(
    directories: Sequence[Path], sort: str | None, direction: str | None, form: str | None
) -> str:
    """The table, for a terminal or for a program.

    Args:
        directories: of sweeps.
        sort: the metric by which the best comes first.
        direction: what is best.
        form: `csv`, or `json` for a line a job.

    Raises:
        SweepError: a directory holds no sweep, or there is no such metric.
    """
    if form is not None:
        return _for_programs(directories, sort, direction, form)
    return "\n\n".join(_told(table(one), sort, direction) for one in directories)


def _told(one: Table, sort: str | None, direction: str | None) -> str:
    rows = list(one)
    metrics = metrics_of(rows)
    order = _order(one, sort, direction, metrics)
    ordered = rows if order is None else order.of(rows)
    counts = Counter(row.status for row in rows)
    return f"{one.directory}: {counted(counts)}\n{shown(ordered, one.keys, metrics)}"


def _order(
    one: Table, sort: str | None, direction: str | None, metrics: Sequence[str]
) -> Ranking | None:
    if sort is None:
        return None
    if not metrics:
        raise SweepError(f"--sort {sort}: the jobs of {one.directory} have returned nothing.")
    name = sort if sort in metrics else sort.removeprefix("metric.")  # as the table has it
    return ranking_of(one, name, direction, metrics)


def _for_programs(
    directories: Sequence[Path], sort: str | None, direction: str | None, form: str
) -> str:
    from params_proto.table.frame import results

    df: Any = results(*directories)  # whose types are in part unknown
    tables = list(map(table, directories))
    rows = [row for one in tables for row in one]
    order = _order(tables[0], sort, direction, metrics_of(rows))
    if order is not None:
        df = df.iloc[sorted(range(len(rows)), key=lambda at: order.place(rows[at]))]
    if form == "csv":
        return str(df.to_csv(index=False)).rstrip("\n")
    text = df.to_json(orient="records", lines=True, date_format="iso", double_precision=15)
    return str(text).rstrip("\n")
