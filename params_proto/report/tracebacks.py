"""The failures of a sweep, as markup."""

from __future__ import annotations

from collections.abc import Sequence

from params_proto._text import counted
from params_proto.report.columns import Column
from params_proto.report.failures import Failed
from params_proto.report.text import escaped

_NAMED = 20  # jobs of a kind, with their configs
_KINDS = 50  # of failures


def tracebacks(groups: Sequence[Failed], columns: Sequence[Column]) -> str:
    """The section of what failed; "" where nothing has.

    Args:
        groups: the failures.
        columns: of the table.
    """
    if not groups:
        return ""
    said = "".join(_group(group, columns) for group in groups[:_KINDS])
    more = len(groups) - _KINDS
    end = f"<p>{more:,} kinds more: <code>params-proto failures</code> shows all.</p>"
    total = counted(sum(len(group.jobs) for group in groups))
    return (
        '<section id="failures" aria-labelledby="failures-title">'
        f'<h2 id="failures-title">What failed <small>{total}</small></h2>'
        f"{said}{end if more > 0 else ''}</section>"
    )


def _group(group: Failed, columns: Sequence[Column]) -> str:
    jobs = "".join(_failed(place, text, columns) for place, text in group.jobs[:_NAMED])
    more = len(group.jobs) - _NAMED
    rest = f"<li>and {more:,} more, in the table</li>" if more > 0 else ""
    trace = f'<pre tabindex="0">{escaped(group.traceback)}</pre>' if group.traceback else ""
    return (
        f"<details open><summary><b>{escaped(group.kind)}</b>"
        f" <small>{counted(len(group.jobs))}</small></summary>"
        f'{trace}<ul class="failed-jobs">{jobs}{rest}</ul></details>'
    )


def _failed(place: int, message: str, columns: Sequence[Column]) -> str:
    job, *_ = [column.cells[place] for column in columns if column.role == "job"]
    config = " ".join(
        f"{column.name}={column.cells[place]}"
        for column in columns
        if column.role == "key" and column.cells[place]
    )
    end = f" <span>{escaped(message)}</span>" if message else ""
    link = f'<a href="#row-{place}">job {escaped(job)}</a>'
    return f"<li>{link} <code>{escaped(config)}</code>{end}</li>"
