"""What a field takes, what it makes of it, and what it refuses with which words."""

# ruff: noqa: UP007, UP045 - both spellings of a union are what users write

from __future__ import annotations

import collections
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import Enum, Flag, IntEnum
from pathlib import Path, PurePosixPath
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


class Color(Enum):
    RED = "red"
    GREEN = "green"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Name(str, Enum):
    ADAM = "adam"


class Access(Flag):
    READ = 1
    WRITE = 2


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
    (math.inf, float, math.inf),
    (math.nan, float, math.nan),
    (-0.0, float, -0.0),
    (True, bool, True),
    (b"ab", bytes, b"ab"),
    (Level.HIGH, int, 2),
    (Name.ADAM, str, "adam"),
    (np.int64(3), int, 3),
    (np.float32(0.5), float, 0.5),
    (np.bool_(True), bool, True),
    (np.int64(3), float, 3.0),
    # names of enum members, text for paths
    (Color.RED, Color, Color.RED),
    ("RED", Color, Color.RED),
    ("ADAM", Name, Name.ADAM),
    (Access.READ | Access.WRITE, Access, Access.READ | Access.WRITE),
    ("a/b", Path, Path("a/b")),
    (PurePosixPath("a"), Path, Path("a")),
    ("a", PurePosixPath, PurePosixPath("a")),
    ("a", os.PathLike[str], Path("a")),
    # None
    (None, None, None),
    (None, Optional[int], None),
    (3, Optional[float], 3.0),
    # choices
    ("adam", Literal["adam", "sgd"], "adam"),
    (1, Literal["1", 1, True], 1),
    (True, Literal["1", 1, True], True),
    ("1", Literal["1", 1, True], "1"),
    (None, Literal["a", None], None),
    ("RED", Literal[Color.RED], Color.RED),
    (np.int64(1), Literal[1, 2], 1),
    ("b", Literal["a"] | Literal["b"], "b"),
    # unions: what a value is exactly comes before what it can become
    (1, Union[float, int], 1),
    (1, float | str, 1.0),
    (1, str | float, 1.0),
    ("RED", Color | str, "RED"),
    ("RED", Color | int, Color.RED),
    ([1, 2], list[float] | list[int], [1, 2]),
    ([1, 2], int | tuple[float, ...], (1.0, 2.0)),
    # containers
    ([1, 2], tuple[float, ...], (1.0, 2.0)),
    ([1, "a"], tuple[int, str], (1, "a")),
    ([], tuple[()], ()),
    ([], tuple[int, ...], ()),
    ([1, "a"], tuple, (1, "a")),
    ((1, 2), list[float], [1.0, 2.0]),
    (range(3), list[int], [0, 1, 2]),
    (np.array([1.5, 2.5]), list[float], [1.5, 2.5]),
    ((1, 2), Sequence[float], [1.0, 2.0]),
    ((1, 2), Iterable[int], [1, 2]),
    ([1, 2], set[int], {1, 2}),
    ({1, 2}, frozenset[float], frozenset({1.0, 2.0})),
    (["a"], Set[str], {"a"}),
    ({"a": 1}, dict[str, float], {"a": 1.0}),
    ({"RED": [1]}, dict[Color, tuple[int, ...]], {Color.RED: (1,)}),
    ({1: "a"}, Mapping[int, str], {1: "a"}),
    ([[1, 2], [3]], list[tuple[int, ...]], [(1, 2), (3,)]),
    ([1, [2]], Point | tuple[int, list[int]], (1, [2])),
    ([1, 2], Point, Point(1.0, 2)),
    ({"x": 1}, Point, Point(1.0, 0)),
    (Point(1.5, 2), Point, Point(1.5, 2)),
    ([1, 2], Size, Size([1, 2])),
    ({"low": 0, "high": 1}, Bounds, {"low": 0.0, "high": 1.0}),
    ({"low": 0, "high": 1, "step": 2}, Window, {"low": 0.0, "high": 1.0, "step": 2}),
    # dataclasses
    ({"lr": 1, "betas": [0, 1]}, Optimizer, Optimizer(1.0, (0.0, 1.0))),
    ({"steps": (1,), "optimizer": {}}, Schedule, Schedule([1], Optimizer())),
    ({"steps": [], "warmup": None}, Schedule, Schedule([])),
    ({"lr": 1}, Optional[Optimizer], Optimizer(1.0)),
    ([{"lr": 1}], list[Optimizer], [Optimizer(1.0)]),
    # what can be called, and classes
    (len, Callable[[Any], int], len),
    ("math.sqrt", Callable, math.sqrt),
    ("os.path.join", Callable[..., str], os.path.join),
    (Optimizer, type[Optimizer], Optimizer),
    ("collections.OrderedDict", type[dict], collections.OrderedDict),  # pyright: ignore
    (bool, type[Any], bool),
    # wrappers, and what says nothing
    (1, Annotated[float, "a rate"], 1.0),
    (1, Final[float], 1.0),
    (3, Steps, 3),
    ("anything", T, "anything"),
    ("anything", "Unresolved", "anything"),
    ("anything", 42, "anything"),
    ([1], list[T], [1]),  # pyright: ignore[reportGeneralTypeIssues]
    # an object of any other class, itself
    (3 + 0j, complex, 3 + 0j),
    (np.float32(1), np.float32, np.float32(1)),
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
    (1.0, int, "1.0 is not an int"),
    ("32", int, "'32' is not an int"),
    (1, str, "1 is not a str"),
    ("a", bytes, "'a' is not a bytes"),
    (2**53 + 1, float, "9007199254740993 is not a float: it would be rounded"),
    (10**400, float, "is not a float: it would be rounded"),
    (0, None, "0 is not a None"),
    ("red", Color, "'red' is not a Color: choose RED, GREEN"),
    (1, Level, "1 is not a Level: choose LOW, HIGH"),
    (Color.RED, Level, "is not a Level: choose LOW, HIGH"),
    (1, Path, "1 is not a Path"),
    ("adagrad", Literal["adam", "sgd"], "'adagrad' is not one of 'adam' | 'sgd'"),
    (True, Literal[1, 2], "True is not one of 1 | 2"),
    (1.5, int | str, "1.5 is not one of int | str"),
    (1.5, Union[int, str, None], "1.5 is not one of int | str | None"),
    ("x", Optional[int], "'x' is not an int"),
    ([1], tuple[int, int], "[1] is not a tuple[int, int]: it has 1 elements, not 2"),
    ([1, "x"], tuple[int, int], "'x' is not an int (at [1])"),
    ("abc", Sequence[str], "'abc' is not a Sequence[str]"),
    ({1, 2}, list[int], "{1, 2} is not a list[int]"),
    ([1, 1], set[int], "[1, 1] is not a set[int]: an element occurs twice"),
    ([1], dict[str, int], "[1] is not a dict[str, int]"),
    ({1: 1}, dict[str, int], "1 is not a str (at [1])"),
    ({"a": {"b": "x"}}, dict[str, dict[str, int]], "'x' is not an int (at ['a']['b'])"),
    ([1, 2, 3], Point, "[1, 2, 3] is not a Point: it has 3 elements, not 2"),
    ([1, "x"], Point, "'x' is not an int (at .y)"),
    ({"z": 1}, Point, "Point has no 'z'. Valid names: x, y."),
    ({"low": 0}, Bounds, "Bounds needs high"),
    ({"low": 0, "hihg": 1}, Bounds, "Bounds has no 'hihg'. Did you mean high?"),
    ({"low": 0, "high": "x"}, Bounds, "'x' is not a float (at .high)"),
    ({"lrr": 1}, Optimizer, "Optimizer has no 'lrr'. Did you mean lr?"),
    ({"lr": "x"}, Optimizer, "'x' is not a float (at .lr)"),
    ({"lr": None}, Optimizer, "None is not a float (at .lr)"),
    ({"optimizer": {}}, Schedule, "Schedule needs steps"),
    ({"steps": [1], "optimizer": {"betas": [1, "x"]}}, Schedule, "(at .optimizer.betas[1])"),
    ({"value": -1}, Positive, "{'value': -1} is not a Positive: -1 is not positive"),
    ({"value": 0}, Positive, "{'value': 0} is not a Positive"),
    (3, Optimizer, "3 is not an Optimizer"),
    (3, Callable, "3 is not callable"),
    ("math.pi", Callable, "'math.pi' is not callable"),
    ("relu", Callable, "'relu' cannot be imported as package.module.name: No module named 'relu'"),
    ("a..b", Callable, "'a..b' cannot be imported as package.module.name: invalid format"),
    ("os.path.join.nope", Callable, "'function' object has no attribute 'nope'"),
    (
        "math.nope",
        Callable,
        "module 'math' has no attribute 'nope'",
    ),
    (len, type, "<built-in function len> is not a type"),
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
        ([1, 2], Any, None, [1, 2]),
        ([1, 2], Any, REQUIRED, [1, 2]),
        ([1, 2], Any, [0], [1, 2]),
        (["a"], Any, {"b"}, {"a"}),
        ("x", Any, {"b"}, "x"),
        ("GREEN", Any, Color.RED, Color.GREEN),
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
