"""A config per line: JSON Lines (https://jsonlines.org), and CSV with JSON in its cells."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any, cast

from params_proto._keys import key_error
from params_proto._values import MAX_DEPTH, depth
from params_proto.errors import SweepError, shown

Configs = tuple[list[dict[str, Any]], list[int]]
"""Configs, and the line of each in its file."""


def jsonl_lines(configs: Iterable[dict[str, Any]]) -> Iterator[str]:
    r"""The lines of a `.jsonl` file; an empty one where there is no config.

    Raises:
        SweepError: a value that JSON cannot represent, by its key.

    >>> list(jsonl_lines([{"lr": 0.1, "layers": [64, 32]}]))
    ['{"lr": 0.1, "layers": [64, 32]}\n']
    """
    number = -1
    for number, config in enumerate(configs):
        entries = [f"{json.dumps(k)}: {_dumped(value, k, number)}" for k, value in config.items()]
        yield f"{{{', '.join(entries)}}}\n"
    if number < 0:
        yield "\n"  # a file of no bytes at all is taken for a failed copy


def read_jsonl(text: str, name: str) -> Configs:
    """The configs of a `.jsonl` file. Blank lines are skipped.

    Raises:
        SweepError: a line that is not a JSON object; it names the path and the line.
    """
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.isspace():
            continue
        try:
            row = _loaded(line)
            if not isinstance(row, dict):
                raise ValueError(f"this is {shown(row)}.")
        except ValueError as error:
            raise SweepError(
                f"{name}:{number}: {error} A line holds one config, as a JSON object:"
                ' {"lr": 0.1}.'
            ) from error
        rows.append(cast("dict[str, Any]", row))
        numbers.append(number)
    return rows, numbers


def csv_lines(configs: Iterable[dict[str, Any]]) -> Iterator[str]:
    r"""The lines of a `.csv` file: the keys, then the configs, which are gone through twice.

    A cell holds the JSON of its value, or text that does not read as JSON; an empty one is a
    missing key.

    Raises:
        SweepError: a value that JSON cannot represent, by its key.

    >>> list(csv_lines([{"lr": 0.1, "name": "adam"}, {"lr": None, "layers": []}]))
    ['lr,name,layers\n', '0.1,adam,\n', 'null,,[]\n']
    """
    keys = list(dict.fromkeys(key for config in configs for key in config))
    yield _csv_line(keys)
    for number, config in enumerate(configs):
        yield _csv_line([_cell(config[k], k, number) if k in config else "" for k in keys])


def read_csv(text: str, name: str) -> Configs:
    """The configs of a `.csv` file. Blank lines are skipped.

    Raises:
        SweepError: no header, a column twice, a line with more or fewer cells than the header; it
            names the path and the line.
    """
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    value_of = cache(_value_of)  # most columns have few values
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    keys: list[str] | None = None
    number = 1
    try:
        for cells in reader:
            if cells and keys is None:
                keys = _header(cells)
            elif cells:
                rows.append(_row(cast("list[str]", keys), cells, value_of))
                numbers.append(number)
            number = reader.line_num + 1
    except csv.Error as error:
        raise SweepError(f"{name}:{reader.line_num}: this is not CSV: {error}.") from error
    except SweepError as error:
        raise SweepError(f"{name}:{number}: {error}") from error
    if keys is None:
        raise SweepError(f"{name}:1: the file has no header: a line with the keys, lr,batch_size.")
    return rows, numbers


# --- CSV


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


_WRITER = csv.writer(_Echo(), lineterminator="\n")


def _csv_line(cells: list[str]) -> str:
    # No cell at all is written as one empty one, as blank lines are skipped.
    return cast("str", _WRITER.writerow(cells or [""]))


def _cell(value: Any, key: str, number: int) -> str:
    if type(value) is str and value.isprintable() and _is_text(value):
        return value
    return _dumped(value, key, number)


def _is_text(cell: str) -> bool:
    """Whether a cell with this text is a string.

    >>> [_is_text(cell) for cell in ("adam", "1", "", '{"a": 1, "a": 2}')]
    [True, False, False, False]
    """
    try:
        return cell != "" and _value_of(cell) is cell
    except SweepError:
        return False


def _value_of(cell: str) -> Any:
    try:
        return _loaded(cell)
    except SweepError:
        raise
    except ValueError:
        return cell


def _header(cells: list[str]) -> list[str]:
    if cells == [""]:
        return []
    for at, key in enumerate(cells):
        if key in cells[:at]:
            raise SweepError(f"the column {shown(key)} is given twice.")
        unfit = key_error(key)
        if unfit:
            raise SweepError(f"the header names the keys, lr,batch_size. {unfit}")
    return cells


def _row(keys: list[str], cells: list[str], value_of: Callable[[str], Any]) -> dict[str, Any]:
    if len(cells) != max(len(keys), 1):
        raise SweepError(f"the header has {len(keys)} columns, this line has {len(cells)}.")
    return {key: value_of(cell) for key, cell in zip(keys, cells, strict=False) if cell}


# --- JSON, with NaN and Infinity

LONE_SURROGATE = re.compile("[\ud800-\udfff]")  # of a pair, which no encoding can write
_ENCODER = json.JSONEncoder(ensure_ascii=False)
_JSON_SCALARS = (str, int, float, bool, type(None))


def _dumped(value: Any, key: str, number: int) -> str:
    """The JSON of a value of the config of a number."""
    unfit = _unfit(value, MAX_DEPTH)
    if unfit:
        raise SweepError(
            f"{key} of config {number}: {unfit} Save the sweep as .yaml, which holds more types, or"
            " give a name or numbers."
        )
    text = _ENCODER.encode(value)
    return json.dumps(value) if LONE_SURROGATE.search(text) else text


def _unfit(value: Any, levels: int) -> str | None:
    """What in a value JSON cannot represent.

    >>> _unfit([{"a": (2, 3)}], 100), _unfit({"a": [None]}, 100)
    ('JSON cannot represent (2, 3), of the type tuple.', None)
    """
    kind = cast("type[Any]", type(value))
    if kind in _JSON_SCALARS or (isinstance(value, str) and not isinstance(value, Enum)):
        return None
    if kind is not list and kind is not dict:
        return f"JSON cannot represent {shown(value)}, of the type {kind.__qualname__}."
    if not levels:
        return f"it is nested more than {MAX_DEPTH} levels deep."
    elements = value
    if kind is dict:
        elements = cast("Mapping[Any, Any]", value).values()
        for key in value:
            if type(key) is not str:
                return f"the key {shown(key)} of a dict is not a string, as those of JSON are."
    return next(filter(None, (_unfit(element, levels - 1) for element in elements)), None)


def _loaded(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        SweepError: a key twice, or too deep.
        ValueError: it is not JSON; the text says why.
    """
    try:
        value = _DECODER.decode(text)
        too_deep = depth(value) > MAX_DEPTH
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON: {error.msg} at column {error.colno}.") from error
    except RecursionError:
        too_deep, value = True, None
    if too_deep:
        raise SweepError(f"this is nested more than {MAX_DEPTH} levels deep.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise SweepError(f"the key {shown(key)} is given twice.")
        made[key] = value
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
