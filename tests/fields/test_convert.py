"""What a field accepts, how it converts it, and how it words its errors."""

# ruff: noqa: UP007, UP045 - both spellings of a union are what users write

from __future__ import annotations

import collections
import math
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    Protocol,
    TypedDict,
    TypeVar,
    Union,
)

import numpy as np
import pytest

from params_proto._values import equality_key
from params_proto.fields import REQUIRED, convert
from tests.strategies import Color, Level, Name


@dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)


@dataclass(frozen=True)
class Schedule:
    steps: list[int]
    optimizer: Optimizer = field(default_factory=Optimizer)
    warmup: int = None  # pyright: ignore[reportAssignmentType]


@dataclass
class Positive:
    value: int

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError(f"{self.value} is not positive")
        if self.value == 0:
            raise AssertionError


class Point(NamedTuple):
    x: float
    y: int = 0


class Bounds(TypedDict):
    low: float
    high: float


class Window(Bounds, total=False):
    step: int


class Sized(Protocol):
    size: int


class Size(tuple[int, ...]):
    """As torch.Size is."""


Steps = NewType("Steps", int)
T = TypeVar("T")


TAKEN: list[tuple[Any, Any, Any]] = [
    # one scalar for another that holds it exactly
    (1, float, 1.0),
    (math.nan, float, math.nan),
    (-0.0, float, -0.0),
    (Level.HIGH, int, 2),
    (Name.ADAM, str, "adam"),
    (np.int64(3), int, 3),
    (np.int64(3), float, 3.0),
    # names of enum members, text for paths
    ("RED", Color, Color.RED),
    ("a/b", Path, Path("a/b")),
    ("a", os.PathLike[str], Path("a")),
    # None
    (None, Optional[int], None),
    (3, Optional[float], 3.0),
    # choices
    ("adam", Literal["adam", "sgd"], "adam"),
    (True, Literal["1", 1, True], True),
    ("1", Literal["1", 1, True], "1"),
    ("RED", Literal[Color.RED], Color.RED),
    (np.int64(1), Literal[1, 2], 1),
    # unions: what a value is exactly comes before what it can become
    (1, Union[float, int], 1),
    (1, float | str, 1.0),
    ("RED", Color | str, "RED"),
    ([1, 2], list[float] | list[int], [1, 2]),
    ([1, 2], int | tuple[float, ...], (1.0, 2.0)),
    # containers
    ([1, 2], tuple[float, ...], (1.0, 2.0)),
    ([1, "a"], tuple[int, str], (1, "a")),
    ([], tuple[()], ()),
    ((1, 2), list[float], [1.0, 2.0]),
    (np.array([1.5, 2.5]), list[float], [1.5, 2.5]),
    ((1, 2), Sequence[float], [1.0, 2.0]),
    ([1, 2], set[int], {1, 2}),
    ({1, 2}, frozenset[float], frozenset({1.0, 2.0})),
    ({"a": 1}, dict[str, float], {"a": 1.0}),
    ({"RED": [1]}, dict[Color, tuple[int, ...]], {Color.RED: (1,)}),
    ([1, [2]], Point | tuple[int, list[int]], (1, [2])),
    ([1, 2], Point, Point(1.0, 2)),
    ({"x": 1}, Point, Point(1.0, 0)),
    ([1, 2], Size, Size([1, 2])),
    ({"low": 0, "high": 1, "step": 2}, Window, {"low": 0.0, "high": 1.0, "step": 2}),
    # dataclasses
    ({"lr": 1, "betas": [0, 1]}, Optimizer, Optimizer(1.0, (0.0, 1.0))),
    ({"steps": (1,), "optimizer": {}}, Schedule, Schedule([1], Optimizer())),
    ({"steps": [], "warmup": None}, Schedule, Schedule([])),
    ({"lr": 1}, Optional[Optimizer], Optimizer(1.0)),
    # what can be called, and classes
    (len, Callable[[Any], int], len),
    ("math.sqrt", Callable, math.sqrt),
    (Optimizer, type[Optimizer], Optimizer),
    ("collections.OrderedDict", type[dict], collections.OrderedDict),  # pyright: ignore
    # wrappers, and what says nothing
    (1, Annotated[float, "a rate"], 1.0),
    (1, Final[float], 1.0),
    (3, Steps, 3),
    ("anything", T, "anything"),
    ("anything", "Unresolved", "anything"),
    # an object of any other class, itself
    (3 + 0j, complex, 3 + 0j),
    ("anything", Sized, "anything"),
]


@pytest.mark.parametrize(
    ("value", "annotation", "expected"), TAKEN, ids=[f"{v!r}-{a}" for v, a, _ in TAKEN]
)
def test_a_value_goes_in_without_loss(value: Any, annotation: Any, expected: Any) -> None:
    assert equality_key(convert(value, annotation)) == equality_key(expected)


def test_an_object_of_the_class_is_itself() -> None:
    optimizer = Optimizer()
    assert convert(optimizer, Optimizer) is optimizer
    assert convert(optimizer, Optional[Optimizer]) is optimizer
    assert convert(optimizer, Any) is optimizer


REFUSED: list[tuple[Any, Any, str]] = [
    (True, int, "True is not an int"),
    (1, bool, "1 is not a bool"),
    ("32", int, "'32' is not an int"),
    (1, str, "1 is not a str"),
    (2**53 + 1, float, "9007199254740993 is not a float: it would be rounded"),
    ("red", Color, "'red' is not a Color: choose RED, BLUE"),
    (1, Level, "1 is not a Level: choose LOW, HIGH"),
    (1, Path, "1 is not a Path"),
    ("adagrad", Literal["adam", "sgd"], "'adagrad' is not one of 'adam' | 'sgd'"),
    (1.5, int | str, "1.5 is not one of int | str"),
    ("x", Optional[int], "'x' is not an int"),
    ([1], tuple[int, int], "[1] is not a tuple[int, int]: it has 1 elements, not 2"),
    ([1, "x"], tuple[int, int], "'x' is not an int (at [1])"),
    ("abc", Sequence[str], "'abc' is not a Sequence[str]"),
    ({1, 2}, list[int], "{1, 2} is not a list[int]"),
    ([1, 1], set[int], "[1, 1] is not a set[int]: an element occurs twice"),
    ([1], dict[str, int], "[1] is not a dict[str, int]"),
    ({"a": {"b": "x"}}, dict[str, dict[str, int]], "'x' is not an int (at ['a']['b'])"),
    ([1, 2, 3], Point, "[1, 2, 3] is not a Point: it has 3 elements, not 2"),
    ({"z": 1}, Point, "Point has no 'z'. Valid names: x, y."),
    ({"low": 0}, Bounds, "Bounds needs high"),
    ({"lrr": 1}, Optimizer, "Optimizer has no 'lrr'. Did you mean lr?"),
    ({"optimizer": {}}, Schedule, "Schedule needs steps"),
    ({"steps": [1], "optimizer": {"betas": [1, "x"]}}, Schedule, "(at .optimizer.betas[1])"),
    ({"value": -1}, Positive, "{'value': -1} is not a Positive: -1 is not positive"),
    ({"value": 0}, Positive, "{'value': 0} is not a Positive"),
    (3, Optimizer, "3 is not an Optimizer"),
    (3, Callable, "3 is not callable"),
    ("relu", Callable, "'relu' cannot be imported as package.module.name: No module named 'relu'"),
    ("a..b", Callable, "'a..b' cannot be imported as package.module.name: invalid format"),
    ("math.nope", Callable, "module 'math' has no attribute 'nope'"),
    (int, type[str], "<class 'int'> is not a type[str]"),
    ("a", complex, "'a' is not a complex"),
    (
        list(range(1000)),
        int,
        "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21...",
    ),
]


@pytest.mark.parametrize(
    ("value", "annotation", "rule"), REFUSED, ids=[f"{str(v)[:40]}-{a}" for v, a, _ in REFUSED]
)
def test_what_would_lose_something_is_refused_by_its_rule(
    value: Any, annotation: Any, rule: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(rule)) as refused:
        convert(value, annotation)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("value", "annotation", "default", "expected"),
    [
        (None, int, None, None),
        (3, float, None, 3.0),
        ([1, 2], Any, (0, 0), (1, 2)),
        ([1, 2], Any, REQUIRED, [1, 2]),
        ("x", Any, {"b"}, "x"),
        ("BLUE", Any, Color.RED, Color.BLUE),
        ("a", Any, Path("b"), Path("a")),
        ({"lr": 1}, Any, Optimizer(), Optimizer(1.0)),
        ([1, 2], Any, Point(0, 0), Point(1.0, 2)),
        (1, Any, 0.5, 1),
    ],
    ids=str,
)
def test_the_default_says_what_the_annotation_does_not(
    value: Any, annotation: Any, default: Any, expected: Any
) -> None:
    assert equality_key(convert(value, annotation, default)) == equality_key(expected)


def test_an_object_by_name_is_one_of_a_module_that_is_imported_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes/__init__.py").touch()
    (tmp_path / "shapes/round.py").write_text("class Circle:\n    area = staticmethod(len)\n")
    (tmp_path / "broken.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    assert convert("shapes.round.Circle.area", Callable) is len
    with pytest.raises(ValueError, match=r"'broken\.relu' cannot be .* division by zero"):
        convert("broken.relu", Callable)
