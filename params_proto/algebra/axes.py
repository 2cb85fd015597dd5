"""What can be an axis: any ordered collection of values, and why the others cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, cast

from params_proto._values import to_list, unordered
from params_proto.errors import shown


@dataclass(frozen=True)
class FromText:
    """What was read from Hydra's text: it goes into a field as it would on the command line.

    Args:
        read: the values of an axis, or the value of a pin.
    """

    read: Any


def axis_values(key: str, values: Any) -> Sequence[Any]:
    """The values of an axis, in order: a list, or the `range` that was given.

    Args:
        key: whose values they are, for the cure.
        values: any ordered iterable; an iterator is drawn once.

    Raises:
        ValueError: what was given cannot be an axis; the text says what it is, and the cure.

    >>> axis_values("lr", (0.1, 0.01))
    [0.1, 0.01]
    >>> axis_values("lr", {0.1, 0.01})
    Traceback (most recent call last):
        ...
    ValueError: a set, whose order differs from process to process. Write lr=sorted(...).
    """
    if isinstance(values, (str, bytes, bytearray, memoryview)):
        raise ValueError(f"{shown(cast('object', values))}. {_one_value(key, values)}")
    if isinstance(values, Mapping):
        raise ValueError(
            f"a mapping. Write its keys with dots, {{'{key}.name': [...]}}, or put whole mappings"
            " into a list."
        )
    if unordered(values):
        raise ValueError(
            "a set, whose order differs from process to process."
            f" Write {keyword(key, 'sorted(...)')}."
        )
    if type(values).__name__ == "DataFrame" and hasattr(values, "columns"):
        raise ValueError(
            f"a DataFrame. Write {keyword(key, f'df[{key!r}]')} for a column, or"
            " Sweep.from_dataframe(df) for its rows."
        )
    if hasattr(values, "readline"):
        raise ValueError("an open file. Write list(file) for its lines.")
    listed = values if isinstance(values, range) else _drawn(values)
    if listed is None:
        raise ValueError(f"{shown(values)}. {_one_value(key, values)}")
    if not listed:
        raise ValueError(f"the empty {shown(values)}. Write at least one value.")
    return listed


def _drawn(values: Any) -> list[Any] | None:
    """The elements of an iterable; None where `values` is none."""
    elements = to_list(values) if is_array(values) else values
    try:
        return list(cast("Iterable[Any]", elements))
    except TypeError:
        return None


def _one_value(key: str, value: Any) -> str:
    one, many = keyword(key, shown(value)), keyword(key, f"[{shown(value)}]")
    return f"Write {many}, or set({one})."


def keyword(key: str, value: str) -> str:
    """A key and its value as a call takes them.

    >>> keyword("lr", "0.1"), keyword("model.lr", "0.1")
    ('lr=0.1', "{'model.lr': 0.1}")
    """
    if key.isidentifier() and not iskeyword(key):
        return f"{key}={value}"
    return f"{{{key!r}: {value}}}"


def is_array(value: Any) -> bool:
    """Whether `value` is an array of NumPy, a Series of pandas or a tensor."""
    return hasattr(value, "tolist") and hasattr(value, "__len__")
