"""JSON as this package writes it: nothing that could not be written again."""

from __future__ import annotations

import json
from typing import Any

from params_proto.values import MAX_DEPTH, depth

_DEEPEST = MAX_DEPTH + 10  # a value, and what stands around it


def read_json(text: str | bytes, *, finite: bool = False) -> Any:
    """What a text holds.

    Args:
        text: in UTF-8.
        finite: whether NaN and the infinities, which JSON does not have, are mistakes.

    Raises:
        ValueError: it is no JSON, or none that was written here.

    >>> read_json("[1, NaN]"), read_json(b'{"a": null}', finite=True)
    ([1, nan], {'a': None})
    """
    decoder = _FINITE if finite else _ANY
    whole = text if isinstance(text, str) else text.decode()
    try:
        found: Any = decoder.decode(whole)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    if whole.count("[") + whole.count("{") > _DEEPEST and depth(found) > _DEEPEST:
        raise ValueError("it is nested too deep")
    return found


def _refused(word: str) -> None:
    raise ValueError(f"{word} is no number of JSON")


def _number(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):  # 1e999
        _refused(digits)
    return number


_ANY = json.JSONDecoder()
_FINITE = json.JSONDecoder(parse_constant=_refused, parse_float=_number)
