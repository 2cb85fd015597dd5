"""Configs <-> DataFrames, so that what is written reads back exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd  # pyright: ignore[reportMissingTypeStubs]  # it has most of its types inside
from pandas.api.extensions import ExtensionDtype  # pyright: ignore[reportMissingTypeStubs]

from params_proto.algebra.builder import Builder
from params_proto.errors import SweepError
from params_proto.storage.plain import chain_of_rows
from params_proto.storage.table_file import column_error


def to_dataframe(rows: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """A row per config and a column per key, in the order of the keys' first use.

    A column of only bools, ints, floats or strings has pandas' type for them, or the nullable type
    if some configs lack the key. Any other column has the type `object`, which keeps mixed values
    unchanged. A missing key is `pd.NA`.

    Args:
        rows: the configs.

    >>> to_dataframe([{"lr": 0.1}, {"lr": 0.01, "bs": 32}]).dtypes
    lr    float64
    bs      Int64
    dtype: object
    """
    configs = list(rows)
    index = pd.RangeIndex(len(configs))
    keys = dict.fromkeys(key for config in configs for key in config)
    columns: dict[str, Any] = {}
    for key in keys:
        values = [config[key] for config in configs if key in config]
        if len(values) == len(configs):
            columns[key] = to_column(values, _DTYPES)
        else:
            columns[key] = to_column([config.get(key, pd.NA) for config in configs])
    return pd.DataFrame(columns, index=index)


# pandas' types, by the type of a column's values; other values are objects. convert_dtypes would
# turn whole floats into integers, and nan, which is a value, into a missing one.
_DTYPES = {"bool": "bool", "int": "int64", "float": "float64", "str": "str"}
NULLABLE = {"bool": "boolean", "int": "Int64", "float": "Float64", "str": "string"}


def to_column(
    values: Sequence[Any], dtypes: Mapping[str, str] = NULLABLE, dtype: str | None = None
) -> Any:
    """Values as a column, with a type of pandas' own if all have one type; `pd.NA` is missing.

    Args:
        values: the values.
        dtypes: pandas' types by the sorted names of the values' types.
        dtype: the column's type, if it does not depend on the values.

    >>> to_column([1, pd.NA]).dtype, to_column([1, "a"]).dtype
    (Int64Dtype(), dtype('O'))
    """
    kinds = sorted({type(value).__name__ for value in values if value is not pd.NA})
    dtype = dtype or dtypes.get(" ".join(kinds), "object")
    try:
        if dtype != "Float64":
            return pd.Series(values, dtype=cast("Any", dtype))
        missing = np.array([value is pd.NA for value in values], dtype=bool)
        numbers = np.array(values, dtype=object)
        numbers[missing] = math.nan
        # pandas.array would lose nan.
        return cast("Any", pd).arrays.FloatingArray(numbers.astype("float64"), missing)
    except (OverflowError, UnicodeError):  # of more than 64 bits, or half a surrogate pair
        return pd.Series(values, dtype="object")


def from_dataframe(df: pd.DataFrame) -> Builder:
    """The sweep of a frame's rows. Its index is not a key.

    `pd.NA` is a missing key, as is the missing value of a column of strings, categories or dates.
    None, and nan in a column of floats or objects, are values.

    Args:
        df: a frame whose columns are named by keys.

    Raises:
        SweepError: `df` is not a frame, a column is not a key, or a column occurs twice.

    >>> import pandas as pd
    >>> from_dataframe(pd.DataFrame({"lr": [0.1, 0.01], "bs": pd.array([None, 32], dtype="Int64")}))
    Sweep().chain({'lr': 0.1}, {'lr': 0.01, 'bs': 32})
    """
    if not isinstance(df, pd.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SweepError(f"from_dataframe needs a pandas DataFrame, got {type(df).__name__}.")
    keys: list[Any] = list(df.columns)
    unfit = column_error(keys)
    if unfit:
        raise SweepError(f"from_dataframe: {unfit}")
    columns = [_values(cast("Any", df).iloc[:, at]) for at in range(len(keys))]
    pairs = list(zip(keys, columns, strict=True))
    rows: list[dict[str, Any]] = [
        {key: values[at] for key, values in pairs if values[at] is not pd.NA}
        for at in range(len(df))
    ]
    return chain_of_rows(rows, Builder(), lambda index: f"from_dataframe: row {index}")


def _values(column: pd.Series) -> list[Any]:
    """The values of a column, with `pd.NA` for a missing one."""
    values: list[Any] = column.tolist()
    dtype: Any = column.dtype
    if dtype.kind in "biufcO" and not isinstance(dtype, ExtensionDtype):
        return values  # nan is a value
    return [pd.NA if gone else value for value, gone in zip(values, column.isna(), strict=True)]
