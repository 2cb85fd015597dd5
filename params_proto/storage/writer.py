"""Plain Python containers -> YAML text, laid out as a person would write it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, cast

import yaml

from params_proto.errors import SweepError, shown
from params_proto.overrides.literals import OverrideText, live
from params_proto.storage.scalars import (
    BINARY,
    FROZENSET,
    OVERRIDE,
    PATH,
    SCALARS,
    SET,
    TEXT,
    TUPLE,
    Dumper,
)
from params_proto.values import MAX_DEPTH

_WIDTH = 100
_NEEDS_NO_QUOTES = re.compile(r"[^\W\d][\w./+~@$-]*(?: [\w./+~@$-]+)*|[+~./$][\w./+~@$-]*")
_TAGS: dict[type, str | None] = {list: None, tuple: TUPLE, set: SET, frozenset: FROZENSET}
_SPECIAL = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}

Events = list[Any]


def text_of(steps: Mapping[str, Any] | list[Any]) -> str:
    """The YAML of a sweep's plain form.

    Args:
        steps: a mapping of steps, or a list of them.

    Raises:
        SweepError: a value that YAML has no word for; it names the step and the key.

    >>> print(text_of({"product": {"lr": [0.1, 1e-05]}, "set": {"as": "1", "size": (2, 3)}}))
    product: {lr: [0.1, 1e-05]}
    set: {as: "1", size: !tuple [2, 3]}
    <BLANKLINE>
    """
    events: Events = [
        yaml.StreamStartEvent(),
        yaml.DocumentStartEvent(explicit=False),
        *_steps(steps, 1),
        yaml.DocumentEndEvent(explicit=False),
        yaml.StreamEndEvent(),
    ]
    return cast("str", yaml.emit(events, Dumper=Dumper, width=_WIDTH, allow_unicode=True))  # pyright: ignore[reportUnknownMemberType]


def _steps(steps: Mapping[str, Any] | list[Any], depth: int) -> Events:
    """Steps, one to a line."""
    if depth > MAX_DEPTH - 3:  # what a step may add
        raise SweepError(f"a sweep nested more than {MAX_DEPTH} levels deep cannot be saved.")
    if isinstance(steps, list):
        return _list([_steps(some, depth + 1) for some in steps], flow=False)
    return _mapping([([_scalar(name)], _step(name, steps[name], depth + 1)) for name in steps])


def _step(name: str, value: Any, depth: int) -> Events:
    if name in ("concat", "cross"):
        return _steps(value, depth)
    if name == "chain":
        rows = [_entries(name, row, depth + 1) for row in value]
        return _list([_mapping(row, flow=True) for row in rows], flow=False)
    if not isinstance(value, dict):
        return _value(value, depth)
    pairs = _entries(name, cast("dict[str, Any]", value), depth)
    return _mapping(pairs, flow=_fits(pairs, _WIDTH - len(name) - 2 * depth))


def _fits(pairs: list[tuple[Events, Events]], room: int) -> bool:
    """Whether keys and values have room in one line."""
    for key, value in pairs:
        for event in (*key, *value):
            if isinstance(event, yaml.ScalarEvent):
                room -= len(cast("Any", event).value) + 4  # what stands between them
                if room < 0:
                    return False
    return True


def _entries(step: str, entries: Mapping[Any, Any], depth: int) -> list[tuple[Events, Events]]:
    pairs: list[tuple[Events, Events]] = []
    for key, value in entries.items():
        try:
            pairs.append(([_scalar(key)], _value(value, depth)))
        except ValueError as error:
            raise SweepError(f"{step}: {key}: {error}") from error
    return pairs


def has_word_for(value: Any) -> bool:
    """Whether YAML can hold a value.

    >>> has_word_for([(1, 2)]), has_word_for([1j])
    (True, False)
    """
    try:
        _value(value, 0)
    except ValueError:
        return False
    return True


def _value(value: Any, depth: int) -> Events:
    """A value in one line.

    Raises:
        ValueError: YAML has no word for it.
    """
    kind = cast("type[Any]", type(value))
    if kind is not dict and kind not in _TAGS:
        return [_scalar(value)]
    if depth >= MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep.")
    if kind is dict:
        entries = cast("dict[Any, Any]", value).items()
        keyed = [(_value(key, depth + 1), _value(each, depth + 1)) for key, each in entries]
        return _mapping(keyed, flow=True)
    elements = [_value(element, depth + 1) for element in value]
    if kind in (set, frozenset):
        # The order of a set of strings differs from process to process; that of a file should not.
        elements.sort(key=lambda events: [getattr(event, "value", "") for event in events])
    return _list(elements, tag=_TAGS[kind])


def _mapping(pairs: Iterable[tuple[Events, Events]], flow: bool = False) -> Events:
    events: Events = [yaml.MappingStartEvent(None, None, True, flow_style=flow)]
    for key, value in pairs:
        events += key
        events += value
    events.append(yaml.MappingEndEvent())
    return events


def _list(elements: Iterable[Events], *, flow: bool = True, tag: str | None = None) -> Events:
    events: Events = [yaml.SequenceStartEvent(None, tag, tag is None, flow_style=flow)]
    for element in elements:
        events += element
    events.append(yaml.SequenceEndEvent())
    return events


def _scalar(value: Any) -> Any:
    kind = cast("type[Any]", type(value))
    if kind is float:
        text = repr(value)
        return _plain(_SPECIAL.get(text, text))
    if kind is bool or value is None:
        return _plain("null" if value is None else str(value).lower())
    if kind is int:
        return _plain(_digits(value))
    if isinstance(value, Enum):
        return _text(_member_name(value))
    if isinstance(value, OverrideText) and live(value):
        return _tagged(OVERRIDE, value.text)
    if isinstance(value, str):
        return _text(str(value))
    if kind is bytes:
        return _tagged(BINARY, b64encode(value).decode())
    if kind is type(Path()):
        return _tagged(PATH, _checked(value.as_posix()))
    raise ValueError(
        f"YAML has no word for {shown(value)}, of the type {kind.__qualname__}. Give a name or"
        " numbers, and make the object where the config is used."
    )


def _plain(text: str) -> Any:
    return yaml.ScalarEvent(None, None, (True, False), text)


def _tagged(tag: str, text: str) -> Any:
    return yaml.ScalarEvent(None, tag, (False, False), text, style='"' if "\n" in text else None)


def _text(text: str) -> Any:
    """A string, in quotes where it would read as something else."""
    if _NEEDS_NO_QUOTES.fullmatch(text) and SCALARS.tag_of(text) == TEXT:
        return yaml.ScalarEvent(None, None, (True, True), text)
    return yaml.ScalarEvent(None, None, (False, True), _checked(text), style='"')


def _checked(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{shown(text)} has half a surrogate pair, which YAML cannot hold. .jsonl can."
        ) from error
    return text


def _digits(number: int) -> str:
    try:
        return str(number)
    except (
        ValueError
    ):  # more digits than sys.get_int_max_str_digits(), which hexadecimal ones may have
        return hex(number)


def _member_name(member: Enum) -> str:
    if type(member).__members__.get(str(member.name)) is not member:
        raise ValueError(f"{member!r} has no name of its own, and an enum is saved by name.")
    return member.name
