"""Values: taken as Python's own, compared strictly, handed out afresh."""

from __future__ import annotations

import copy
import datetime
import functools
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
from hypothesis import given, settings
from omegaconf import AnyNode, OmegaConf

from params_proto import Sweep
from params_proto._values import (
    copy_mutable,
    equality_key,
    is_atomic,
    to_python,
    unordered,
)
from tests import strategies
from tests.recipes import exactly
from tests.strategies import Color, Layer, Level, Point

Pair = namedtuple("Pair", "a b")


class Text(str):
    """A string of a class of its own."""

    __slots__ = ()


class Uncopyable:
    def __deepcopy__(self, memo: object) -> Uncopyable:
        raise RuntimeError("there is but one")


class Unhashable:
    __hash__ = None  # pyright: ignore

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unhashable)


class Handle:
    """An object that equals itself alone."""


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

    assert exactly(to_python(foreign)) == exactly(value)


KEPT: dict[str, Any] = {
    **{"enum": Color.RED, "int enum": Level.LOW, "path": Path("a"), "frozen": Point(1.0)},
    **{"layer": Layer([1]), "named tuple": Pair(1, [2]), "text of its own": Text("a")},
    **{
        "decimal": Decimal("1.0"),
        "date": datetime.date(2020, 1, 1),
        "class": Layer,
        "function": len,
    },
}


@pytest.mark.parametrize("name", KEPT)
def test_what_is_pythons_own_keeps_its_type(name: str) -> None:
    value = KEPT[name]

    assert exactly(to_python(value)) == exactly(value)
    assert exactly(copy_mutable(to_python(value))) == exactly(value)


def test_an_object_of_a_library_that_is_no_value_is_copied() -> None:
    node = AnyNode(3)

    assert to_python(node) == node
    assert to_python(node) is not node


def test_what_cannot_be_copied_is_kept() -> None:
    one = Uncopyable()

    assert to_python(one) is one
    assert copy_mutable([one]) == [one]
    assert is_atomic(one)  # sharing it is all that is left


@settings(max_examples=200)
@given(strategies.values)
def test_a_snapshot_is_equal_and_its_own(value: Any) -> None:
    for taken in (to_python(value), copy_mutable(value)):
        assert exactly(taken) == exactly(value)
        assert equality_key(taken) == equality_key(value)
        assert hash(equality_key(taken)) == hash(equality_key(value))
        assert not _shared(taken, value)


def _shared(one: Any, other: Any) -> bool:
    """Whether two values hold the same list, dict, set or instance that can be changed."""
    if isinstance(one, (dict, list, set, Layer)) and one is other:
        return True
    if isinstance(one, dict):
        return any(_shared(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return any(map(_shared, one, other))
    return isinstance(one, Layer) and one.sizes is other.sizes


ATOMIC: dict[str, Any] = {
    **{"none": None, "number": 1, "text": "a", "bytes": b"a", "enum": Color.RED, "path": Path()},
    **{"tuple": (1, ("a",)), "frozen set": frozenset({1})},
    **{"function": len, "class": Layer, "decimal": Decimal(1)},
}


@pytest.mark.parametrize("name", ATOMIC)
def test_what_nobody_can_change_is_shared(name: str) -> None:
    one, other = Sweep().set(a=ATOMIC[name]).repeat(2)

    assert is_atomic(ATOMIC[name])
    assert one["a"] is other["a"]


@pytest.mark.parametrize(
    "value",
    [[1], {}, {1}, (1, []), Layer(), Frozen([1]), Frozen((1, {})), Pair(1, [2]), bytearray(b"a")],
    ids=repr,
)
def test_what_can_be_changed_is_copied(value: Any) -> None:
    assert not is_atomic(value)
    assert copy_mutable(value) == value
    assert copy_mutable(value) is not value


DIFFERENT: list[tuple[Any, Any]] = [
    *((1, 1.0), (1, True), (0, False), (0.0, -0.0), (1, "1"), ("a", b"a"), (None, 0)),
    *(
        ([1], (1,)),
        ([1], [1.0]),
        ((1,), Pair(1, 2)),
        ({"a": 1}, {"a": 1.0}),
        ({1: "a"}, {1.0: "a"}),
    ),
    *(({1}, {True}), ({1}, frozenset({1})), (Level.LOW, 1), (Color.RED, Color.BLUE)),
    *((Point(1.0), Point(1.0, 1)), (Layer(), Point(0.0)), (Path("a"), "a"), (Text("a"), "a")),
    *((len, repr), (int, float), (Handle(), Handle()), (Unhashable(), Unhashable())),
    *((float("inf"), float("nan")), (Decimal("1.0"), 1.0)),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=lambda value: type(value).__name__)
def test_values_that_differ(one: Any, other: Any) -> None:
    assert equality_key(one) != equality_key(other)
    assert equality_key([one]) != equality_key([other])


@pytest.mark.parametrize("name", ATOMIC)
def test_a_value_is_itself(name: str) -> None:
    value = ATOMIC[name]

    assert equality_key(value) == equality_key(value)
    assert equality_key({"a": [value]}) == equality_key({"a": [value]})
    assert hash(equality_key(value)) == hash(equality_key(value))


def test_the_order_of_a_dict_does_not_count() -> None:
    assert equality_key({"a": 1, "b": 2}) == equality_key({"b": 2, "a": 1})


def test_nan_is_nan() -> None:
    for nan in (math.nan, [math.nan], {"a": (math.nan,)}, Point(math.nan)):
        assert equality_key(nan) == equality_key(copy.deepcopy(nan))
        assert hash(equality_key(nan)) == hash(equality_key(copy.deepcopy(nan)))
    assert equality_key(float("nan")) == equality_key(-float("nan"))


@pytest.mark.parametrize("value", [{1}, frozenset(), UserDict(a=1).keys() - {"a"}], ids=repr)
def test_sets_have_no_order(value: object) -> None:
    assert unordered(value)


@pytest.mark.parametrize(
    "value",
    [
        *([], (), {}, "ab", range(3), {1: 2}.keys(), {1: 2}.values(), {1: 2}.items()),
        *(OrderedDict(a=1).keys(), OrderedDict(a=1).items(), MappingProxyType({1: 2}).keys()),
        *(UserDict(a=1).keys(), UserDict(a=1).items()),
    ],
    ids=lambda value: type(value).__name__,
)
def test_all_else_keeps_its_order(value: object) -> None:
    assert not unordered(value)


def test_a_partial_function_is_a_value() -> None:
    partial = functools.partial(len, [1])

    taken = to_python(partial)
    assert taken() == 1
    assert equality_key(taken) == equality_key(taken)
