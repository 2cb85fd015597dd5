"""A value as Python writes it, the same in every process."""

from __future__ import annotations

from enum import Enum
from typing import Any, cast

_DIGITS = 10_000  # bits; Python refuses to write integers of very many decimal digits


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
    if kind is int and value.bit_length() > _DIGITS:
        return hex(value)
    return name_of(value) if callable(value) else repr(value)


def name_of(obj: Any) -> str:
    """The name of a function or class; the repr of what has none."""
    return getattr(obj, "__qualname__", None) or repr(obj)
