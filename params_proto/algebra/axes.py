"""Reads the values of axes: any ordered collection; anything else is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from params_proto._text import arguments_text
from params_proto._values import is_unordered, to_list
from params_proto.errors import short_repr


@dataclass(frozen=True)
class FromText:
    """Values read from Hydra's text: they go into a field as on the command line.

    Args:
        read: the values of an axis, or the value of a pin.
    """

    read: Any


def axis_values(key: str, values: Any) -> Sequence[Any]:
    """The values of an axis, as a list or the given `range`; raises ValueError with a fix.

    >>> axis_values("lr", (0.1, 0.01))
    [0.1, 0.01]
    >>> axis_values("lr", {0.1, 0.01})
    Traceback (most recent call last):
        ...
    ValueError: a set, whose order differs from process to process. Write lr=sorted(...).
    """
    if isinstance(values, Mapping):
        raise ValueError(
            f"a mapping. Write its keys with dots, {{'{key}.name': [...]}}, or put whole mappings"
            " into a list."
        )
    if is_unordered(values):
        raise ValueError(
            "a set, whose order differs from process to process."
            f" Write {arguments_text({key: 'sorted(...)'})}."
        )
    if type(values).__name__ == "DataFrame":
        raise ValueError(
            f"a DataFrame. Write {arguments_text({key: f'df[{key!r}]'})} for a column, or"
            " Sweep.from_dataframe(df) for its rows."
        )
    try:
        if isinstance(values, (str, bytes)):
            raise TypeError
        elements = to_list(values) if is_array(values) else values
        listed = values if isinstance(values, range) else list(elements)
    except TypeError:
        value = short_repr(cast("object", values))
        many, single = arguments_text({key: f"[{value}]"}), arguments_text({key: value})
        raise ValueError(f"{value}. Write {many}, or set({single}).") from None
    if not listed:
        raise ValueError(f"the empty {short_repr(values)}. Write at least one value.")
    return listed


def is_array(value: Any) -> bool:
    """Whether `value` is an array of NumPy, a Series of pandas or a tensor."""
    return hasattr(value, "tolist") and hasattr(value, "__len__")
