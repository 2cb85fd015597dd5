"""One config per line: JSON Lines (https://jsonlines.org), and CSV with JSON in its cells."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, cast

from params_proto._keys import key_error
from params_proto._text import csv_line, utf8
from params_proto.errors import SweepError, short_repr, with_period

Configs = tuple[list[dict[str, Any]], list[int]]
"""Configs, and the line of each in its file."""


def jsonl_lines(configs: Iterable[dict[str, Any]]) -> Iterator[str]:
    r"""The lines of a `.jsonl` file.

    >>> list(jsonl_lines([{"lr": 0.1, "layers": [64, 32]}]))
    ['{"lr": 0.1, "layers": [64, 32]}\n']
    """
    for number, config in enumerate(configs):
        entries = [
            f"{json.dumps(k)}: {_to_json_text(value, k, number)}" for k, value in config.items()
        ]
        yield f"{{{', '.join(entries)}}}\n"


def read_jsonl(text: str, name: str) -> Configs:
    """The configs of a `.jsonl` file; blank lines are skipped."""
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        row: Any = None
        try:
            row = json.loads(line)
            reason = f"this is {short_repr(row)}."
        except json.JSONDecodeError as error:
            reason = f"this is not JSON: {error.msg} at column {error.colno}."
        except (ValueError, RecursionError) as error:
            reason = with_period(str(error))
        if not isinstance(row, dict):
            raise SweepError(
                f"{name}:{number}: {reason} A line holds one config, as a JSON object:"
                ' {"lr": 0.1}.'
            )
        rows.append(cast("dict[str, Any]", row))
        numbers.append(number)
    return rows, numbers


def csv_lines(configs: Iterable[dict[str, Any]]) -> Iterator[str]:
    r"""The lines of a `.csv` file: the keys, then the configs, which are iterated twice.

    A cell holds the JSON of its value, or text that is not JSON; an empty cell is a missing key.

    >>> list(csv_lines([{"lr": 0.1, "name": "adam"}, {"lr": None, "layers": []}]))
    ['lr,name,layers\n', '0.1,adam,\n', 'null,,[]\n']
    """
    keys = list(dict.fromkeys(key for config in configs for key in config))
    yield csv_line(keys)
    for number, config in enumerate(configs):
        yield csv_line([_csv_cell(config[k], k, number) if k in config else "" for k in keys])


def _csv_cell(value: Any, key: str, number: int) -> str:
    if type(value) is str and value.isprintable() and value and _value_of(value) is value:
        return value
    return _to_json_text(value, key, number)


def _value_of(cell: str) -> Any:
    """The value of a cell: parsed as JSON, or its text."""
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return cell


def read_csv(text: str, name: str) -> Configs:
    """The configs of a `.csv` file; blank lines are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(cells, reader.line_num) for cells in reader if cells]
    except csv.Error as error:
        raise SweepError(f"{name}:{reader.line_num}: this is not CSV: {error}.") from error
    if not lines:
        raise SweepError(f"{name}:1: the file has no header: a line with the keys, lr,batch_size.")
    header, first = lines.pop(0)
    keys = [] if header == [""] else header
    unfit = column_error(keys)
    if unfit:
        raise SweepError(f"{name}:{first}: {unfit}")
    value_of = cache(_value_of)  # most columns have few values
    rows: list[dict[str, Any]] = []
    for cells, number in lines:
        if len(cells) != len(header):
            raise SweepError(
                f"{name}:{number}: the header has {len(header)} columns, this line has"
                f" {len(cells)}."
            )
        pairs = zip(keys, cells, strict=False)
        rows.append({key: value_of(cell) for key, cell in pairs if cell})
    return rows, [number for _, number in lines]


def column_error(keys: Sequence[object]) -> str | None:
    """Why columns cannot be keys of configs; None if they can.

    >>> column_error(["lr", "seed"]), column_error(["lr", "lr"])
    (None, "the column 'lr' is given twice.")
    """
    for at, key in enumerate(keys):
        if unfit := key_error(key):
            return unfit
        if key in keys[:at]:
            return f"the column {short_repr(key)} is given twice."
    return None


# --- JSON, with NaN and Infinity

_ENCODER = json.JSONEncoder(ensure_ascii=False)


def _to_json_text(value: Any, key: str, number: int) -> str:
    """A value as JSON that reads back as the same; `number` is its config's, for messages."""
    try:
        text = _ENCODER.encode(value)
        is_same = repr(json.loads(text)) == repr(value)
    except (TypeError, ValueError, RecursionError):
        text, is_same = "", False
    if not is_same:
        raise SweepError(
            f"{key} of config {number}: JSON cannot represent {short_repr(value)}. It supports"
            " lists, dicts with string keys, strings, numbers, bools and null. Save the sweep as"
            " .yaml, which supports more types, or give a name or numbers."
        )
    return text if utf8(text) == text else json.dumps(value)
