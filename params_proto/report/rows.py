"""The table of all jobs, as markup."""

from __future__ import annotations

from collections.abc import Sequence

from params_proto.report.columns import Column
from params_proto.report.text import escaped


def heading(place: int, column: Column) -> str:
    """The head of a column, which sorts by it.

    Args:
        place: among the columns.
        column: it.
    """
    kind = ' class="n"' if column.options is None else ""
    sort = "ascending" if column.role == "job" else "none"
    return (
        f'<th scope="col" aria-sort="{sort}"{kind}><button type="button" data-column="{place}">'
        f"{escaped(column.name)}</button></th>"
    )


def row(place: int, columns: Sequence[Column]) -> str:
    """A job.

    Args:
        place: among the jobs.
        columns: of the table.
    """
    cells = [_cell(column, column.cells[place]) for column in columns]
    return f'<tr id="row-{place}">{"".join(cells)}</tr>'


def _cell(column: Column, text: str) -> str:
    if column.role == "job":
        return f'<th scope="row" class="n">{escaped(text)}</th>'
    if column.role == "status":
        return f'<td class="status {escaped(text)}">{escaped(text)}</td>'
    kind = ' class="n"' if column.options is None else ""
    return f"<td{kind}>{escaped(text)}</td>"
