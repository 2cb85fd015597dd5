"""Values as text: JSON, and commands."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
from collections import OrderedDict, UserDict
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from params_proto._text import arguments_start, parse_slice, python_options, to_json
from tests.recipes import exactly
from tests.strategies import Color, Level, Name, Point, nested, scalars


class Pair(NamedTuple):
    x: int
    y: Any


class Tensor:
    """A torch scalar or array: without dimensions it has one value."""

    def __init__(self, value: Any, shape: Any = ()) -> None:
        self.value, self.shape = value, shape

    def item(self) -> Any:
        return self.value

    def __repr__(self) -> str:
        return f"Tensor({self.value!r}, {self.shape!r})"


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (-0.0, -0.0),
        (10**3000, 10**3000),
        ("\ud800 é\0", "\\ud800 é\0"),
        (float("nan"), "NaN"),
        (float("inf"), "Infinity"),
        (-float("inf"), "-Infinity"),
        (np.float64(0.5), 0.5),
        (np.float32("nan"), "NaN"),
        (np.int64(-7), -7),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.array(3), 3),
        (Tensor(0.25), 0.25),
        (Tensor(np.float32(0.25)), 0.25),
        (Tensor(Tensor(float("-inf"))), "-Infinity"),
        (Tensor([1, 2]), [1, 2]),
        (Color.RED, "RED"),
        (Level.HIGH, "HIGH"),
        (Name.ADAM, "adam"),
        (Path("runs") / "1", str(Path("runs/1"))),
        ([1, (2, [3.0])], [1, [2, [3.0]]]),
        (Pair(1, np.int8(2)), [1, 2]),
        ({"loss": np.float32(0.5), 1: [None], None: (True,), 2.5: "x"}, {"loss": 0.5, "1": [None], "None": [True], "2.5": "x"}),
        (OrderedDict(a=1), {"a": 1}),
        (UserDict(a=UserDict(b=Path("x"))), {"a": {"b": "x"}}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (deep(100), deep(100)),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_value(value: Any, expected: Any) -> None:
    text = json.dumps(to_json(value), allow_nan=False)
    assert exactly(json.loads(text)) == exactly(expected)


cyclic: list[Any] = []
cyclic.append(cyclic)
itself = Tensor(None)
itself.value = itself


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (object(), "object"),
        ({1, 2}, "set"),
        (b"x", "bytes"),
        (Decimal("0.1"), "Decimal"),
        (Point(1.0), "Point"),
        (len, "builtin_function_or_method"),
        (np.array([1.0]), "ndarray"),
        (np.datetime64("2026-01-01"), "date"),
        (Tensor([1, 2], (2,)), "Tensor"),
        (Tensor(object()), "object"),
        (2**10_001, "int"),
        (deep(100_000), "nested too deep"),
        (cyclic, "nested too deep"),
        (itself, "nested too deep"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)  # fmt: skip
def test_what_json_cannot_represent(value: Any, reason: str) -> None:
    unfit: list[str] = []
    assert to_json(value, unfit) == {"unserializable": reason}
    assert unfit == [reason]


def test_a_part_that_json_cannot_represent() -> None:
    unfit: list[str] = []
    assert to_json({"a": [0, {"b": {1}}], "c": b""}, unfit) == {
        "a": [0, {"b": {"unserializable": "set"}}],
        "c": {"unserializable": "bytes"},
    }
    assert unfit == ["set", "bytes"]
    assert to_json({"a": [0, {"b": {1}}], "c": Decimal("0.1")}) == {
        "a": [0, {"b": "{1}"}],
        "c": "0.1",
    }
    assert to_json(-(2**10_001)) == str(-(2**10_001))
    assert to_json(cyclic) == "[[...]]"


@given(st.one_of(scalars, nested, st.dictionaries(scalars, nested, max_size=2)))
def test_whatever_is_returned(value: Any) -> None:
    for found in (to_json(value), to_json(value, [])):
        assert exactly(json.loads(json.dumps(found, allow_nan=False))) == exactly(found)
        assert exactly(to_json(found)) == exactly(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2:10:3", slice(2, 10, 3)),
        (" : ", slice(None)),
        ("-3:", slice(-3, None)),
        ("3", None),
        ("a:", None),
    ],
)
def test_a_slice(text: str, found: slice | None) -> None:
    assert parse_slice(text) == found


@pytest.mark.parametrize(
    ("started", "kept"),
    [
        (["-u", "lab.py", "-O", "-m"], ["-u"]),
        (["-uO", "-B", "-m", "lab"], ["-uO", "-B"]),
        (["-Werror", "-X", "dev", "lab.py"], ["-Werror", "-X", "dev"]),
        (["-um", "lab"], []),
        (["-c", "print()"], []),
        (["-W"], ["-W"]),
        ([], []),
    ],
)
def test_the_options_of_python(started: list[str], kept: list[str]) -> None:
    assert python_options(["/usr/bin/python3", *started]) == kept


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        ("python train.py -m -cn other", "-m -cn other"),
        ("python3.13t -u -W error train.py -m", "-m"),
        ("/usr/bin/pypy3 -O -m lab.train -m", "-m"),
        ("train -m -cn other", "-m -cn other"),
        ("bin/pythonic -m", "-m"),
        ("train.py", ""),
    ],
)
def test_where_the_arguments_begin(command: str, rest: str) -> None:
    words = command.split()
    assert words[arguments_start(words) :] == rest.split()
