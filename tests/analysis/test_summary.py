"""Means of a metric over repeats."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from params_proto import SweepError, summarize


@pytest.fixture
def df() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "model": ["a", "a", "a", "b", "b", "a"],
            "lr": pd.array([1, 1, 1, 2, 2, None], dtype="Int64"),
            "seed": [0, 1, 2, 0, 1, 0],
            "layers": [[1], [1], [1], [1, 2], [1, 2], [1]],
            "loss": pd.array([1.0, 2.0, 4.0, 8.0, None, None], dtype="Float64"),
            "note": ["x"] * 6,
        }
    )
    frame.attrs.update(keys=["model", "lr", "layers", "seed"], metrics=["loss", "note"])
    return frame


def test_by_every_key_but_the_seed(df: pd.DataFrame) -> None:
    found = summarize(df, "loss")
    assert [*found.columns] == [
        *("model", "lr", "layers", "mean", "std", "count", "ci_low", "ci_high")
    ]
    assert [*map(str, found.dtypes[3:])] == ["Float64", "Float64", "Int64", "Float64", "Float64"]
    assert found["model"].tolist() == ["a", "b", "a"]
    assert found["lr"].tolist() == [1, 2, pd.NA]
    assert found["layers"].tolist() == [[1], [1, 2], [1]]
    assert found["count"].tolist() == [3, 1, 0]
    assert found["mean"].tolist() == [pytest.approx(7 / 3), 8.0, pd.NA]
    values = [1.0, 2.0, 4.0]
    assert found["std"].tolist() == [pytest.approx(np.std(values, ddof=1)), pd.NA, pd.NA]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    assert found["ci_low"].tolist() == [pytest.approx(low), pd.NA, pd.NA]
    assert found["ci_high"].tolist() == [pytest.approx(high), pd.NA, pd.NA]


@pytest.mark.parametrize(
    ("options", "names", "counts"),
    [
        ({"by": "model"}, ["model"], [3, 1]),
        ({"by": ["seed"]}, ["seed"], [2, 1, 1]),
        ({"by": []}, [], [4]),
        ({"over": ["seed", "lr", "layers"]}, ["model"], [3, 1]),
    ],
)
def test_by_what_is_asked(
    df: pd.DataFrame, options: dict[str, Any], names: list[str], counts: list[int]
) -> None:
    found = summarize(df, "loss", **options)
    assert [*found.columns[:-5]] == names
    assert found["count"].tolist() == counts


def test_jobs_that_are_repeated_without_a_seed(df: pd.DataFrame) -> None:
    frame = df.rename(columns={"seed": "speed"})
    frame.attrs["keys"] = ["model"]
    assert summarize(frame, "loss")["count"].tolist() == [3, 1]


def test_a_part_of_the_rows(df: pd.DataFrame) -> None:
    assert summarize(df[df["model"] == "b"], "loss")["mean"].tolist() == [8.0]
    assert summarize(df[df["model"] == "none"], "loss")["mean"].tolist() == []


@pytest.mark.parametrize(
    ("values", "mean", "std"),
    [
        ([1e200, 1.0], "5e+199", "7.071067811865475e+199"),
        ([1e308, 1e308], "1e+308", "0.0"),
        ([float("nan"), 1.0], "nan", "nan"),
        ([float("inf"), float("-inf")], "nan", "nan"),
        ([float("inf"), 1.0], "inf", "nan"),
    ],
    ids=str,
)
def test_what_has_diverged(values: list[Any], mean: str, std: str) -> None:
    df = pd.DataFrame({"lr": [1, 1, 2, 2], "loss": pd.Series([*values, 1.0, 3.0], dtype="object")})
    found = summarize(df, "loss", by="lr")
    assert [f"{found[name][0]}" for name in ("mean", "std")] == [mean, std]
    assert found["mean"][1] == 2.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"metric": "los"}, "the frame has no column los. Did you mean loss\\?"),
        ({"metric": "loss", "by": "modl"}, "the frame has no column modl. Did you mean model\\?"),
        ({"metric": "loss", "over": "modl"}, "the frame has no column modl. Did you mean model\\?"),
        ({"metric": "note"}, r"note is not a column of numbers: .*x.* at position 0\. Name a column of numbers\."),
    ],
)  # fmt: skip
def test_mistakes(df: pd.DataFrame, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SweepError, match=f"^summarize: {message}$"):
        summarize(df, **arguments)


def test_a_key_that_has_the_name_of_a_new_column(df: pd.DataFrame) -> None:
    other = df.rename(columns={"model": "std"})
    other.attrs["keys"] = ["std", "seed"]
    with pytest.raises(ValueError, match="std, already exists"):
        summarize(other, "loss")


def test_a_frame_of_another_origin(df: pd.DataFrame) -> None:
    df.attrs.clear()
    with pytest.raises(SweepError, match="does not say which of its columns are keys"):
        summarize(df, "loss")


@pytest.mark.parametrize("count", [*range(2, 42), 100, 101, 1001])
def test_the_bounds_are_those_of_student(count: int) -> None:
    values = [float(number % 7) for number in range(count)]
    found = summarize(pd.DataFrame({"loss": values}), "loss", by=[]).loc[0]
    low, high = stats.t.interval(0.95, count - 1, np.mean(values), stats.sem(values))
    assert [found["ci_low"], found["ci_high"]] == pytest.approx([low, high], rel=1e-6)
