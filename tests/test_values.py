"""Values: converted to Python's own, compared strictly, copied."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import copy
import datetime
import math
from array import array
from collections import Counter, OrderedDict, UserDict, defaultdict, namedtuple
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from omegaconf import AnyNode, OmegaConf

from params_proto import Sweep
from tests.recipes import exactly
from tests.strategies import Color, Layer, Level, Point

Pair = namedtuple("Pair", "a b")


class Text(str):
    """A string of a subclass."""

    __slots__ = ()


class Uncopyable:
    def __deepcopy__(self, memo: object) -> Uncopyable:
        raise RuntimeError("there is but one")


class Unhashable:
    __hash__ = None  # pyright: ignore

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unhashable)


class Handle:
    """An object that equals only itself."""


@dataclass(frozen=True)
class Frozen:
    values: Any


NATIVE: dict[str, tuple[Any, Any]] = {
    "float64": (np.float64(0.1), 0.1),
    "float32": (np.float32(0.5), 0.5),
    "float16": (np.float16(0.5), 0.5),
    "int8": (np.int8(3), 3),
    "uint64": (np.uint64(2**63), 2**63),
    "bool_": (np.bool_(True), True),
    "str_": (np.str_("a"), "a"),
    "bytes_": (np.bytes_(b"a"), b"a"),
    "complex64": (np.complex64(1j), 1j),
    "nan": (np.float64("nan"), math.nan),
    "array": (np.array([[1, 2]]), [[1, 2]]),
    "array without a dimension": (np.array(3), 3),
    "datetime64": (np.datetime64("2020-01-02"), datetime.date(2020, 1, 2)),
    "datetime64[s]": (np.datetime64("2020-01-02T03:04:05"), datetime.datetime(2020, 1, 2, 3, 4, 5)),
    "datetime64[ns]": (
        np.datetime64("2020-01-02T03:04:05.000000000"),
        datetime.datetime(2020, 1, 2, 3, 4, 5),
    ),
    "array.array": (array("i", [1, 2]), [1, 2]),
    "Timestamp": (pd.Timestamp("2020-01-02"), datetime.datetime(2020, 1, 2)),
    "Timedelta": (pd.Timedelta("1s"), datetime.timedelta(seconds=1)),
    "NA": (pd.NA, None),
    "NaT": (pd.NaT, None),
    "Series": (pd.Series([1.5]), [1.5]),
    "OmegaConf dict": (OmegaConf.create({"a": [1, {"b": None}]}), {"a": [1, {"b": None}]}),
    "OmegaConf list": (OmegaConf.create([1, "a"]), [1, "a"]),
    "proxy": (MappingProxyType({"a": (1,)}), {"a": (1,)}),
    "user dict": (UserDict(a=1), {"a": 1}),
    "ordered dict": (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    "default dict": (defaultdict(list, a=[1]), {"a": [1]}),
    "counter": (Counter("aa"), {"a": 2}),
    "within a list": ([np.int64(1), [np.float64(2.0)]], [1, [2.0]]),
    "within a tuple": ((np.int64(1),), (1,)),
    "within a dict": ({np.int64(1): np.array([1])}, {1: [1]}),
    "within a set": ({np.int64(1)}, {1}),
    "within a frozen set": (frozenset({np.int64(1)}), frozenset({1})),
}


@pytest.mark.parametrize("name", NATIVE)
def test_a_foreign_value_becomes_pythons(name: str) -> None:
    foreign, value = NATIVE[name]

    assert exactly(Sweep().set(a=foreign)[0]["a"]) == exactly(value)


KEPT: dict[str, Any] = {
    **{"enum": Color.RED, "int enum": Level.LOW, "path": Path("a"), "frozen": Point(1.0)},
    **{"layer": Layer([1]), "named tuple": Pair(1, [2]), "text of its own": Text("a")},
    **{"decimal": Decimal("1.0"), "date": datetime.date(2020, 1, 1), "complex": 1 + 2j},
    **{"class": Layer, "function": len, "big": 10**40, "dict": {1: "a", None: "b", (1, 2): "c"}},
    **{"nested": [1, (2, {"a": [3.0, None]}), {4}], "a library's object": AnyNode(3)},
}


@pytest.mark.parametrize("name", KEPT)
def test_a_value_comes_out_as_it_went_in(name: str) -> None:
    value = KEPT[name]

    for sweep in (Sweep().product(k=[value]), Sweep().set(k=value), Sweep().chain({"k": value})):
        assert exactly(sweep[0]["k"]) == exactly(value)
        assert exactly(next(iter(sweep))["k"]) == exactly(value)


def test_what_cannot_be_copied_is_handed_on() -> None:
    one = Uncopyable()

    assert Sweep().product(out=[one])[0]["out"] is one


ATOMIC: dict[str, Any] = {
    **{"none": None, "number": 1, "text": "a", "bytes": b"a", "enum": Color.RED, "path": Path()},
    **{"tuple": (1, ("a",))},
    **{"function": len, "class": Layer, "decimal": Decimal(1)},
}


@pytest.mark.parametrize("name", ATOMIC)
def test_immutable_values_are_shared(name: str) -> None:
    one, other = Sweep().set(a=ATOMIC[name]).repeat(2)

    assert one["a"] is other["a"]
    assert Sweep().set(a=ATOMIC[name]) == Sweep().set(a=copy.deepcopy(ATOMIC[name]))


@pytest.mark.parametrize(
    "value",
    [[1], {}, {1}, (1, []), Layer(), Frozen([1]), Frozen((1, {})), Pair(1, [2]), bytearray(b"a")],
    ids=repr,
)
def test_what_can_be_changed_is_copied(value: Any) -> None:
    one, other = Sweep().set(a=value).repeat(2)

    assert one["a"] == other["a"] == value
    assert one["a"] is not other["a"]
    assert one["a"] is not value


DIFFERENT: list[tuple[Any, Any]] = [
    *((1, 1.0), (1, True), (0, False), (0.0, -0.0), (1, "1"), ("a", b"a"), (None, 0)),
    *(([1], (1,)), ([1], [1.0]), ((1,), Pair(1, 2)), ({"a": 1}, {"a": 1.0}), ({1: "a"}, {1.0: "a"})),
    *(({1}, {True}), ({1}, frozenset({1})), (Level.LOW, 1), (Color.RED, Color.BLUE)),
    *((Point(1.0), Point(1.0, 1)), (Layer(), Point(0.0)), (Path("a"), "a"), (Text("a"), "a")),
    *((len, repr), (int, float), (Handle(), Handle()), (Unhashable(), Unhashable())),
    *((float("inf"), float("nan")), (Decimal("1.0"), 1.0)),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=lambda value: type(value).__name__)
def test_values_that_differ(one: Any, other: Any) -> None:
    assert Sweep().set(a=one) != Sweep().set(a=other)
    assert Sweep().product(a=[one]) != Sweep().product(a=[other])
