"""What a job gives back, as JSON holds it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from enum import Enum
from numbers import Real
from typing import Any, cast

_DEEPEST = 50
UNFIT = "unserializable"  # the one key of what stands for a value that JSON has no word for


class UnfitError(ValueError):
    """A value that JSON has no word for."""


def as_json(value: Any) -> Any:
    """A value in the words of JSON.

    NumPy's and torch's scalars are numbers; NaN and the infinities, which JSON does not have, are
    the texts "NaN", "Infinity" and "-Infinity".

    Args:
        value: what a task returned.

    Raises:
        UnfitError: JSON has no word for it, or for a part.

    >>> as_json({"loss": float("nan"), "size": (2, 3), 1: None})
    {'loss': 'NaN', 'size': [2, 3], '1': None}
    """
    return _as_json(value, _DEEPEST, None)


def as_far_as_json(value: Any) -> tuple[Any, list[str]]:
    """The same for a value of which JSON may have no word for some parts.

    Args:
        value: what a task returned.

    Returns:
        The value, with `{"unserializable": "Model"}` in the place of each such part; and these.

    >>> as_far_as_json({"loss": 0.5, "model": object()})
    ({'loss': 0.5, 'model': {'unserializable': 'object'}}, ['object'])
    """
    unfit: list[str] = []
    try:
        return _as_json(value, _DEEPEST, unfit), unfit
    except UnfitError as error:
        return {UNFIT: str(error)}, [str(error)]


def plain(value: Any) -> Any:
    """A value in the words of JSON, or as text."""
    try:
        return as_json(value)
    except UnfitError:
        return str(value)


def _as_json(value: Any, depth: int, unfit: list[str] | None) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return sayable(str(value.value if isinstance(value, Enum) else value))
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        if value.bit_length() > 10_000:
            return _unfit("a number with too many digits", unfit)
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _no_number(value)
    if not depth:
        # All of it: what holds itself twice has more parts than can be counted.
        raise UnfitError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        return {str(key): _as_json(element, depth - 1, unfit) for key, element in entries}
    if isinstance(value, (list, tuple)):
        return [_as_json(element, depth - 1, unfit) for element in cast("list[Any]", value)]
    if isinstance(value, os.PathLike):
        return os.fsdecode(cast("os.PathLike[str]", value))
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        number = value.item()
        if type(number) is type(value) and isinstance(number, Real):
            number = float(number)  # of a longdouble, for which Python has no type
        return _as_json(number, depth - 1, unfit)
    return _unfit(type(value).__qualname__, unfit)


def _unfit(reason: str, unfit: list[str] | None) -> Any:
    if unfit is None:
        raise UnfitError(reason)
    unfit.append(reason)
    return {UNFIT: reason}


def _no_number(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def sayable(text: str) -> str:
    r"""A text that every reader takes: half a character, as in a broken file name, is none.

    >>> sayable("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode()
