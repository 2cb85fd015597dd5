"""`params_proto.results` and `summarize`: the jobs of sweeps as a DataFrame, and their means."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd  # pyright: ignore[reportMissingTypeStubs]  # it has most of its types inside

from params_proto._text import format_value, json_key
from params_proto.analysis.rows import (
    PENDING,
    column_names,
    combine_tables,
    metrics_of,
    table,
    tabulate,
)
from params_proto.errors import SweepError, did_you_mean
from params_proto.records import Status
from params_proto.storage.frames import NULLABLE, to_column

_STATISTICS = {
    "mean": "Float64",
    "std": "Float64",
    "count": "Int64",
    "ci_low": "Float64",
    "ci_high": "Float64",
}
STATUSES = [PENDING, *[status.value for status in Status]]
_DTYPES = {**NULLABLE, "float int": "Float64"}
_COLUMNS = {
    "job": "Int64",
    "dir": "string",
    "error": "string",
    "attempt": "Int64",
    "duration": "Float64",
}


def results(directory: str | os.PathLike[str], *more: str | os.PathLike[str]) -> pd.DataFrame:
    """The jobs of sweeps as a DataFrame, one row per job.

    The columns, in this order: `sweep`, if there are several directories; `job`; the swept keys,
    and keys whose values differ between sweeps; `started`; `dir`; `error`; `attempt`; `duration` in
    seconds; `status`, which is `pending` for a job that has not run; and the returned values, a
    number as `value`, a dict by its keys, with dots. A returned name that is also a key gets the
    prefix `metric.`. Missing values are `pd.NA`. Numbers have pandas' nullable types, groups are
    categories.

    It can be called while a sweep runs. For a sweep run by Hydra's basic sweeper, which keeps no
    records, there are only the jobs' keys and directories, without a status.

    Args:
        directory: the directory of a sweep.
        more: the directories of other sweeps.

    Returns:
        The frame. Its `attrs` list the `keys` and the `metrics` among the columns, and which keys
        are `derived` from others.

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
    whole = combine_tables([table(Path(path)) for path in (directory, *more)])
    rows = list(whole)
    metrics = metrics_of(rows)
    keys, names = column_names(whole.keys, metrics)
    groups: set[Any] = {"sweep", *map(keys.get, whole.groups)}
    head, *lines = tabulate(rows, whole.keys, metrics, several=bool(more))
    columns: dict[str, Any] = {}
    for at, name in enumerate(head):
        values = [pd.NA if line[at] is None else line[at] for line in lines]
        if name == "status":
            columns[name] = pd.Categorical(values, STATUSES)
        elif name in groups:
            columns[name] = _category(values)
        elif name == "started":
            columns[name] = cast("Any", pd).to_datetime(values, utc=True, format="ISO8601")
        else:
            columns[name] = to_column(values, _DTYPES, _COLUMNS.get(name))
    frame = pd.DataFrame(columns)
    derived = [keys[name] for name in whole.keys if name in whole.derived]
    frame.attrs.update(keys=[*keys.values()], metrics=[*names.values()], derived=derived)
    return frame


def _category(values: Sequence[Any]) -> Any:
    """A categorical column, with the categories in the order of their first occurrence."""
    texts = [format_value(value) if isinstance(value, list) else value for value in values]
    return pd.Categorical(texts, pd.Series(texts, dtype="object").dropna().unique())


def summarize(
    df: pd.DataFrame,
    metric: str,
    over: str | Sequence[str] = "seed",
    by: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """A metric's mean over repeats, for each configuration, with a confidence interval.

    The bounds are those of a 95% confidence interval, `mean ± t * std / sqrt(count)`, where t is
    the 0.975 quantile of Student's t distribution with `count - 1` degrees of freedom: W. S.
    Gosset, "The probable error of a mean", Biometrika 6, 1908. It assumes that the results of one
    configuration are independent and, if there are few, normally distributed.

    Args:
        df: the frame returned by `results`, or some of its rows.
        metric: the numeric column to average. Jobs without a number do not count.
        over: the keys that distinguish repeats. Only `seed` may be missing, for jobs that are
            repeated without one.
        by: the columns that define a configuration; by default all keys except `over` and those
            that the sweep derives from others. A value of None counts like a missing key.

    Returns:
        One row per configuration, in the order of their first occurrence: its columns, then `mean`,
        `std` (of the sample, with `count - 1`), `count`, `ci_low` and `ci_high`. For a single
        result, `std` and the bounds are `pd.NA`; without any, so is `mean`.

    Raises:
        SweepError: a column does not exist, or the metric is not numeric.
        ValueError: a key has the same name as an added column: rename it in `df`.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"lr": [1, 1, 2], "seed": [0, 1, 0], "loss": [0.1, 0.3, 0.5]})
    >>> df.attrs["keys"] = ["lr", "seed"]
    >>> summarize(df, "loss").round(3)
       lr  mean    std  count  ci_low  ci_high
    0   1   0.2  0.141      2  -1.071    1.471
    1   2   0.5   <NA>      1    <NA>     <NA>
    """
    repeats = _as_list(over)
    if by is None:
        if "keys" not in df.attrs:
            raise SweepError(
                "summarize: this frame does not say which of its columns are keys, unlike that of"
                " results(): give by=[...]."
            )
        left_out = {*repeats, *df.attrs.get("derived", ())}
        by = [key for key in df.attrs["keys"] if key not in left_out]
    names = _as_list(by)
    present = [str(name) for name in df.columns]
    for name in [metric, *names, *filter("seed".__ne__, repeats)]:
        if name not in present:
            hint = did_you_mean(name, present)
            raise SweepError(f"summarize: the frame has no column {name}.{hint}")
    try:
        numbers = cast("Any", pd).to_numeric(df[metric])
    except (TypeError, ValueError) as error:
        raise SweepError(
            f"summarize: {metric} is not a column of numbers: {error}. Name a column of numbers."
        ) from error
    # As text, since a list cannot be grouped by, and NA is not equal to itself.
    texts = cast("Any", df[names]).map(json_key)
    of_row = texts.groupby(names, sort=False).ngroup() if names else pd.Series(0, df.index)
    summary = cast("Any", df[names][~of_row.duplicated()].reset_index(drop=True))
    groups = numbers.astype("object").groupby(of_row, sort=False)
    rows = [
        _statistics([float(number) for number in group if number is not pd.NA])
        for _, group in groups
    ]
    for at, (name, dtype) in enumerate(_STATISTICS.items()):
        summary.insert(
            len(summary.columns), name, to_column([row[at] for row in rows], dtype=dtype)
        )
    return summary


def _as_list(names: str | Sequence[str]) -> list[str]:
    """One name or several, as a list."""
    return [names] if isinstance(names, str) else [*names]


def _statistics(values: Sequence[float]) -> tuple[Any, ...]:
    """Mean, standard deviation, count and the bounds of the confidence interval."""
    count = len(values)
    mean: Any = statistics.mean(values) if values else pd.NA
    if count < 2:
        return mean, pd.NA, count, pd.NA, pd.NA
    std = statistics.stdev(values) if math.isfinite(mean) else math.nan
    half = _t_quantile(count - 1) * std / math.sqrt(count)
    return mean, std, count, mean - half, mean + half


@cache
def _t_quantile(freedom: int, share: float = 0.95, steps: int = 100_000) -> float:
    """The t such that Student's t distribution has this share between -t and t.

    With t = sqrt(freedom) * tan(angle) its density is that of cos(angle) ** (freedom - 1), which is
    summed here in steps small enough for seven digits.
    """
    edges = np.linspace(0.0, math.pi / 2, steps + 1)
    shares = np.cumsum(np.cos((edges[1:] + edges[:-1]) / 2) ** (freedom - 1))
    angle: float = cast("Any", np).interp(share * shares[-1], shares, edges[1:])
    return math.tan(angle) * math.sqrt(freedom)
