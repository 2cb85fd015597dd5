"""What a job gives back, as JSON holds it."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from enum import Enum
from typing import Any, cast

_DEEPEST = 50


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
    return _as_json(value, _DEEPEST)


def _as_json(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return sayable(str(value.value if isinstance(value, Enum) else value))
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        if value.bit_length() > 10_000:
            raise UnfitError("a number with too many digits")
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _no_number(value)
    if not depth:
        raise UnfitError(f"nested more than {_DEEPEST} levels deep")
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        return {str(key): _as_json(element, depth - 1) for key, element in entries}
    if isinstance(value, (list, tuple)):
        return [_as_json(element, depth - 1) for element in cast("list[Any]", value)]
    if isinstance(value, os.PathLike):
        return os.fsdecode(cast("os.PathLike[str]", value))
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        return _as_json(value.item(), depth - 1)
    raise UnfitError(f"a {type(value).__qualname__}")


def _no_number(value: float) -> str:
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def sayable(text: str) -> str:
    r"""A text that every reader takes: half a character, as in a broken file name, is none.

    >>> sayable("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode()
