"""`params_proto.results`: the jobs of sweeps as a DataFrame."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd  # pyright: ignore[reportMissingTypeStubs]  # it has most of its types inside

from params_proto.analysis.rows import PENDING, cells, columns, combined, metrics_of, table
from params_proto.errors import SweepError, shown
from params_proto.records import Status

STATUSES = [PENDING, *[status.value for status in Status]]
_DTYPES = {
    "job": "Int64",
    "dir": "string",
    "error": "string",
    "attempt": "Int64",
    "duration": "Float64",
}
# By the types of a column's values; others make it one of objects. convert_dtypes would turn whole
# floats into integers, and nan, which is a result, into no value.
_NULLABLE = {
    "bool": "boolean",
    "int": "Int64",
    "float": "Float64",
    "float int": "Float64",
    "str": "string",
}


def results(*directories: str | os.PathLike[str]) -> pd.DataFrame:
    """The jobs of sweeps as a DataFrame, a row for each.

    The columns, in this order: `sweep`, where there are several directories; `job`; the swept keys,
    and those that have one value in one sweep and another one in the next; `started`; `dir`;
    `error`; `attempt`; `duration` in seconds; `status`, which is `pending` for a job that has not
    run; what the task returned, a number as `value`, a dict by its keys, with dots. A returned name
    that is also a key gets `metric.` before it. Where there is no value, it is `pd.NA`. Numbers
    have pandas' nullable types, groups are categories.

    It can be called while a sweep runs. Of a sweep that Hydra's basic sweeper ran, which keeps no
    records, there are the jobs' keys and directories, without a status.

    Args:
        directories: one or more, each a sweep's.

    Returns:
        The frame. Its `attrs` name the `keys` and the `metrics` among the columns.

    Raises:
        SweepError: a directory does not contain a sweep.

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
    of = combined([table(Path(directory)) for directory in directories])
    rows = list(of)
    metrics = metrics_of(rows)
    keys, names = columns(of.keys, metrics)
    groups = {keys[key] for key in of.groups if key in keys}
    head, *lines = cells(rows, of.keys, metrics, several=len(directories) > 1)
    frame: dict[str, Any] = {}
    for name, values in zip(head, zip(*lines, strict=True) if lines else repeat(()), strict=False):
        if name in ("sweep", "status") or name in groups:
            frame[name] = _category(values, STATUSES if name == "status" else None)
        elif name == "started":
            frame[name] = cast("Any", pd).to_datetime(list(values), utc=True, format="ISO8601")
        else:
            frame[name] = column(values, _DTYPES.get(name))
    made = pd.DataFrame(frame)
    made.attrs.update(keys=[*keys.values()], metrics=[*names.values()])
    return made


def column(values: Sequence[Any], dtype: str | None = None) -> Any:
    """Values as a column, of pandas' nullable types where they are of one kind.

    Args:
        values: None where there is none.
        dtype: what the column is also where it has no value at all.

    >>> column([1, None]).dtype, column([1, 0.5]).dtype, column([1, "a"]).dtype
    (Int64Dtype(), Float64Dtype(), dtype('O'))
    """
    missing = np.array([value is None for value in values], dtype=bool)
    kinds = sorted({type(value).__name__ for value in values if value is not None})
    dtype = dtype or _NULLABLE.get(" ".join(kinds), "object")
    given = [pd.NA if value is None else value for value in values]
    try:
        if dtype == "Float64":  # as pandas.array would lose nan
            held = np.where(missing, np.nan, np.array(values, dtype="float64"))
            return cast("Any", pd).arrays.FloatingArray(held, missing)
        return pd.Series(given, dtype=cast("Any", dtype))
    except OverflowError:  # an integer of more than 64 bits
        return pd.Series(given, dtype="object")


def _category(values: Sequence[Any], options: list[str] | None) -> pd.Categorical:
    """Text in the order of the options, or in the order in which it first occurs."""
    texts = [
        value if value is None or isinstance(value, str) else json.dumps(value) for value in values
    ]
    first = dict.fromkeys(text for text in texts if text is not None)
    return pd.Categorical(texts, options or list(first))
