"""`results.csv`: what came out of a sweep, in its directory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from params_proto import _files
from params_proto.analysis.rows import RUN_COLUMNS, Row, Table, columns
from params_proto.records.manifest import RESULTS


def write_results(of: Table, metrics: Iterable[str]) -> None:
    """Writes the file, whole or not at all.

    Its columns are those of `params_proto.results`; directories are relative to the sweep's, lists
    and dicts are JSON.

    Args:
        of: the sweep.
        metrics: the names of what its tasks returned.

    Raises:
        SweepError: the records cannot be read, or the file cannot be written.
    """
    # Those of a group write over each other's.
    _files.write(of.directory / RESULTS, text(of, metrics), lasting=False, as_folder=True)


def text(of: Table, metrics: Iterable[str]) -> Iterator[str]:
    """The lines of the file.

    Args:
        of: the sweep.
        metrics: the names of what its tasks returned.
    """
    named_keys, named_metrics = columns(of.keys, metrics)
    yield _line(["job", *named_keys.values(), *RUN_COLUMNS, *named_metrics.values()])
    for row in of:
        yield _line(_cells(row, named_keys, named_metrics))


def _cells(row: Row, keys: Iterable[str], metrics: Iterable[str]) -> Iterator[Any]:
    yield row.job
    yield from (row.config.get(key) for key in keys)
    yield from (getattr(row, name) for name in RUN_COLUMNS)
    yield from (row.metrics.get(name) for name in metrics)


def _line(cells: Iterable[Any]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(map(_cell, cells))
    return line.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        # NUL ends the file for many programs, and half a surrogate pair is nothing to write down.
        return value.replace("\0", "\ufffd").encode(errors="replace").decode()
    return json.dumps(value) if isinstance(value, (list, dict)) else value
