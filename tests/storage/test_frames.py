"""Configs in pandas frames, with pandas' own types if they read back exactly."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from params_proto import Sweep, SweepError
from tests.recipes import exactly

MISSING = object()


def frame(*values: Any) -> pd.DataFrame:
    """The frame of a sweep over `a`, in which MISSING is a config without it."""
    rows = [{"k": at} if v is MISSING else {"k": at, "a": v} for at, v in enumerate(values)]
    return Sweep().chain(*rows).to_dataframe()


STRINGS = str(pd.Series(["a"], dtype="str").dtype)  # object in pandas 2

COLUMNS = {
    "ints": ([1, -(2**63), 2**63 - 1], "int64"),
    "ints, one missing": ([1, 2**62 + 1, MISSING], "Int64"),
    "large ints": ([1, 2**63], "object"),
    "floats": ([0.1, -0.0, float("inf"), float("nan")], "float64"),
    "floats, one missing": ([0.1, MISSING, float("-inf")], "Float64"),
    "nan beside missing": ([0.1, MISSING, float("nan")], "Float64"),
    "bools": ([True, False], "bool"),
    "bools, one missing": ([True, MISSING], "boolean"),
    "strings": (["a", "", "nan", "1"], STRINGS),
    "strings, one missing": (["a", MISSING, "<NA>"], "string"),
    "None": ([None, None], "object"),
    "None beside floats": ([0.1, None, float("nan")], "object"),
    "ints and floats": ([1, 1.0], "object"),
    "lists": ([[1, 2], [3, 4]], "object"),
    "tuples": ([(1, 2), (1.0, 2)], "object"),
    "dicts and sets": ([{"a": 1}, {1, 2}, frozenset()], "object"),
    "dates": ([datetime.datetime(2024, 1, 1), datetime.datetime(1, 1, 1)], "object"),
    "complex": ([1j, complex("nan")], "object"),
}


@pytest.mark.parametrize(("values", "dtype"), COLUMNS.values(), ids=COLUMNS)
def test_a_column_reads_back_as_it_was(values: list[Any], dtype: str) -> None:
    df = frame(*values)

    assert str(df["a"].dtype) == dtype
    assert [value is pd.NA for value in df["a"]] == [value is MISSING for value in values]
    assert exactly([config.get("a", MISSING) for config in Sweep.from_dataframe(df)]) == exactly(
        values
    )


# --- the user's own frames


NAT = pd.NaT
OWN = {
    "categories": (pd.Categorical(["x", None, "y"]), ["x", MISSING, "y"]),
    "strings": (pd.array(["x", None], dtype="string"), ["x", MISSING]),
    "nullable ints": (pd.array([1, None], dtype="Int8"), [1, MISSING]),
    "nullable floats": (pd.array([0.5, None], dtype="Float32"), [0.5, MISSING]),
    "single precision": (np.array([0.5, np.nan], dtype="float32"), [0.5, float("nan")]),
    "dates": (pd.to_datetime(["2024-01-02", None]), [datetime.datetime(2024, 1, 2), MISSING]),
    "durations": (pd.to_timedelta(["1s", None]), [datetime.timedelta(seconds=1), MISSING]),
    "objects": (np.array([np.int64(1), None, pd.NA, NAT, np.float64("nan"), np.bool_(True)], dtype=object), [1, None, MISSING, None, float("nan"), True]),
    "arrays": ([np.array([1, 2]), [np.float32(0.5)]], [[1, 2], [0.5]]),
}  # fmt: skip


@pytest.mark.parametrize(("column", "values"), OWN.values(), ids=OWN)
def test_a_column_of_the_users_own(column: Any, values: list[Any]) -> None:
    sweep = Sweep.from_dataframe(pd.DataFrame({"a": column}))

    assert exactly([config.get("a", MISSING) for config in sweep]) == exactly(values)


def test_strings_of_this_pandas() -> None:
    column = pd.Series(["x", np.nan], dtype="str")
    values = [
        config.get("a", MISSING) for config in Sweep.from_dataframe(pd.DataFrame({"a": column}))
    ]

    # In pandas 3 nan is how a column of strings says that there is none, in pandas 2 it is a value.
    assert exactly(values) == exactly(["x", float("nan") if STRINGS == "object" else MISSING])


def test_the_index_is_not_a_key() -> None:
    df = pd.DataFrame({"a": [3, 1, 2], "job": [0, 1, 2]}).set_index("job").sort_values("a")

    assert list(Sweep.from_dataframe(df)) == [{"a": 1}, {"a": 2}, {"a": 3}]


@pytest.mark.parametrize(
    ("df", "message"),
    [
        ([{"a": 1}], "from_dataframe needs a pandas DataFrame, got list"),
        (pd.Series([1]), "from_dataframe needs a pandas DataFrame, got Series"),
        (pd.DataFrame([[1, 2]]), "from_dataframe: 0 is not a Hydra key: a key is a string"),
        (pd.DataFrame([[1]], columns=["a b"]), "from_dataframe: 'a b' is not a Hydra key"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "from_dataframe: the column 'a' is given twice"),
        (pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", "b")])), r"from_dataframe: \('a', 'b'\) is not a Hydra key"),
    ],
)  # fmt: skip
def test_anything_but_a_frame_of_configs_is_refused(df: Any, message: str) -> None:
    with pytest.raises(SweepError, match=f"^{message}"):
        Sweep.from_dataframe(df)
