"""What was swept, when, and how far it got: the head of a page."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import timedelta

from params_proto.report.columns import Column
from params_proto.report.contents import Contents
from params_proto.report.text import escaped

_LONGEST = 4000  # characters of the sweep's file
_VALUES = 12  # of a key


def about(contents: Contents) -> str:
    """When it ran, with which command, and what became of its jobs.

    Args:
        contents: the sweep.
    """
    plan = contents.plan
    facts: list[tuple[str, str]] = []
    if plan is not None:
        of_hydra = [line for line in plan.hydra if not line.startswith("hydra.mode=")]
        command = shlex.join([*plan.script, *plan.task, *of_hydra])
        facts.append(("Command", f"<code>{escaped(command)}</code>"))
    if contents.began is not None:
        facts.append(("Began", f"{contents.began:%Y-%m-%d %H:%M:%S %Z}"))
    if contents.ended is not None:
        facts.append(("Last job ended", f"{contents.ended:%Y-%m-%d %H:%M:%S %Z}"))
        facts.append(("Time of all jobs", _lasting(contents.worked)))
    counts = "".join(
        f'<li class="status {escaped(name)}"><b>{count:,}</b> {escaped(name)}</li>'
        for name, count in contents.statuses.items()
    )
    if plan is not None and plan.jobs is not None and plan.jobs > contents.jobs:
        more = plan.jobs - contents.jobs
        counts += f'<li class="status pending"><b>{more:,}</b> pending, not in the table</li>'
    said = "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in facts)
    return f'<ul class="counts">{counts}</ul><dl class="facts">{said}</dl>'


def _lasting(time: timedelta) -> str:
    """A time, to read.

    >>> _lasting(timedelta(seconds=7.25)), _lasting(timedelta(hours=30, seconds=5))
    ('7.2 s', '30 h 0 min 5 s')
    """
    seconds = time.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"


def swept(columns: Sequence[Column]) -> str:
    """The keys and their values.

    Args:
        columns: of the table.
    """
    said: list[str] = []
    for column in columns:
        if column.role == "key":
            texts = list(dict.fromkeys(cell for cell in column.cells if cell))
            more = f" <i>and {len(texts) - _VALUES:,} more</i>" if len(texts) > _VALUES else ""
            values = "".join(f"<code>{escaped(text)}</code> " for text in texts[:_VALUES])
            said.append(f"<dt>{escaped(column.name)}</dt><dd>{values}{more}</dd>")
    return "".join(said) or "<dt>nothing</dt><dd>The jobs are repeats of one configuration.</dd>"


def file(text: str) -> str:
    """The file of the sweep, to open.

    Args:
        text: its content; "" where there is none.
    """
    if not text:
        return ""
    more = len(text) - _LONGEST
    end = f"\n[{more:,} characters more, in sweep.yaml]" if more > 0 else ""
    return (
        "<details><summary>The sweep as a file: <code>sweep.yaml</code></summary>"
        f'<pre tabindex="0">{escaped(text[:_LONGEST].rstrip())}{end}</pre></details>'
    )
