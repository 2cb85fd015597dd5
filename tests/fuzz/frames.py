"""pandas DataFrames: columns of every type and name, with any content."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

from params_proto import Sweep
from tests.fuzz.promises import Kind
from tests.fuzz.texts import KEYS, SNIPPETS
from tests.fuzz.uses import use


def nested(depth: int) -> list[Any]:
    """A list nested to some depth."""
    made: list[Any] = []
    for _ in range(depth):
        made = [made]
    return made


_HOLDS_ITSELF: list[Any] = []
_HOLDS_ITSELF.append(_HOLDS_ITSELF)


class _Raises:
    def __deepcopy__(self, memo: object) -> object:
        raise RuntimeError("no copy")


_CELLS: Sequence[Any] = [
    1, 0.5, "adam", True, None, pd.NA, pd.NaT, float("nan"), float("inf"), 2**70, 1j,
    [1, [2]], (1, 2), {"a": 1}, {1: {"b": [None]}}, {1, 2}, frozenset(), b"x", range(3),
    object(), np.int8(3), np.float32(0.1), np.bool_(True), np.array([1, 2]), np.array("a"),
    np.datetime64("nat", "ns"), np.datetime64("2024-01-01T00:00:00.000000001"),
    np.timedelta64(1, "ns"), np.str_("x"), np.void(b"a"), datetime.datetime(2024, 1, 1),
    datetime.date(2024, 1, 1), decimal.Decimal("0.1"), Path("a/../b"),
    pd.Timestamp("2024-01-01", tz="UTC"), pd.Timedelta("1s"), pd.Period("2024"),
    pd.Interval(0, 1), pd.Series([1]), pd.DataFrame({"a": [1]}), Sweep().product(x=[1]), len,
    int, print, _Raises, nested(60), nested(5000), _HOLDS_ITSELF, _Raises(),
    np.longdouble("0.1"), np.array([[1], [2]]), *SNIPPETS,
]  # fmt: skip
_DTYPES: Sequence[tuple[str, Sequence[Any]]] = [
    ("int64", [1, -1, 2**62]), ("uint8", [0, 255]),
    ("float64", [0.1, float("nan"), float("inf"), -0.0]), ("float16", [0.1, 65504.0]),
    ("bool", [True, False]), ("complex128", [1j, complex("nan")]),
    ("str", ["a", "", "${x}", "1"]), ("string", ["a", None, "é"]),
    ("category", ["a", "b", None, 1]), ("Int64", [1, None]), ("Float64", [0.5, None]),
    ("boolean", [True, None]), ("datetime64[ns]", ["2024-01-01", None]),
    ("datetime64[ns, Europe/Paris]", ["2024-01-01", None]), ("timedelta64[ns]", [1, None]),
    ("period[D]", ["2024-01-01", None]), ("Sparse[float64]", [0.0, float("nan"), 1.0]),
    ("interval[int64]", [pd.Interval(0, 1), pd.Interval(1, 2)]), ("S3", [b"ab", b""]),
]  # fmt: skip
_NAMES: Sequence[Any] = [
    *KEYS * 60, 1, None, 1.5, ("a", "b"), pd.NA, float("nan"), pd.Timestamp(0), b"a", 10**5000,
    True, *SNIPPETS,
]  # fmt: skip


@dataclass(frozen=True)
class Recipe:
    """The parts of a frame.

    Args:
        names: of the columns, by their indices.
        columns: of each the type, by its index (beyond the last one: object), and the cells.
        how: what else is done with the frame.
    """

    names: Sequence[int]
    columns: Sequence[tuple[int, Sequence[int]]]
    how: str

    def __repr__(self) -> str:
        columns = [(dtype, [*map(_said, values)]) for dtype, values in map(_column, self.columns)]
        return f"Recipe({[_said(_NAMES[at]) for at in self.names]}, {columns}, {self.how!r})"


def _said(value: Any) -> str:
    try:
        return pretty(value)[:200]
    except Exception:  # some of the values are such that it raises
        return f"a {type(value).__name__}"


def _column(column: tuple[int, Sequence[int]]) -> tuple[str, list[Any]]:
    kind, picks = column
    dtype, values = _DTYPES[kind] if kind < len(_DTYPES) else ("object", _CELLS)
    return dtype, [values[pick % len(values)] for pick in picks]


@st.composite
def _frames(draw: st.DrawFn) -> Recipe:
    names = draw(st.lists(st.integers(0, len(_NAMES) - 1), min_size=1, max_size=2, unique=True))
    rows = draw(st.integers(0, 3))
    kinds = st.integers(0, 2 * len(_DTYPES))
    picks = st.lists(st.integers(0, len(_CELLS) - 1), min_size=rows, max_size=rows)
    columns = [(draw(kinds), draw(picks)) for _ in names]
    return Recipe(names, columns, draw(st.sampled_from([*["plain"] * 6, "many", "named", "list"])))


def _frame(recipe: Recipe) -> Any:
    columns = [*map(_column, recipe.columns)]
    names = [_NAMES[at] for at in recipe.names]
    whole = pd.concat([pd.Series(_array(cells), dtype=dtype) for dtype, cells in columns], axis=1)
    whole.columns = pd.Index(names, dtype="object")
    if recipe.how == "many":
        whole.columns = pd.MultiIndex.from_tuples([(name, "x") for name in names])
    if recipe.how == "named":
        whole.index = pd.Index([f"row {at}" for at in range(len(whole))], name="lr")
    return columns if recipe.how == "list" else whole


def _array(values: list[Any]) -> Any:
    """An array of objects, which NumPy does not look into."""
    made = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):
        made[at] = value
    return made


def _call(given: Recipe, directory: Path) -> None:
    try:
        frame = _frame(given)
    except (TypeError, ValueError, NotImplementedError, OverflowError):  # pandas' own refusal
        return
    sweep = Sweep.from_dataframe(frame)
    use(sweep)
    again = Sweep.from_dataframe(sweep.to_dataframe())
    if len(again) != len(sweep):
        raise AssertionError(f"{len(again)} rows of {len(sweep)}")


KIND = Kind("frames", _frames(), _call)
