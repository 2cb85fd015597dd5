"""`params_proto.summarize`: a metric over repeats, with its confidence interval."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from typing import Any, cast

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]

from params_proto.analysis.frame import column
from params_proto.errors import SweepError, did_you_mean, nearest

_CONFIDENCE = 0.95
_COLUMNS = {
    "mean": "Float64",
    "std": "Float64",
    "count": "Int64",
    "ci_low": "Float64",
    "ci_high": "Float64",
}


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
    configuration are independent, and normally distributed where there are few.

    Args:
        df: what `results` returned, or a part of its rows.
        metric: the column to average, of numbers. Jobs without one do not count.
        over: the keys that tell repeats apart, as `seed`. It may name keys that are not there, as
            where jobs are repeated without one, unless there is one of nearly that name.
        by: the columns that make a configuration; by default all keys less `over`. A key that is
            None is the same as one that a job was not given.

    Returns:
        A row for each configuration, in the order in which they first occur: its columns, then
        `mean`, `std` (of the sample, with `count - 1`), `count`, `ci_low` and `ci_high`. Of one
        result, `std` and the bounds are `pd.NA`; of none, `mean` is, too.

    Raises:
        SweepError: a column that is not there, a metric that is not a number, or a key with the
            name of a column that is added.

    >>> import pandas as pd
    >>> df = pd.DataFrame({"lr": [1, 1, 2], "seed": [0, 1, 0], "loss": [0.1, 0.3, 0.5]})
    >>> df.attrs["keys"] = ["lr", "seed"]
    >>> summarize(df, "loss").round(3)
       lr  mean    std  count  ci_low  ci_high
    0   1   0.2  0.141      2  -1.071    1.471
    1   2   0.5   <NA>      1    <NA>     <NA>
    """
    repeats = [over] if isinstance(over, str) else [*over]
    if by is None:
        if "keys" not in df.attrs:
            raise SweepError(
                "summarize: this frame does not say which of its columns are keys, as that of"
                " results() does: give by=[...]."
            )
        by = [key for key in df.attrs["keys"] if key not in repeats]
    names = [by] if isinstance(by, str) else [*by]
    present = [str(name) for name in df.columns]
    misspelt = [name for name in repeats if name != "seed" and nearest(name, present)]
    for name in [metric, *names, *misspelt]:
        if name not in present:
            hint = did_you_mean(name, present)
            raise SweepError(f"summarize: the frame has no column {name}.{hint}")
    if taken := [name for name in names if name in _COLUMNS]:
        raise SweepError(
            f"summarize: the key {taken[0]} has the name of a column that is added. Rename it,"
            f" df.rename(columns={{{taken[0]!r}: 'key.{taken[0]}'}}), and give by=[...]."
        )
    df = df.reset_index(drop=True)
    numbers = pd.Series([_number(value, metric, df) for value in df[metric]], dtype="object")
    # As text, since a list cannot be grouped by, and NA is not equal to itself.
    texts = cast("Any", df[names]).map(_text)
    of_row = texts.groupby(names, sort=False).ngroup() if names else pd.Series(0, df.index)
    made = cast("Any", df[names][~of_row.duplicated()].reset_index(drop=True))
    groups = numbers.groupby(of_row, sort=False)
    rows = [_statistics([one for one in group if one is not None]) for _, group in groups]
    for at, (name, dtype) in enumerate(_COLUMNS.items()):
        made[name] = column([row[at] for row in rows], dtype)
    return made


def _number(value: Any, metric: str, df: pd.DataFrame) -> float | None:
    if value is pd.NA or value is None:
        return None
    if isinstance(value, (bool, int, float)):
        return float(value)
    raise SweepError(
        f"summarize: {metric} has {value!r:.60}, which is not a number to average. The metrics are"
        f" {', '.join(df.attrs.get('metrics', [])) or 'none'}."
    )


def _text(value: Any) -> str:
    return "" if value is pd.NA else json.dumps(value, sort_keys=True, default=repr)


def _statistics(values: Sequence[float]) -> tuple[float | None, ...]:
    """Mean, standard deviation, count and the bounds of the confidence interval."""
    count = len(values)
    mean = statistics.mean(values) if values else None
    if mean is None or count == 1:
        return mean, None, count, None, None
    std = statistics.stdev(values) if math.isfinite(mean) else math.nan
    half = t_quantile(_CONFIDENCE, count - 1) * std / math.sqrt(count)
    return mean, std, count, mean - half, mean + half


def t_quantile(confidence: float, freedom: int) -> float:
    """The t within which, on both sides of 0, a share of Student's t distribution lies.

    The share is a finite sum for a whole number of degrees of freedom: Abramowitz and Stegun,
    Handbook of Mathematical Functions, 26.7.3 and 26.7.4, in the angle atan(t / sqrt(freedom)).
    It is inverted by bisection.

    Args:
        confidence: the share, as 0.95.
        freedom: degrees of freedom, 1 or more.

    >>> round(t_quantile(0.95, 1), 3), round(t_quantile(0.95, 10), 3)
    (12.706, 2.228)
    """
    low, high = 0.0, math.pi / 2
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _share(middle, freedom) < confidence else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _share(angle: float, freedom: int) -> float:
    odd = freedom % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for power in range(odd, freedom - 1, 2):  # that of the cosine in this term
        total += term
        term *= math.cos(angle) ** 2 * (power + 1) / (power + 2)
    total *= math.sin(angle)
    return 2 / math.pi * (angle + total) if odd else total
