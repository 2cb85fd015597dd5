"""The jobs that failed: told one by one, and together at the end."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from params_proto._text import counted
from params_proto.errors import sentence
from params_proto.multirun.errors import named
from params_proto.multirun.running.limit import Limit
from params_proto.records import Record

log = logging.getLogger(__name__)

_SHOWN = 5  # jobs of one exception, in the summary


@dataclass(eq=False)
class Failures:
    """What failed in this run.

    Args:
        directory: the sweep's.
        name: of the jobs, and so of their logs; None where it says what a job has.
        limit: how many may fail before no more jobs start.
    """

    directory: Path
    name: str | None
    limit: Limit | None = None
    _there: Path = field(init=False)
    _by_number: dict[int, Record] = field(default_factory=dict[int, Record])

    def __post_init__(self) -> None:
        # A job may have changed the working directory when its failure is told.
        self._there = self.directory.absolute()

    def add(self, record: Record) -> None:
        """Notes and tells that a job failed."""
        if record.job in self._by_number:
            return
        self._by_number[record.job] = record
        if self.limit is not None:
            self.limit.add(record.job)
        log.error(f"{sentence(_told(record))} {self._log(record)}")

    def of(self, number: int) -> Record | None:
        """The failure of a job, if it failed."""
        return self._by_number.get(number)

    def forget(self, numbers: Iterable[int]) -> None:
        """Leaves out jobs that run again."""
        for number in numbers:
            del self._by_number[number]
            if self.limit is not None:
                self.limit.remove(number)

    @property
    def too_many(self) -> bool:
        """Whether no more jobs are to start."""
        return self.limit is not None and self.limit.reached

    def may_be_too_many(self, suspects: int) -> bool:
        """Whether no more jobs are to start if these have failed, too.

        Args:
            suspects: how many more may have.
        """
        return self.limit is not None and len(self) + suspects > self.limit.most

    def __len__(self) -> int:
        return len(self._by_number)

    def summary(self) -> str:
        """All of them, by what they raised, in as many lines."""
        groups: dict[str, list[Record]] = {}
        for record in self._by_number.values():
            groups.setdefault(_reason(record), []).append(record)
        lines = [f"{counted(len(self))} failed:"]
        for reason, records in sorted(groups.items(), key=lambda group: -len(group[1])):
            numbers = ", ".join([str(record.job) for record in records[:_SHOWN]])
            more = f" and {len(records) - _SHOWN} more" if len(records) > _SHOWN else ""
            lines.append(f"- {reason} ({counted(len(records))}: {numbers}{more})")
        return "\n".join(lines)

    def _log(self, record: Record) -> str:
        there = self._there / record.dir
        logs = [path.name for path in there.glob("*.log")]
        found = [name for name in logs if name == f"{self.name}.log"] or logs
        if len(found) == 1:
            return f"Its log: {self.directory / record.dir / found[0]}"
        return f"Its directory: {self.directory / record.dir}"


def _told(record: Record) -> str:
    return f"{named(record)} {record.status.value}: {_reason(record)}"


def _reason(record: Record) -> str:
    """In one line.

    The messages of two jobs are one reason where they are the same.
    """
    if record.error is None:
        return "its process died"
    first = record.error.message.strip().partition("\n")[0]
    return f"{record.error.type}: {first:.200}" if first else record.error.type
