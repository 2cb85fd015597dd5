"""A table as a terminal shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from params_proto._text import cell as json_cell
from params_proto.analysis.rows import PENDING, Row, columns
from params_proto.records import Status

_WIDEST = 40  # columns of a terminal that a cell takes
_FAILED = (Status.FAILED.value, Status.CRASHED.value)
_RED = "\x1b[31m{}\x1b[0m"


def shown(
    rows: Iterable[Row], keys: Sequence[str], metrics: Sequence[str], *, color: bool = False
) -> str:
    """The rows in columns: the job, its keys and metrics, what became of it and how long it took.

    Args:
        rows: in their order.
        keys: the swept ones.
        metrics: the names of what the tasks returned.
        color: whether jobs that failed are red.

    >>> row = Row(0, {"lr": 0.1}, {"loss": 1 / 3}, "completed", 1, 12.25, None, "0", None)
    >>> print(shown([row], ["lr"], ["loss"]))
    job  lr   loss      status     seconds
      0  0.1  0.333333  completed     12.2
    """
    named_keys, named_metrics = columns(keys, metrics)
    rows = list(rows)
    head = ["job", *named_keys.values(), *named_metrics.values(), "status", "seconds"]
    failed = any(row.error for row in rows)
    lines = [
        [
            row.job,
            *[row.config.get(key) for key in keys],
            *[row.metrics.get(name) for name in metrics],
            row.status,
            None if row.duration is None else f"{row.duration:.1f}",
            *([row.error] if failed else []),
        ]
        for row in rows
    ]
    first, *rest = aligned([*head, *(["error"] if failed else [])], lines).splitlines()
    if color:
        rest = [
            _RED.format(line) if row.status in _FAILED else line
            for row, line in zip(rows, rest, strict=True)
        ]
    return "\n".join([first, *rest])


def counted(statuses: Mapping[str | None, int]) -> str:
    """How many jobs there are of each status, those that are done first.

    Args:
        statuses: the numbers; None is for jobs of which nobody has noted it.

    >>> counted({"pending": 2, "completed": 1}), counted({None: 3}), counted({})
    ('1 completed, 2 pending', '3 jobs', 'no jobs')
    """
    order = [Status.COMPLETED.value, *[one.value for one in Status], PENDING, None]
    counts = [(statuses.get(status, 0), status or "jobs") for status in dict.fromkeys(order)]
    return ", ".join([f"{number} {name}" for number, name in counts if number]) or "no jobs"


def aligned(head: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    """Cells in columns, of which those of numbers stand right.

    Args:
        head: the names of the columns.
        lines: the cells, by line.
    """
    texts = [[cell(value) for value in line] for line in lines]
    out = ["" for _ in range(len(lines) + 1)]
    for at, name in enumerate(head):
        column = [cell(name), *[line[at] for line in texts]]
        widest = max(map(width, column))
        right = at == 0 or name == "seconds"
        for number, text in enumerate(column):
            space = " " * (widest - width(text))
            out[number] += f"{space}{text}  " if right else f"{text}{space}  "
    return "\n".join(line.rstrip() for line in out)


def cell(value: Any, widest: int = _WIDEST) -> str:
    r"""A value in one line.

    Args:
        value: of any kind.
        widest: the most columns of a terminal that it takes.

    >>> cell(1 / 3), cell([1, None]), cell("a\nb"), cell("long", 3)
    ('0.333333', '[1, null]', 'a?b', '...')
    >>> cell("日本語日本語", 8)
    '日本...'
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    text = json_cell(value)
    text = "".join(char if char.isprintable() else "?" for char in text)
    if width(text) <= widest:
        return text
    cut = text[: widest - 3]
    while width(cut) > widest - 3:
        cut = cut[:-1]
    return f"{cut}..."


def width(text: str) -> int:
    """The columns of a terminal that a text takes: East Asian characters take two each."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # which few tables need

    return cell_len(text)
