"""The failures of a sweep: those that came from one place in the code are told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from params_proto.records import Record
from params_proto.report.text import fit

_LONGEST = 20_000  # characters of a traceback
_MESSAGE = 300  # and of a message


@dataclass
class Failed:
    """Jobs that failed in one place.

    Args:
        kind: the name of what they raised.
        traceback: that of the first of them.
        jobs: the place in the table of each, and its message.
    """

    kind: str
    traceback: str
    jobs: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


def grouped(failed: Iterable[tuple[int, Record]]) -> list[Failed]:
    """The failures by where they came from, the most frequent first.

    Args:
        failed: the jobs, each with its place in the table.
    """
    groups: dict[tuple[str, ...], Failed] = {}
    for place, record in failed:
        error = record.error
        if error is None:
            group = groups.setdefault((), Failed("The process died", ""))
            group.jobs.append((place, ""))
            continue
        text = error.traceback.rstrip() or f"{error.type}: {error.message}"
        frames = [line for line in text.splitlines() if line.startswith('  File "')]
        group = groups.setdefault((error.type, *frames), Failed(fit(error.type), _cut(text)))
        group.jobs.append((place, fit(error.message[:_MESSAGE])))
    return sorted(groups.values(), key=lambda group: -len(group.jobs))


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return fit(text)
    half = _LONGEST // 2
    return fit(f"{text[:half]}\n[{len(text) - 2 * half} characters left out]\n{text[-half:]}")
