"""Values in the form that a config has for them."""

from __future__ import annotations

import collections
import math
from dataclasses import dataclass
from enum import Enum, Flag, IntEnum
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

import numpy as np
import pytest

from params_proto._values import equality_key
from params_proto.fields.schema import represent


class Color(Enum):
    RED = "red"


class Level(IntEnum):
    LOW = 1


class Access(Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    x: int
    y: int


class Text(str):
    pass


@dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple[float, ...] = (0.9,)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (-0.0, -0.0),
        (b"a", b"a"),
        (Path("a"), "a"),
        (PureWindowsPath("a\\b"), "a\\b"),
        (Color.RED, Color.RED),
        (Level.LOW, Level.LOW),
        (np.float32(0.5), 0.5),
        (np.array([[1, 2]]), [[1, 2]]),
        ((1, (2, [3])), [1, [2, [3]]]),
        (Point(1, 2), [1, 2]),
        (range(3), [0, 1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", 1, "a"}), [1, "a", "b"]),
        ({"a": (1,), Color.RED: {2}}, {"a": [1], Color.RED: [2]}),
        ({Path("a"): 1}, {"a": 1}),
        ({2.5: 1, True: 2}, {2.5: 1, True: 2}),
        (Optimizer(), {"lr": 0.1, "betas": [0.9]}),
        (len, "builtins.len"),
        (math.sqrt, "math.sqrt"),
        (collections.OrderedDict, "collections.OrderedDict"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_config_has_a_form_for_it(value: Any, expected: Any) -> None:
    assert equality_key(represent(value)) == equality_key(expected)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (lambda x: x, "a config cannot represent a function"),  # pyright: ignore
        ([object()], "a config cannot represent a object"),
        ({(1, 2): 3}, r"a config cannot represent \(1, 2\) as a key"),
        ({None: 3}, "a config cannot represent None as a key"),
        (3j, "a config cannot represent a complex"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_config_has_none_for_it(value: Any, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        represent(value)
