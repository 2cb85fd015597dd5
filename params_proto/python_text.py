"""Values as Python writes them, the same in every process."""

from __future__ import annotations

import re
from enum import Enum
from typing import Any, cast

_DIGITS = 10_000  # bits; Python refuses to write integers of very many decimal digits
_SLICE = re.compile(r"\s*(-?\d{1,99})?\s*:\s*(-?\d{1,99})?\s*(?::\s*(-?\d{1,99})?\s*)?", re.ASCII)


def python_text(value: Any) -> str:
    """The text of a value: enum members and functions by name, sets in a fixed order.

    >>> python_text([1, len, {"b", "a"}, ("x",)])
    "[1, len, {'a', 'b'}, ('x',)]"
    """
    kind = cast("Any", type(value))
    if isinstance(value, Enum):
        return f"{kind.__qualname__}.{value.name}"
    if kind is list:
        return f"[{', '.join(map(python_text, value))}]"
    if kind is tuple:
        return f"({', '.join(map(python_text, value))}{',' if len(value) == 1 else ''})"
    if kind in (set, frozenset) and value:
        listed = "{" + ", ".join(sorted(map(python_text, value))) + "}"
        return listed if kind is set else f"frozenset({listed})"
    if kind is dict:
        entries = [f"{python_text(key)}: {python_text(each)}" for key, each in value.items()]
        return "{" + ", ".join(entries) + "}"
    if kind is range:
        ends = [value.start, value.stop, *([value.step] if value.step != 1 else [])]
        return f"range({', '.join(map(python_text, ends))})"
    if kind is int and value.bit_length() > _DIGITS:
        return hex(value)
    return name_of(value) if callable(value) else repr(value)


def slice_of(text: str) -> slice | None:
    """The slice that a text like `2:10:3` is; None for any other text. Its step may be 0.

    >>> slice_of("2::8"), slice_of("3")
    (slice(2, None, 8), None)
    """
    ends = _SLICE.fullmatch(text)
    return ends and slice(*[None if end is None else int(end) for end in ends.groups()])


def name_of(obj: Any) -> str:
    """The name of a function or class; the repr of what has none."""
    return getattr(obj, "__qualname__", None) or repr(obj)
