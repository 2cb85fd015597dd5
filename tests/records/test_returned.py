"""What tasks return, in the words of JSON."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import enum
import json
from collections import OrderedDict, UserDict
from decimal import Decimal
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from params_proto.records.returned import UnfitError, as_json
from tests.recipes import exactly
from tests.strategies import Color, Layer, Level, Point, nested, scalars

law = settings(max_examples=100)


class Kind(str, enum.Enum):
    SMALL = "small"


class Pair(NamedTuple):
    x: int
    y: Any


class Tensor:
    """A scalar of torch, or an array: what has no dimension has one value."""

    def __init__(self, value: Any, shape: Any = ()) -> None:
        self.value, self.shape = value, shape

    def item(self) -> Any:
        return self.value


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-0.0, -0.0),
        (1e300, 1e300),
        (2**64, 2**64),
        (10**3000, 10**3000),
        ("\ud800 é\0", "\\ud800 é\0"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (-float("inf"), "-Infinity"),
        (np.float64(0.5), 0.5),
        (np.float32("nan"), "NaN"),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int64(-7), -7),
        (np.uint8(255), 255),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(2.5), 2.5),
        (np.array(3), 3),
        (np.array([1.5, 2.5]).sum(), 4.0),
        (Tensor(0.25), 0.25),
        (Tensor(np.float32(0.25)), 0.25),
        (Tensor(Tensor(float("-inf"))), "-Infinity"),
        (Tensor([1, 2]), [1, 2]),
        (Color.RED, "RED"),
        (Level.HIGH, "HIGH"),
        (Kind.SMALL, "small"),
        (Path("runs") / "1", str(Path("runs/1"))),
        (PurePosixPath("/a"), "/a"),
        ((), []),
        ([1, (2, [3.0])], [1, [2, [3.0]]]),
        (Pair(1, np.int8(2)), [1, 2]),
        ({}, {}),
        ({"loss": np.float32(0.5), 1: [None], None: (True,), 2.5: "x"}, {"loss": 0.5, "1": [None], "None": [True], "2.5": "x"}),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict(a=UserDict(b=Path("x"))), {"a": {"b": "x"}}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (deep(50), deep(50)),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_value(value: Any, expected: Any) -> None:
    text = json.dumps(as_json(value), allow_nan=False)
    assert exactly(json.loads(text)) == exactly(expected)


cyclic: list[Any] = []
cyclic.append(cyclic)
itself = Tensor(None)
itself.value = itself


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (object(), "^object$"),
        ({1, 2}, "^set$"),
        (b"x", "^bytes$"),
        (1j, "^complex$"),
        (Decimal("0.1"), "^Decimal$"),
        (Point(1.0), "^Point$"),
        (Layer(), "^Layer$"),
        (len, "^builtin_function_or_method$"),
        (range(3), "^range$"),
        (np.array([1.0]), "^ndarray$"),
        (np.zeros((0,)), "^ndarray$"),
        (np.datetime64("2026-01-01"), "^date$"),
        (Tensor([1, 2], (2,)), "^Tensor$"),
        (Tensor(object()), "^object$"),
        ({"a": [0, {"b": {1}}]}, "^set$"),
        (2**10_001, "too many digits"),
        (deep(51), "nested more than 50 levels deep"),
        (deep(100_000), "nested more than 50 levels deep"),
        (cyclic, "nested more than 50 levels deep"),
        (itself, "nested more than 50 levels deep"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)  # fmt: skip
def test_what_json_has_no_word_for(value: Any, message: str) -> None:
    with pytest.raises(UnfitError, match=message):
        as_json(value)


@law
@given(st.one_of(scalars, nested, st.dictionaries(scalars, nested, max_size=2)))
def test_whatever_is_returned(value: Any) -> None:
    try:
        found = as_json(value)
    except UnfitError:
        return
    assert exactly(json.loads(json.dumps(found, allow_nan=False))) == exactly(found)
    assert exactly(as_json(found)) == exactly(found)
