"""`params-proto results DIR...`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from params_proto.analysis.ranking import Ranking, common_ranking
from params_proto.analysis.rows import Row, Table, metrics_of, table
from params_proto.analysis.text import counted, shown
from params_proto.errors import SweepError
from params_proto.multirun.progress import has_colors, write
from params_proto.records.returned import plain


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
    if direction is not None and sort is None:
        raise SweepError(f"--direction {direction} is about a metric: give --sort as well.")
    tables = list(map(table, directories))
    rows = [list(one) for one in tables]
    order = _order(tables, rows, sort, direction)
    if order is not None:
        write(order.describe("first", "--direction "))
    if form is not None:
        return _for_programs(directories, rows, order, form)
    return "\n\n".join(map(_told, tables, rows, repeat(order)))


def _order(
    tables: Sequence[Table], rows: Iterable[list[Row]], sort: str | None, direction: str | None
) -> Ranking | None:
    if sort is None:
        return None
    metrics = metrics_of(chain.from_iterable(rows))
    if not metrics:
        whose = " and ".join(str(one.directory) for one in tables)
        raise SweepError(f"No job of {whose} returned a value: there is nothing to rank.")
    return common_ranking(tables, sort, direction, metrics)


def _told(one: Table, rows: list[Row], order: Ranking | None) -> str:
    ordered = rows if order is None else order.of(rows)
    counts = Counter(row.status for row in rows)
    color = has_colors(sys.stdout)
    text = shown(ordered, one.keys, metrics_of(rows), color=color)
    return f"{one.directory}: {counted(counts)}\n{text}"


def _for_programs(
    directories: Sequence[Path], rows: Iterable[list[Row]], order: Ranking | None, form: str
) -> str:
    from params_proto.analysis.frame import results

    df: Any = results(*directories)  # whose types are in part unknown
    if order is not None:
        places = list(map(order.place, chain.from_iterable(rows)))
        df = df.iloc[sorted(range(len(places)), key=places.__getitem__)]
    if form == "csv":
        df["started"] = list(map(_iso, df["started"]))  # as in results.csv
        return str(df.to_csv(index=False)).rstrip("\n")
    columns = [_plainly(df[name]) for name in df]
    lines = [dict(zip(df.columns, row, strict=True)) for row in zip(*columns, strict=True)]
    return "\n".join([json.dumps(line, separators=(",", ":")) for line in lines])


def _iso(time: Any) -> str | None:
    import pandas as pd

    return None if time is pd.NaT else time.isoformat(timespec="milliseconds")


def _plainly(column: Any) -> Iterator[Any]:
    """The values of a column in the words of JSON, as the records have them: nan is a text."""
    import pandas as pd

    absent = {id(pd.NA), id(pd.NaT)}
    of_options = isinstance(column.dtype, pd.CategoricalDtype)
    for value in column:
        if id(value) in absent or (of_options and not isinstance(value, str)):
            yield None
        elif isinstance(value, pd.Timestamp):
            yield str(_iso(value)).replace("+00:00", "Z")
        else:
            yield plain(value)
