"""The parts of a page as HTML."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from params_proto._text import pluralize
from params_proto.analysis.ranking import MAX_LISTED
from params_proto.report.columns import Column, sanitize
from params_proto.report.contents import Contents, Failures


def escape_html(text: str) -> str:
    """Text escaped for HTML.

    >>> escape_html("<b> & 'c'")
    '&lt;b&gt; &amp; &#x27;c&#x27;'
    """
    return html.escape(sanitize(text))


def embed_json(value: Any) -> str:
    r"""A value as JSON whose texts cannot end the script element around it.

    Source: the HTML standard, "Restrictions for contents of script elements".

    >>> print(embed_json(["</script>", "a&b"]))
    ["\u003c/script\u003e","a\u0026b"]
    """
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&]", lambda found: f"\\u{ord(found[0]):04x}", text)


def about(contents: Contents) -> str:
    """The head of a page: the command, when it ran, and the number of jobs by status."""
    plan = contents.plan
    hydra = [line for line in plan.hydra if not line.startswith("hydra.mode=")]
    command = shlex.join([*plan.script, *plan.task, *hydra])
    facts = {"Command": f"<code>{escape_html(command)}</code>"}
    statuses = [(count, name, "") for name, count in contents.statuses.items()]
    hidden = (plan.jobs or 0) - len(contents.configurations)
    if hidden > 0:
        statuses.append((hidden, "pending", ", not in the table"))
    if contents.times:
        starts, ends = zip(*contents.times, strict=True)
        spent = sum([end - start for start, end in contents.times], timedelta())
        facts["Started"] = f"{min(starts):%Y-%m-%d %H:%M:%S %Z}"
        facts["Last job ended"] = f"{max(ends):%Y-%m-%d %H:%M:%S %Z}"
        facts["Time of all jobs"] = str(timedelta(seconds=round(spent.total_seconds())))
    counts = "".join(
        f'<li class="status {escape_html(name)}"><b>{count:,}</b> {escape_html(name)}{rest}</li>'
        for count, name, rest in statuses
    )
    terms = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in facts.items())
    return f'<ul class="counts">{counts}</ul><dl class="facts">{terms}</dl>'


def swept(columns: Sequence[Column]) -> str:
    """The keys and their values."""
    terms: list[str] = []
    for column in columns:
        if column.role == "key":
            texts = list(dict.fromkeys(filter(None, column.cells)))
            values = [f"<code>{escape_html(text)}</code>" for text in texts]
            terms.append(f"<dt>{escape_html(column.name)}</dt><dd>{' '.join(_listed(values))}</dd>")
    return "".join(terms)


def _listed(elements: Sequence[str], tag: str = "i") -> list[str]:
    """The first elements, and how many more there are."""
    rest = len(elements) - MAX_LISTED
    return [*elements[:MAX_LISTED], *([f"<{tag}>and {rest:,} more</{tag}>"] if rest > 0 else [])]


def file(text: str) -> str:
    """The sweep file, collapsed."""
    return (
        "<details><summary>The sweep as a file: <code>sweep.yaml</code></summary>"
        f'<pre tabindex="0">{escape_html(text.rstrip())}</pre></details>'
    )


def head(columns: Sequence[Column]) -> str:
    """The column names, which sort the table."""
    return "".join(
        f'<th scope="col" aria-sort="{"ascending" if column.role == "job" else "none"}"'
        f'{_class(column)}><button type="button" data-column="{place}">'
        f"{escape_html(column.name)}</button></th>"
        for place, column in enumerate(columns)
    )


def rows(columns: Sequence[Column]) -> str:
    """The table of all jobs, each row headed by its number."""
    places = range(len(columns[0].cells))
    lines = [[_table_cell(column, column.cells[place]) for column in columns] for place in places]
    return "\n".join(
        f'<tr id="row-{place}">{"".join(line)}</tr>' for place, line in enumerate(lines)
    )


def _table_cell(column: Column, text: str) -> str:
    tag, scope = ("th", ' scope="row"') if column.role == "job" else ("td", "")
    return f"<{tag}{scope}{_class(column, text)}>{escape_html(text)}</{tag}>"


def _class(column: Column, text: str = "") -> str:
    if column.role == "status" and text:
        return f' class="status {escape_html(text)}"'
    return ' class="n"' if column.options is None else ""


def failures(groups: Sequence[Failures], columns: Sequence[Column]) -> str:
    """The failures, grouped by their place in the code; "" if there are none."""
    if not groups:
        return ""
    total = pluralize(sum(len(group.jobs) for group in groups))
    return (
        '<section id="failures" aria-labelledby="failures-title">'
        f'<h2 id="failures-title">Failures <small>{total}</small></h2>'
        f"{''.join(_kind(group, columns) for group in groups)}</section>"
    )


def _kind(group: Failures, columns: Sequence[Column]) -> str:
    jobs: list[str] = []
    for place, message in group.jobs:
        keys = [column for column in columns if column.role == "key" and column.cells[place]]
        config = " ".join(f"{column.name}={column.cells[place]}" for column in keys)
        link = f'<a href="#row-{place}">job {escape_html(columns[0].cells[place])}</a>'
        jobs.append(
            f"<li>{link} <code>{escape_html(config)}</code>"
            f" <span>{escape_html(message)}</span></li>"
        )
    trace = f'<pre tabindex="0">{escape_html(group.traceback)}</pre>' if group.traceback else ""
    return (
        f"<details open><summary><b>{escape_html(group.kind)}</b>"
        f" <small>{pluralize(len(group.jobs))}</small></summary>"
        f'{trace}<ul class="failed-jobs">{"".join(_listed(jobs, "li"))}</ul></details>'
    )
