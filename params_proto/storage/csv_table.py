"""CSV: a column per key, a config per line; a cell that reads as JSON is that value."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from params_proto.errors import SweepError, shown
from params_proto.keys import key_error
from params_proto.storage.json_values import NotJSONError, dumped, loaded

_LONGEST = 2**31 - 1  # characters of a cell, as many as fit a C long everywhere
MISSING = object()


def lines_of(configs: Iterable[dict[str, Any]]) -> Iterator[str]:
    r"""The lines of a file: the keys, then the configs.

    Args:
        configs: the configs, which are gone through twice.

    Raises:
        SweepError: a value that JSON has no word for, by its key.

    >>> list(lines_of([{"lr": 0.1, "name": "adam"}, {"lr": None, "layers": []}]))
    ['lr,name,layers\n', '0.1,adam,\n', 'null,,[]\n']
    """
    keys = list(dict.fromkeys(key for config in configs for key in config))
    yield _line(keys)
    for number, config in enumerate(configs):
        yield _line([cell(config[k], k, number) if k in config else "" for k in keys])


def cell(value: Any, key: str, number: int) -> str:
    """The text of a cell.

    Args:
        value: a value of JSON.
        key: its column, and
        number: the index of its config, for the error message.

    >>> cell("adam", "k", 0), cell("1", "k", 0), cell("", "k", 0), cell([1, "a"], "k", 0)
    ('adam', '"1"', '""', '[1, "a"]')
    """
    if type(value) is str and value.isprintable() and _is_text(value):
        return value
    return dumped(value, number, key)


def _is_text(text: str) -> bool:
    """Whether a cell with this text is a string."""
    try:
        return value_of(text) == text
    except SweepError:
        return False


def value_of(text: str) -> Any:
    """The value of a cell.

    Raises:
        SweepError: it reads as JSON that nobody can hold.

    >>> value_of("adam"), value_of("1"), value_of('"1"'), value_of("[1, true]")
    ('adam', 1, '1', [1, True])
    """
    if not text:
        return MISSING
    try:
        return loaded(text)
    except NotJSONError:
        return text


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


_WRITER = csv.writer(_Echo(), lineterminator="\n")


def _line(cells: Sequence[str]) -> str:
    # No cell at all is written as one empty one, as blank lines are skipped.
    return cast("str", _WRITER.writerow(cells or [""]))


def read(text: str, name: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The configs of a file, and the lines they stand on. Blank lines are skipped.

    Args:
        text: the text of the file.
        name: its path, for error messages.

    Raises:
        SweepError: no header, a column twice, a line with more or fewer cells than the header.
    """
    before = csv.field_size_limit(_LONGEST)
    try:
        return _read(csv.reader(io.StringIO(text, newline=""), strict=True), name)
    finally:
        csv.field_size_limit(before)


def _read(reader: Any, name: str) -> tuple[list[dict[str, Any]], list[int]]:
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    keys: list[str] | None = None
    values: dict[str, Any] = {}
    number = 1
    try:
        for cells in cast("Iterator[list[str]]", reader):
            if not cells:
                number = reader.line_num + 1
                continue
            if keys is None:
                keys = _header(cells)
            else:
                rows.append(_row(keys, cells, values))
                numbers.append(number)
            number = reader.line_num + 1
    except csv.Error as error:
        raise SweepError(f"{name}:{reader.line_num}: this is no CSV: {error}.") from error
    except SweepError as error:
        raise SweepError(f"{name}:{number}: {error}") from error
    if keys is None:
        raise SweepError(f"{name}:1: the file has no header: a line with the keys, lr,batch_size.")
    return rows, numbers


def _header(cells: list[str]) -> list[str]:
    if cells == [""]:
        return []
    for at, key in enumerate(cells):
        if key in cells[:at]:
            raise SweepError(f"the column {shown(key)} stands twice.")
        unfit = key_error(key)
        if unfit:
            raise SweepError(f"the header names the keys, lr,batch_size. {unfit}")
    return cells


def _row(keys: list[str], cells: list[str], known: dict[str, Any]) -> dict[str, Any]:
    """A config; `known` are the values of the texts that were met before."""
    if len(cells) != max(len(keys), 1):
        raise SweepError(f"the header has {len(keys)} columns, this line has {len(cells)}.")
    row: dict[str, Any] = {}
    for key, text in zip(keys, cells, strict=False):
        if text not in known:
            known[text] = value_of(text)
        if known[text] is not MISSING:
            row[key] = known[text]
    return row
