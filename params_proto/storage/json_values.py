"""The values in a `.jsonl` or `.csv` file: those of JSON, with NaN and Infinity."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, cast

from params_proto.errors import SweepError, shown
from params_proto.values import MAX_DEPTH, depth


def dumped(value: Any, number: int, *path: str) -> str:
    """The JSON of a value, in one line.

    Args:
        value: None, a bool, number, string, list or dict.
        number: the index of the config that holds it, for the error message.
        path: the keys within the config at which it stands.

    Raises:
        SweepError: JSON has no word for it; it names the key.

    >>> dumped({"lr": float("nan"), "ü": [True, None]}, 0)
    '{"lr": NaN, "ü": [true, null]}'
    >>> dumped({"size": (2, 3)}, 0)
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: size of config 0: JSON has no word for (2, 3), of the type \
tuple. Save the sweep as .yaml, which holds more.
    """
    try:
        _check(value, MAX_DEPTH)
    except _UnfitError as error:
        at = ".".join([*path, *map(str, error.path)])
        raise SweepError(
            f"{at[:80]} of config {number}: {error} {error.cure or _cure(value)}"
        ) from error
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair
        return json.dumps(value)
    return text


def _cure(value: Any) -> str:
    from params_proto.storage.writer import has_word_for

    if has_word_for(value):
        return "Save the sweep as .yaml, which holds more."
    return "Give a name or numbers, and make the object where the config is used."


class _UnfitError(ValueError):
    """A value that JSON has no word for, and the keys at which it stands."""

    def __init__(self, reason: str, cure: str = "") -> None:
        super().__init__(reason)
        self.cure = cure
        self.path: list[Any] = []


def _check(value: Any, levels: int) -> None:
    kind = cast("type[Any]", type(value))
    if kind is str or kind is float or kind is bool or value is None:
        return
    if kind is int:
        if not _has_digits(value):
            raise _UnfitError("it has more digits than Python writes as text.")
        return
    if kind is not list and kind is not dict:
        if not isinstance(value, str) or isinstance(value, Enum):
            raise _UnfitError(
                f"JSON has no word for {shown(value)}, of the type {kind.__qualname__}."
            )
        return
    if not levels:
        raise _UnfitError(
            f"it is nested more than {MAX_DEPTH} levels deep.", "Write it flatter, or as text."
        )
    for key, element in value.items() if kind is dict else enumerate(value):
        if kind is dict and type(key) is not str:
            raise _UnfitError(f"the key {shown(key)} of a dict is no string, as those of JSON are.")
        try:
            _check(element, levels - 1)
        except _UnfitError as error:
            error.path.insert(0, key)
            raise


def _has_digits(number: int) -> bool:
    try:
        str(number)
    except ValueError:  # sys.get_int_max_str_digits()
        return False
    return True


def loaded(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        NotJSONError: it is none.
        SweepError: it is one that nobody can hold: a key twice, too deep, too many digits.

    >>> loaded('{"lr": 1e-05, "bs": Infinity}')
    {'lr': 1e-05, 'bs': inf}
    """
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotJSONError(f"{error.msg} at column {error.colno}") from error
    except RecursionError as error:
        raise SweepError(f"this is nested more than {MAX_DEPTH} levels deep.") from error
    except SweepError:
        raise
    except ValueError as error:
        raise SweepError(f"this has more digits than Python reads: {error}.") from error
    if text.count("[") + text.count("{") > MAX_DEPTH and depth(value) > MAX_DEPTH:
        raise SweepError(f"this is nested more than {MAX_DEPTH} levels deep.")
    return value


class NotJSONError(ValueError):
    """A text that is no JSON; what is wrong with it."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise SweepError(f"the key {shown(key)} stands twice.")
        made[key] = value
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
