"""Values as text: as Python, as JSON and in table cells; and parts of commands."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from itertools import islice
from keyword import iskeyword
from pathlib import PurePath
from types import NoneType, SimpleNamespace
from typing import Any, cast

UNSERIALIZABLE = (
    "unserializable"  # the key of the placeholder for a value that JSON cannot represent
)

_LONGEST = 10_000  # bits of an integer; Python refuses to print very long ones
_SLICE = re.compile(r"\s*(-?\d{1,99})?\s*:\s*(-?\d{1,99})?\s*(?::\s*(-?\d{1,99})?\s*)?", re.ASCII)


# --- Python


def stable_repr(value: Any) -> str:
    """The repr of a value, equal in all processes: sets sorted, functions and members by name.

    >>> stable_repr([1, len, {"b", "a"}, ("x",)])
    "[1, len, {'a', 'b'}, ('x',)]"
    """
    kind = cast("Any", type(value))
    if isinstance(value, Enum):
        return f"{kind.__qualname__}.{value.name}"
    if kind is list:
        return f"[{', '.join(map(stable_repr, value))}]"
    if kind is tuple:
        return f"({', '.join(map(stable_repr, value))}{',' if len(value) == 1 else ''})"
    if kind in (set, frozenset) and value:
        listed = "{" + ", ".join(sorted(map(stable_repr, value))) + "}"
        return listed if kind is set else f"frozenset({listed})"
    if kind is dict:
        entries = [f"{stable_repr(key)}: {stable_repr(element)}" for key, element in value.items()]
        return "{" + ", ".join(entries) + "}"
    if kind is range:
        return f"range{stable_repr((value.start, value.stop, value.step)[: 2 + (value.step != 1)])}"
    if kind is int and value.bit_length() > _LONGEST:
        return hex(value)
    return name_of(value) if callable(value) else repr(value)


def name_of(obj: Any) -> str:
    """The name of a function or class; the repr of anything else."""
    return getattr(obj, "__qualname__", None) or repr(obj)


def arguments_text(values: Mapping[str, str]) -> str:
    """The arguments of a call by key: keywords where every key can be one, else a mapping.

    >>> arguments_text({"lr": "0.1"}), arguments_text({"model.lr": "0.1"})
    ('lr=0.1', "{'model.lr': 0.1}")
    """
    if all(key.isidentifier() and not iskeyword(key) for key in values):
        return ", ".join(f"{key}={value}" for key, value in values.items())
    return f"{{{', '.join(f'{key!r}: {value}' for key, value in values.items())}}}"


def parse_slice(text: str) -> slice | None:
    """Parses a slice such as `2:10:3`; None for other text. Its step may be 0.

    >>> parse_slice("2::8"), parse_slice("3")
    (slice(2, None, 8), None)
    """
    ends = _SLICE.fullmatch(text)
    return ends and slice(*[None if end is None else int(end) for end in ends.groups()])


def pluralize(number: int, what: str = "job") -> str:
    """A number with its noun, in the plural if needed.

    >>> pluralize(1), pluralize(2000, "config")
    ('1 job', '2,000 configs')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


# --- JSON


def to_json(value: Any, unfit: list[str] | None = None) -> Any:
    """Any value in a form that JSON can represent.

    NumPy's and torch's scalars become numbers; NaN and the infinities, which JSON does not have,
    become the texts "NaN", "Infinity" and "-Infinity".

    Args:
        value: what a task returned, or a swept value.
        unfit: collects the types that JSON cannot represent. Each such part is replaced by
            `{"unserializable": TYPE}`; without this list, by its text.

    >>> to_json({"loss": float("nan"), "size": (2, 3), 1: None, "odd": {7}})
    {'loss': 'NaN', 'size': [2, 3], '1': None, 'odd': '{7}'}
    >>> to_json({"loss": 0.5, "model": object()}, [])
    {'loss': 0.5, 'model': {'unserializable': 'object'}}
    """
    try:
        return _to_json(value, unfit)
    except RecursionError:  # it contains itself
        return _replaced(value, "nested too deep", unfit)


def _to_json(value: Any, unfit: list[str] | None) -> Any:
    if isinstance(value, (bool, NoneType)):
        return value
    if isinstance(value, str):
        return utf8(str.__str__(value))  # the value of an enum member
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int) and value.bit_length() <= _LONGEST:
        return int(value)
    if isinstance(value, float):
        number = float(value)
        return number if math.isfinite(number) else json.dumps(number)
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        return {str(key): _to_json(element, unfit) for key, element in entries}
    if isinstance(value, (list, tuple)):
        return [_to_json(element, unfit) for element in cast("list[Any]", value)]
    if isinstance(value, os.PathLike):
        return os.fsdecode(cast("os.PathLike[str]", value))
    if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
        return _to_json(cast("Any", value).item(), unfit)
    return _replaced(value, type(value).__qualname__, unfit)


def _replaced(value: Any, reason: str, unfit: list[str] | None) -> Any:
    if unfit is None:
        return utf8(str(value))
    unfit.append(reason)
    return {UNSERIALIZABLE: reason}


def utf8(text: str) -> str:
    r"""Text that can be encoded: half of a surrogate pair, as in a broken file name, is escaped.

    >>> utf8("caf\udce9")
    'caf\\udce9'
    """
    return text.encode("utf-8", "backslashreplace").decode()


def parse_json(text: str | bytes) -> Any:
    """Parses JSON; raises ValueError also if it is nested too deep.

    >>> parse_json('{"a": null}')
    {'a': None}
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error


def json_key(value: Any) -> str:
    """A text for grouping and comparing: equal JSON values have the same.

    >>> json_key({"b": 1, "a": [2.0]}) == json_key({"a": [2.0], "b": 1})
    True
    """
    return json.dumps(value, sort_keys=True, default=repr)


def format_value(value: Any) -> str:
    """A JSON value in a table: text unchanged, floats with six digits, anything else as JSON.

    >>> format_value("adam"), format_value(1 / 3), format_value([64, "é"]), format_value(None)
    ('adam', '0.333333', '[64, "é"]', 'null')
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def csv_line(cells: Iterable[Any]) -> str:
    r"""A line of CSV, with lists and dicts as JSON.

    >>> csv_line(["lr", 0.1, "a, b", [64, None]]), csv_line([])
    ('lr,0.1,"a, b","[64, null]"\n', '""\n')
    """
    import csv

    texts = [json.dumps(cell) if isinstance(cell, (list, dict)) else cell for cell in cells]
    # CSV readers skip blank lines, so a line without cells gets an empty one.
    writer = csv.writer(cast("Any", SimpleNamespace(write=str)), lineterminator="\n")
    return cast("str", writer.writerow(texts or [""]))


# --- commands

# Python's options without a value, possibly combined; in `-um module`, m has one.
_FLAGS = re.compile("-[bBdEIOPqRsSuvx]+")
_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?(\.exe)?", re.IGNORECASE)


def python_options(command: Sequence[str]) -> list[str]:
    """The options of Python itself in a split command.

    >>> python_options(["python", "-u", "-W", "error", "-Xdev", "train.py", "-m", "lr=1,2"])
    ['-u', '-W', 'error', '-Xdev']
    >>> python_options(["python", "-O", "-m", "lab.train", "-m"])
    ['-O']
    """
    options: list[str] = []
    given = iter(command[1:])
    for flag in given:
        has_value = flag[:2] in ("-W", "-X")
        if not has_value and not _FLAGS.fullmatch(flag):  # the script, or -m and -c before it
            break
        options.append(flag)
        if has_value and len(flag) == 2:
            options += islice(given, 1)
    return options


def arguments_start(command: Sequence[str]) -> int:
    """The index in a command where the arguments of the script or program start.

    >>> arguments_start(["python", "-u", "train.py", "-m"])
    3
    >>> arguments_start(["/opt/lab/bin/train", "-m"]), arguments_start([])
    (1, 0)
    """
    if not command or not _PYTHON.fullmatch(PurePath(command[0]).name):
        return len(command[:1])
    at = 1 + len(python_options(command))
    return at + (2 if command[at : at + 1] == ["-m"] else 1)
