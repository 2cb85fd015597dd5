"""`results.csv`: what came out of a sweep, in its directory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from params_proto.records.layout import RESULTS
from params_proto.storage import atomic
from params_proto.table.rows import AFTER, Row, Table, columns, table


def write_results(directory: Path) -> None:
    """Writes the file, whole or not at all.

    Its columns are those of `params_proto.results`, and so are its rows, but that a sweep of more
    than 100,000 jobs has no pending ones there; directories are relative to the sweep's, lists
    and dicts are JSON.

    Args:
        directory: the sweep's.

    Raises:
        SweepError: the records cannot be read, or the file cannot be written.
    """
    # The jobs of a larger sweep that have not run would take longer than a person waits.
    atomic.write(directory / RESULTS, text(table(directory, most=100_000)), lasting=False)


def text(of: Table) -> Iterator[str]:
    """The lines of the file.

    Args:
        of: what it shows.
    """
    # A pass for the names of the metrics, and one for the rows: all at once may fill the memory.
    keys, metrics = columns(of.keys, dict.fromkeys(name for row in of for name in row.metrics))
    yield _line(["job", *keys.values(), *metrics.values(), *AFTER])
    for row in of:
        yield _line(_cells(row, keys, metrics))


def _cells(row: Row, keys: Iterable[str], metrics: Iterable[str]) -> Iterator[Any]:
    yield row.job
    yield from (row.config.get(key) for key in keys)
    yield from (row.metrics.get(name) for name in metrics)
    yield from (getattr(row, name) for name in AFTER)


def _line(cells: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(_cell, cells))
    return line.getvalue()


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (list, dict)) else value
