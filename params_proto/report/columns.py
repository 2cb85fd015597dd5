"""The columns of a report: numbers, or distinct texts and each job's position among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from params_proto._text import format_value, json_key, to_json
from params_proto.analysis.ranking import is_number
from params_proto.errors import truncate

# Not allowed in HTML: control characters, halves of surrogate pairs, and noncharacters.
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
ABSENT = object()  # marks a value that a job does not have


class Column(NamedTuple):
    """A value for each job.

    Args:
        name: the name in the table.
        role: `job`, `key`, `metric`, `status`, `seconds`, `started`, `dir` or `error`.
        cells: the texts in the table.
        values: what to sort by: numbers, or positions among the options; None comes last.
        options: the distinct texts, in the order of their first occurrence; None for numbers.
        repeats: whether it is a key that only distinguishes repeats, such as `seed`.
        maximize: whether it is a metric for which larger is better.
    """

    name: str
    role: str
    cells: list[str]
    values: list[float | str | None]
    options: list[str] | None = None
    repeats: bool = False
    maximize: bool = False

    def plotted(self) -> dict[str, Any]:
        """The JSON that the page's figures read."""
        plotted = self._asdict()
        del plotted["cells"]
        return plotted


def make_column(name: str, role: str, values: Sequence[Any]) -> Column:
    """A column of numbers if all values of a key, or one of a metric, are; else of options.

    >>> make_column("lr", "key", [0.1, ABSENT]).values
    [0.1, None]
    >>> make_column("lr", "key", [0.1, "auto", 0.1]).values
    [0, 1, 0]
    >>> make_column("loss", "metric", [1 / 3, float("nan"), "diverged"])[2:4]
    (['0.333333', 'nan', 'diverged'], [0.3333333333333333, None, None])
    """
    are_numbers = [is_number(value) for value in values if value is not ABSENT]
    needed = any if role == "metric" else all
    return numbers(name, role, values) if needed(are_numbers) else options(name, role, values)


def numbers(name: str, role: str, values: Sequence[Any]) -> Column:
    """A column of numbers, in which any other values count as missing."""
    cells = ["" if value is ABSENT else format_short(value) for value in values]
    return Column(name, role, cells, list(map(_in_json, values)))


def options(name: str, role: str, values: Sequence[Any]) -> Column:
    """A column of any values, equal if they have the same type and value.

    >>> options("layers", "key", [[64, 32], None, [64, 32]])[2:]
    (['[64, 32]', 'null', '[64, 32]'], [0, 1, 0], ['[64, 32]', 'null'], False, False)
    """
    found = [json_key(value) if value is not ABSENT else "" for value in values]
    texts = {same: format_short(value) for same, value in zip(found, values, strict=True) if same}
    places = {same: place for place, same in enumerate(texts)}
    cells = [texts.get(same, "") for same in found]
    return Column(name, role, cells, list(map(places.get, found)), list(texts.values()))


def _in_json(value: Any) -> float | str | None:
    """A number for JSON and JavaScript: infinities as text, NaN as null."""
    if not is_number(value) or value != value:
        return None
    return to_json(value)


def format_short(value: Any) -> str:
    """A value as text, shortened if it is long.

    >>> format_short("adam"), format_short([64, 32]), format_short(1 / 3), format_short(None)
    ('adam', '[64, 32]', '0.333333', 'null')
    """
    return sanitize(truncate(format_value(value)))


def sanitize(text: str) -> str:
    r"""Text with replacements for characters that a page cannot contain.

    >>> sanitize("a\0b\n")
    'a\ufffdb\n'
    """
    return _UNFIT.sub("\ufffd", text.replace("\r\n", "\n"))
