"""What tasks returned, as the columns of a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

from params_proto._text import UNSERIALIZABLE

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def metrics(value: Any) -> list[tuple[str, Any]]:
    """What a task returned, by name: a dict's entries with dots, anything else as `value`.

    >>> metrics({"loss": {"train": 0.5, "test": "NaN"}}), metrics(0.5), metrics(None)
    ([('loss.train', 0.5), ('loss.test', nan)], [('value', 0.5)], [])
    """
    if value is None or _is_unfit(value):
        return []
    if isinstance(value, dict):
        return [*_flat(cast("dict[str, Any]", value), "")]
    return [("value", number(value))]


def _flat(node: Mapping[str, Any], path: str) -> Iterable[tuple[str, Any]]:
    for key, value in node.items():
        if _is_unfit(value):
            continue
        if isinstance(value, dict) and value:
            yield from _flat(cast("dict[str, Any]", value), f"{path}{key}.")
        else:
            yield f"{path}{key}", number(value)


def _is_unfit(value: Any) -> bool:
    """Whether it stands for what JSON has no word for."""
    return isinstance(value, dict) and [*cast("dict[str, Any]", value)] == [UNSERIALIZABLE]


def is_number(value: Any) -> bool:
    """Whether jobs can be compared by a value: true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def as_float(value: float) -> float:
    """A number as a float, infinite where it has more digits than a float can hold.

    >>> as_float(3), as_float(-(10**400))
    (3.0, -inf)
    """
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def total(values: Iterable[float]) -> float:
    """The sum, rounded once; of numbers too large for that, or infinite, as floats have it.

    >>> total([0.1, 0.2, 0.3]), total([1e308, 1e308])
    (0.6, inf)
    """
    values = list(values)
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def number(value: Any) -> Any:
    """A value of a record, in which a number that JSON does not have is a text.

    >>> number(["NaN", {"a": "Infinity"}, "other"])
    [nan, {'a': inf}, 'other']
    """
    if isinstance(value, list):
        return [number(one) for one in cast("list[Any]", value)]
    if isinstance(value, dict):
        return {key: number(one) for key, one in cast("dict[str, Any]", value).items()}
    return _NUMBERS.get(value, value) if isinstance(value, str) else value
