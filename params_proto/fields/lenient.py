"""Scalars and enum members as OmegaConf takes them: text read, numbers made text."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final

from params_proto.fields.scalars import Refused, exact

_WORDS: Final = {
    **dict.fromkeys(("yes", "y", "on", "true"), True),
    **dict.fromkeys(("no", "n", "off", "false"), False),
}


def as_omegaconf(value: Any, kind: type) -> Any:
    """A scalar or an enum's member as OmegaConf takes it for a field of the type.

    So a value in a tuple or a union, which OmegaConf does not check, means what it would mean
    alone.

    >>> as_omegaconf("32", int), as_omegaconf(1, str), as_omegaconf("yes", bool)
    (32, '1', True)
    """
    try:
        return exact(value, kind)
    except Refused as refused:
        read = _READERS.get(kind) or (_member if issubclass(kind, enum.Enum) else None)
        if read is None:
            raise
        try:
            return read(value, kind)
        except (TypeError, ValueError, KeyError, OverflowError):
            raise refused from None


def _truth(value: Any, kind: type) -> bool:
    if isinstance(value, str) and value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return _integer(value, kind) != 0 if isinstance(value, str) else _only(value, int) != 0


def _integer(value: Any, kind: type) -> int:
    return int(_only(value, str))


def _number(value: Any, kind: type) -> float:
    return float(_only(value, str, int))


def _text(value: Any, kind: type) -> str:
    return str(_only(value, int, float, bool))


def _member(value: Any, kind: Any) -> Any:
    if isinstance(value, str):
        return kind[value.removeprefix(f"{kind.__name__}.")]
    return kind(_only(value, int))


def _only(value: Any, *kinds: type) -> Any:
    if type(value) not in kinds:
        raise TypeError
    return value


_READERS: Final[dict[Any, Callable[[Any, Any], Any]]] = {
    bool: _truth,
    int: _integer,
    float: _number,
    str: _text,
}
