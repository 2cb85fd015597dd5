"""The measurements: tables of named rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

Row = tuple[str, ...]
"""The cells of a row."""

Measure = Callable[[int], Iterable[Row]]
"""Measures rows, over a given number of pairs of runs."""


class Table(NamedTuple):
    """Measurements that belong together.

    Args:
        title: its heading.
        columns: their headings.
        measures: what fills it, by name.
    """

    title: str
    columns: Row
    measures: Mapping[str, Measure]
