"""`params_proto.summarize`: a metric over repeats, with how sure it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, cast

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from params_proto._text import json_key
from params_proto.analysis.frame import column
from params_proto.analysis.metrics import as_float, total
from params_proto.analysis.student import t_quantile
from params_proto.errors import SweepError, nearest

CONFIDENCE = 0.95


def summarize(
    df: pd.DataFrame,
    metric: str,
    over: str | Sequence[str] = "seed",
    by: str | Sequence[str] | None = None,
) -> pd.DataFrame:
    """A metric's mean over repeats, for each configuration, and how sure that mean is.

    The bounds are those of a 95% confidence interval, `mean ± t * std / sqrt(count)`, where t is
    the 0.975 quantile of Student's t distribution with `count - 1` degrees of freedom: W. S.
    Gosset, "The probable error of a mean", Biometrika 6, 1908. It takes the results of one
    configuration for independent, and for normally distributed where there are few.

    Args:
        df: what `results` returned, or a part of its rows.
        metric: the column to average, of numbers. Jobs without one do not count.
        over: the keys that tell repeats apart, as `seed`. It may name keys that are not there, as
            where jobs are repeated without one, unless there is one of nearly that name.
        by: the columns that make a configuration; by default all keys less `over`. No value is one,
            of a key that is None as of one that a job was not given.

    Returns:
        A row for each configuration, in the order in which they first occur: its columns, then
        `mean`, `std` (of the sample, with `count - 1`), `count`, `ci_low` and `ci_high`. Of one
        result, `std` and the bounds are `pd.NA`; of none, `mean` is, too.

    Raises:
        SweepError: a column that is not there, a metric that is no number, or a key with the name
            of a column that is added.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"lr": [1, 1, 2], "seed": [0, 1, 0], "loss": [0.1, 0.3, 0.5]})
    >>> df.attrs["keys"] = ["lr", "seed"]
    >>> summarize(df, "loss").round(3)
       lr  mean    std  count  ci_low  ci_high
    0   1   0.2  0.141      2  -1.071    1.471
    1   2   0.5   <NA>      1    <NA>     <NA>
    """
    without = [over] if isinstance(over, str) else [*over]
    if by is None:
        keys = cast("list[str] | None", df.attrs.get("keys"))
        if keys is None:
            raise SweepError(
                "summarize: this frame does not say which of its columns are keys, as that of"
                " results() does: give by=[...]."
            )
        names = [key for key in keys if key not in without]
    else:
        names = [by] if isinstance(by, str) else [*by]
    _refuse_missing([metric, *names, *_misspelt(without, df)], df)
    if taken := [name for name in names if name in _COLUMNS]:
        raise SweepError(
            f"summarize: the key {taken[0]} has the name of a column that is added. Rename it,"
            f" df.rename(columns={{{taken[0]!r}: 'key.{taken[0]}'}}), and give by=[...]."
        )
    numbers = _numbers(df, metric)
    groups: dict[tuple[str, ...], list[int]] = {}
    texts = [[_text(value) for value in df[name]] for name in names]
    for at in range(len(df)):
        groups.setdefault(tuple([column[at] for column in texts]), []).append(at)
    firsts = [rows[0] for rows in groups.values()]
    found = cast("Any", df)[names].iloc[firsts].reset_index(drop=True)
    rows = [_of([numbers[at] for at in rows]) for rows in groups.values()]
    for name, dtype in _COLUMNS.items():
        found[name] = column([row[name] for row in rows], dtype)
    return found


_COLUMNS = {
    "mean": "Float64",
    "std": "Float64",
    "count": "Int64",
    "ci_low": "Float64",
    "ci_high": "Float64",
}


def _of(values: Iterable[float | None]) -> dict[str, Any]:
    present = [value for value in values if value is not None]
    count = len(present)
    row: dict[str, Any] = {**dict.fromkeys(_COLUMNS), "count": count}
    if not count:
        return row
    mean = row["mean"] = total(present) / count
    if count > 1:
        squares = total([(one - mean) * (one - mean) for one in present])
        std = row["std"] = math.sqrt(squares / (count - 1))
        half = t_quantile(CONFIDENCE, count - 1) * std / math.sqrt(count)
        row |= {"ci_low": mean - half, "ci_high": mean + half}
    return row


def _numbers(df: pd.DataFrame, metric: str) -> list[float | None]:
    numbers: list[float | None] = []
    for value in df[metric].tolist():
        if value is pd.NA or value is None:
            numbers.append(None)
        elif isinstance(value, (bool, int, float)):
            numbers.append(as_float(value))
        else:
            raise SweepError(
                f"summarize: {metric} has {value!r:.60}, which is no number to average. The metrics"
                f" are {', '.join(df.attrs.get('metrics', [])) or 'none'}."
            )
    return numbers


def _refuse_missing(names: Iterable[str], df: pd.DataFrame) -> None:
    columns = [str(column) for column in df.columns]
    for name in names:
        if name not in columns:
            close = nearest(name, columns)
            hint = f"Did you mean {close}?" if close else f"Its columns: {', '.join(columns)}."
            raise SweepError(f"summarize: the frame has no column {name}. {hint}")


def _misspelt(over: Iterable[str], df: pd.DataFrame) -> list[str]:
    """The names of repeats that are not there, where they are nearly another's."""
    columns = [str(column) for column in df.columns]
    return [name for name in over if name != "seed" and nearest(name, columns) not in (None, name)]


def _text(value: Any) -> str:
    """By which equal values are seen: a list is not hashable, and NA is not equal to itself."""
    return "" if value is pd.NA else json_key(value)
