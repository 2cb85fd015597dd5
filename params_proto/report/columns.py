"""The columns of a report: numbers, or a few texts and which of them each job has."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from params_proto.analysis.ranking import is_number
from params_proto.report.text import fit, told

_PLOTTED = 60  # characters of a text in a figure
ABSENT = object()  # in place of a value that a job does not have


class Column(NamedTuple):
    """A value for each job.

    Args:
        name: as the table has it.
        role: `job`, `key`, `metric`, `status`, `seconds`, `started`, `dir` or
            `error`.
        cells: what the table shows.
        values: what it is sorted by: numbers, or positions among the options; None stands last.
        options: the texts there are, in the order in which they first occur; None of numbers.
        repeats: whether it is a key that only tells repeats apart, as `seed`.
        maximize: whether it is a metric of which more is better.
    """

    name: str
    role: str
    cells: list[str]
    values: list[float | str | None]
    options: list[str] | None = None
    repeats: bool = False
    maximize: bool = False

    def plotted(self) -> dict[str, Any]:
        """What the page's figures read, as JSON."""
        said = self._asdict()
        del said["cells"]
        if self.options is not None:
            said["options"] = [text[:_PLOTTED] for text in self.options]
        return said


def key(name: str, values: Sequence[Any], repeats: bool = False) -> Column:
    """A swept key: numbers where all of its values are.

    >>> key("lr", [0.1, ABSENT]).values, key("lr", [0.1, "auto", 0.1]).values
    ([0.1, None], [0, 1, 0])
    """
    given = [value for value in values if value is not ABSENT]
    if not all(is_number(value) for value in given):
        return options(name, "key", values)._replace(repeats=repeats)
    return numbers(name, "key", values)._replace(repeats=repeats)


def metric(name: str, values: Sequence[Any], maximize: bool = False) -> Column:
    """What the tasks returned: numbers where one of them is, whatever the others are.

    >>> metric("loss", [1 / 3, float("nan"), "diverged"])[2:4]
    (['0.333333', 'nan', 'diverged'], [0.3333333333333333, None, None])
    """
    if not any(is_number(value) for value in values):
        return options(name, "metric", values)
    return numbers(name, "metric", values)._replace(maximize=maximize)


def numbers(name: str, role: str, values: Sequence[Any], cells: Sequence[str] = ()) -> Column:
    """Numbers, and perhaps other values among them, which count as none.

    Args:
        name: as the table has it.
        role: see `Column`.
        values: `ABSENT` where there is none.
        cells: what the table shows, where that is not the numbers themselves.
    """
    return Column(name, role, [*(cells or map(_cell, values))], [*map(_sayable, values)])


def options(name: str, role: str, values: Sequence[Any]) -> Column:
    """Values of any kind, equal where they are of one type and value.

    >>> options("layers", "key", [[64, 32], None, [64, 32]])[2:]
    (['[64, 32]', 'null', '[64, 32]'], [0, 1, 0], ['[64, 32]', 'null'], False, False)
    """
    texts: dict[str, str] = {}
    found = [
        None if value is ABSENT else json.dumps(value, sort_keys=True, default=repr)
        for value in values
    ]
    for same, value in zip(found, values, strict=True):
        if same is not None and same not in texts:
            texts[same] = told(value)
    places = {same: place for place, same in enumerate(texts)}
    return Column(
        name,
        role,
        ["" if same is None else texts[same] for same in found],
        [None if same is None else places[same] for same in found],
        [*texts.values()],
    )


def _sayable(value: Any) -> float | str | None:
    """A number in the words of JSON, from which JavaScript makes it again; None of what is none."""
    if not is_number(value):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, float) or abs(value) < 2**53 else str(value)


def _cell(value: Any) -> str:
    if value is ABSENT:
        return ""
    return fit(f"{value:.6g}") if isinstance(value, float) else told(value)
