"""Configs <-> DataFrames, so that what is written reads back exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pandas as pd  # pyright: ignore[reportMissingTypeStubs]  # it has most of its types inside
from pandas.api.extensions import ExtensionDtype  # pyright: ignore[reportMissingTypeStubs]

from params_proto._keys import key_error
from params_proto._text import utf8
from params_proto.algebra.builder import Builder
from params_proto.errors import SweepError, shown
from params_proto.storage.plain import chain_of_rows

if TYPE_CHECKING:
    from params_proto.sweep import Sweep

_INT64 = range(-(2**63), 2**63)


def to_dataframe(sweep: Sweep) -> pd.DataFrame:
    """A row per config and a column per key, in the order in which the keys first occur.

    A column of bools, of ints, of floats or of strings has pandas' own type for these; where a key
    is missing, the nullable one, if it can tell a missing float from nan. Any other is `object`, so
    that what is mixed stays as it is. A missing key is `pd.NA`.

    Args:
        sweep: the configs.

    >>> from params_proto import Sweep
    >>> to_dataframe(Sweep().chain({"lr": 0.1}, {"lr": 0.01, "bs": 32})).dtypes
    lr    float64
    bs      Int64
    dtype: object
    """
    columns: dict[str, list[Any]] = {}
    number = -1
    for number, config in enumerate(sweep):
        for key, value in config.items():
            if key not in columns:
                columns[key] = [pd.NA] * number
            columns[key].append(value)
        if len(config) < len(columns):
            for key in columns.keys() - config.keys():
                columns[key].append(pd.NA)
    index = pd.RangeIndex(number + 1)
    series = {
        key: pd.Series(values, index=index, dtype=cast("Any", _dtype(values)))
        for key, values in columns.items()
    }
    return pd.DataFrame(series, index=index)


def _dtype(values: list[Any]) -> str:
    """The type of a column from which its values come back as they are.

    >>> _dtype([1, 2]), _dtype([1, pd.NA]), _dtype([1, 2.0]), _dtype([2**64])
    ('int64', 'Int64', 'object', 'object')
    """
    present = [value for value in values if value is not pd.NA]
    whole = len(present) == len(values)
    kinds = {cast("type[Any]", type(value)) for value in present}
    if kinds == {bool}:
        return "bool" if whole else "boolean"
    if kinds == {int} and all(value in _INT64 for value in present):
        return "int64" if whole else "Int64"
    if kinds == {float} and (whole or not any(value != value for value in present)):
        return "float64" if whole else "Float64"
    # Arrow's strings, which pandas may use, have no place for half a surrogate pair.
    text = kinds == {str} and whole and all(utf8(value) == value for value in present)
    return "str" if text else "object"


def from_dataframe(df: pd.DataFrame) -> Builder:
    """The sweep of a frame's rows. Its index is not a key.

    `pd.NA` is a missing key, as is the missing value of a column of strings, categories or dates.
    None, and nan in a column of floats or objects, are values.

    Args:
        df: a frame whose columns are named by keys.

    Raises:
        SweepError: not a frame, columns that are not keys, or a column twice.

    >>> import pandas as pd
    >>> from_dataframe(pd.DataFrame({"lr": [0.1, 0.01], "bs": pd.array([None, 32], dtype="Int64")}))
    Sweep().chain({'lr': 0.1}, {'lr': 0.01, 'bs': 32})
    """
    if not isinstance(df, pd.DataFrame):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise SweepError(f"from_dataframe needs a pandas DataFrame, got {type(df).__name__}.")
    keys: list[Any] = list(df.columns)
    for at, key in enumerate(keys):
        unfit = key_error(key)
        if unfit or key in keys[:at]:
            raise SweepError(
                f"from_dataframe: {unfit or f'the column {shown(key)} is given twice.'}"
            )
    columns = [_values(cast("Any", df).iloc[:, at]) for at in range(len(keys))]
    tuples = list(zip(*columns, strict=True)) if columns else [()] * len(df)
    rows: list[dict[str, Any]] = [
        {key: value for key, value in zip(keys, values, strict=True) if value is not pd.NA}
        for values in tuples
    ]
    return chain_of_rows(rows, Builder(), lambda index: f"from_dataframe: row {index}")


def _values(column: pd.Series) -> list[Any]:
    """The values of a column, with `pd.NA` for a missing one."""
    values: list[Any] = column.tolist()
    dtype: Any = column.dtype
    if str(dtype) == "object":
        return [pd.NA if value is pd.NaT else value for value in values]
    if dtype.kind in "biufc" and not isinstance(dtype, ExtensionDtype):
        return values  # nan is a value
    return [pd.NA if gone else value for value, gone in zip(values, column.isna(), strict=True)]
