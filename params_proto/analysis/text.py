"""A table as text, in a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len, set_cell_size

from params_proto._text import format_value as json_cell
from params_proto.analysis.rows import PENDING, Row, column_names
from params_proto.records import FAILURES

_WIDEST = 40  # terminal columns of a cell, at most
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ORDER = ("completed", "running", "failed", "crashed", "interrupted", PENDING, None)


def format_rows(
    rows: Sequence[Row], keys: Sequence[str], metrics: Sequence[str], *, color: bool = False
) -> str:
    """Formats rows in columns: job, keys, metrics, status and duration; `color` makes failures red.

    >>> row = Row(0, {"lr": 0.1}, {"loss": 1 / 3}, "completed", 1, 12.25, None, "0", None)
    >>> print(format_rows([row], ["lr"], ["loss"]))
    job  lr   loss      status     seconds
      0  0.1  0.333333  completed     12.2
    """
    of_keys, of_metrics = column_names(keys, metrics)
    last = ["error"] if any(row.error for row in rows) else []
    head = ["job", *of_keys.values(), *of_metrics.values(), "status", "seconds", *last]
    lines = [
        [
            row.job,
            *map(row.config.get, of_keys),
            *map(row.metrics.get, of_metrics),
            row.status,
            None if row.duration is None else f"{row.duration:.1f}",
            *[row.error for _ in last],
        ]
        for row in rows
    ]
    texts = format_table(head, lines)
    for at, row in enumerate(rows, 1):
        if color and row.status in FAILURES:
            texts[at] = f"\x1b[31m{texts[at]}\x1b[0m"  # red
    return "\n".join(texts)


def format_statuses(statuses: Mapping[str | None, int]) -> str:
    """How many jobs have each status, completed ones first; None is an unrecorded status.

    >>> format_statuses({"pending": 2, "completed": 1}), format_statuses({None: 3})
    ('1 completed, 2 pending', '3 jobs')
    >>> format_statuses({})
    'no jobs'
    """
    present = filter(statuses.get, _ORDER)
    return ", ".join([f"{statuses[name]} {name or 'jobs'}" for name in present]) or "no jobs"


def format_table(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> list[str]:
    """Aligns values under their column names."""
    return align_columns([[format_cell(value) for value in line] for line in (head, *lines)])


# rich's tables take 20 times as long: two seconds for 10,000 jobs.
def align_columns(lines: Sequence[Sequence[str]]) -> list[str]:
    """Aligns texts under the names in the first line, without wrapping: job numbers to the right.

    >>> align_columns([["job", "lr"], ["12", "0.1"]])
    ['job  lr', ' 12  0.1']
    """
    padded: list[list[str]] = []
    for texts in zip(*lines, strict=True):
        width = max(map(cell_len, texts))
        justify = str.rjust if texts[0] in ("job", "seconds") else str.ljust
        padded.append([justify(text, width - cell_len(text) + len(text)) for text in texts])
    return ["  ".join(line).rstrip() for line in zip(*padded, strict=True)]


def format_cell(value: Any, widest: int = _WIDEST) -> str:
    r"""A value in one line of at most `widest` terminal columns.

    >>> format_cell(1 / 3), format_cell([1, None]), format_cell("a\nb"), format_cell("long", 3)
    ('0.333333', '[1, null]', 'a?b', '...')
    >>> format_cell("日本語日本語", 8)
    '日本...'
    """
    if value is None:
        return ""
    text = _UNPRINTABLE.sub("?", json_cell(value))
    if cell_len(text) > widest:
        text = f"{set_cell_size(text, widest - 3).rstrip()}..."
    return text
