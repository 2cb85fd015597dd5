"""`params_proto.results`: what came out of sweeps, as a DataFrame."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd  # pyright: ignore[reportMissingTypeStubs]  # it has most of its types inside

from params_proto._text import cell, json_key
from params_proto.analysis.metrics import as_float
from params_proto.analysis.rows import PENDING, Row, Table, columns, metrics_of, table
from params_proto.errors import SweepError, shown
from params_proto.records import Status

STATUSES = [PENDING, *[status.value for status in Status]]
_INT64 = range(-(2**63), 2**63)


def results(*directories: str | os.PathLike[str]) -> pd.DataFrame:
    """What came out of sweeps, a row for each of their jobs.

    The columns, in this order: `sweep`, where there are several directories; `job`; the swept keys,
    and those that have one value in one sweep and another one in the next; `started`; `dir`;
    `error`; `attempt`; `duration` in seconds; `status`, which is `pending` for a job that has not
    run; what the task returned, a number as `value`, a dict by its keys, with dots. A returned name
    that is also a key gets `metric.` before it. Where there is no value, it is `pd.NA`. Numbers
    have pandas' nullable types, groups are categories.

    It may be asked while a sweep runs. A sweep of Hydra's basic sweeper, which keeps no records,
    has its jobs' keys and directories, and nothing about what became of them.

    Args:
        directories: one or more, each a sweep's.

    Returns:
        The frame. Its `attrs` name the `keys` and the `metrics` among the columns.

    Raises:
        SweepError: a directory holds no sweep.

    >>> import subprocess, sys, tempfile
    >>> out = tempfile.mkdtemp()
    >>> script = '''
    ... from params_proto import proto
    ... @proto.cli
    ... def train(lr: float = 0.1): return {"loss": lr / 2}
    ... train()
    ... '''
    >>> with open(f"{out}/train.py", "w") as file: _ = file.write(script)
    >>> run = [sys.executable, "train.py", "-m", "lr=1,2", "hydra.sweep.dir=out"]
    >>> _ = subprocess.run(run, cwd=out, check=True, capture_output=True)
    >>> results(f"{out}/out")[["job", "lr", "loss", "status"]]
       job  lr  loss     status
    0    0   1   0.5  completed
    1    1   2   1.0  completed
    """
    if not directories:
        raise SweepError("results() needs the directory of a sweep, or several.")
    for one in directories:
        if not isinstance(one, (str, os.PathLike)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise SweepError(
                f"results() takes directories, one by one, got {shown(one)}: write results(a, b),"
                " or results(*directories)."
            )
    tables = [table(Path(directory)) for directory in directories]
    read = [(one, list(one)) for one in tables]
    rows = [row for _, rows in read for row in rows]
    fixed = _fixed(tables)
    named = [*[one.keys for one in tables], *fixed]
    keys, metrics = columns(_each(key for one in named for key in one), metrics_of(rows))
    groups = frozenset(key for one in tables for key in one.groups)
    frame: dict[str, Any] = {}
    if len(tables) > 1:
        names = [str(one.directory) for one in tables]
        frame["sweep"] = pd.Categorical(
            [str(one.directory) for one, rows in read for _ in rows], _each(names)
        )
    frame["job"] = column([row.job for row in rows], None if rows else "Int64")
    for key, name in keys.items():
        values = [
            row.config.get(key, alike.get(key))
            for (_, those), alike in zip(read, fixed, strict=True)
            for row in those
        ]
        frame[name] = _category(values) if key in groups else column(values)
    frame |= {
        "started": cast("Any", pd).to_datetime(
            [row.started for row in rows], utc=True, format="ISO8601"
        ),
        "dir": column([_path(one, row) for one, rows in read for row in rows], "string"),
        "error": column([row.error for row in rows], "string"),
        "attempt": column([row.attempt for row in rows], "Int64"),
        "duration": column([row.duration for row in rows], "Float64"),
        "status": pd.Categorical([row.status for row in rows], STATUSES),
    }
    for key, name in metrics.items():
        frame[name] = column([row.metrics.get(key) for row in rows])
    made = pd.DataFrame(frame)
    made.attrs.update(keys=[*keys.values()], metrics=[*metrics.values()])
    return made


def _fixed(tables: Sequence[Table]) -> list[Mapping[str, Any]]:
    """For each sweep the keys that it has one value of, where another sweep has another one."""
    if len(tables) == 1:
        return [{}]
    fixed = [one.fixed() for one in tables]
    swept = {key for one in tables for key in one.keys}
    told: set[str] = set(swept)
    for key in {key for one in fixed for key in one} - swept:
        values = {json_key(one[key]) if key in one else None for one in fixed}
        if len(values) > 1:
            told.add(key)
    return [{key: value for key, value in one.items() if key in told} for one in fixed]


def _path(of: Table, row: Row) -> str | None:
    return None if row.dir is None else str(of.directory / row.dir)


def column(values: Sequence[Any], dtype: str | None = None) -> Any:
    """Values as a column, of pandas' nullable types where they are of one kind.

    Args:
        values: None where there is none.
        dtype: what the column is also where it has no value at all.

    >>> column([1, None]).dtype, column([1, 0.5]).dtype, column([1, "a"]).dtype
    (Int64Dtype(), Float64Dtype(), dtype('O'))
    """
    if dtype is None:
        dtype = _dtype({type(value) for value in values if value is not None}, values)
    gone = np.array([value is None for value in values], dtype=bool)
    if dtype == "Float64":  # from which pandas would drop nan, which is a result
        held = [np.nan if value is None else value for value in values]
        return cast("Any", pd).arrays.FloatingArray(np.array(held, dtype="float64"), gone)
    listed = [pd.NA if value is None else value for value in values]
    return pd.Series(listed, dtype=cast("Any", dtype))


def _dtype(kinds: set[type], values: Sequence[Any]) -> str:
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        fits = all(value is None or value in _INT64 for value in values)
        return "Int64" if fits else "object"
    if float in kinds and kinds <= {int, float}:
        whole = [value for value in values if isinstance(value, int)]
        return "object" if any(math.isinf(as_float(value)) for value in whole) else "Float64"
    return "string" if kinds == {str} else "object"


def _category(values: Sequence[Any]) -> pd.Categorical:
    """Options of a config group, in the order of the sweep."""
    texts = [None if value is None else cell(value) for value in values]
    return pd.Categorical(texts, _each(text for text in texts if text is not None))


def _each(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
