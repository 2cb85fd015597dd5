"""JSON Lines: a config per line (https://jsonlines.org)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, cast

from params_proto.errors import SweepError, shown
from params_proto.storage.json_values import NotJSONError, dumped, loaded


def lines_of(configs: Iterable[dict[str, Any]]) -> Iterator[str]:
    r"""The lines of a file; an empty one where there is no config.

    Raises:
        SweepError: a value that JSON has no word for, by its key.

    >>> list(lines_of([{"lr": 0.1, "layers": [64, 32]}]))
    ['{"lr": 0.1, "layers": [64, 32]}\n']
    """
    number = -1
    for number, config in enumerate(configs):
        yield dumped(config, number) + "\n"
    if number < 0:
        yield "\n"  # a file of no bytes at all is taken for a failed copy


def read(text: str, name: str) -> tuple[list[dict[str, Any]], list[int]]:
    """The configs of a file, and the lines they stand on. Blank lines are skipped.

    Args:
        text: the text of the file.
        name: its path, for error messages.

    Raises:
        SweepError: a line that is no JSON object.
    """
    rows: list[dict[str, Any]] = []
    numbers: list[int] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.isspace():
            continue
        try:
            row = loaded(line)
        except NotJSONError as error:
            raise SweepError(
                f"{name}:{number}: a line holds one config, as a JSON object:"
                f' {{"lr": 0.1}}. This is no JSON: {error}.'
            ) from error
        except SweepError as error:
            raise SweepError(f"{name}:{number}: {error}") from error
        if not isinstance(row, dict):
            raise SweepError(
                f"{name}:{number}: a line holds one config, as a JSON object:"
                f' {{"lr": 0.1}}. This is {shown(row)}.'
            )
        rows.append(cast("dict[str, Any]", row))
        numbers.append(number)
    return rows, numbers
