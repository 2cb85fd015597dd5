"""`hydra.sweeper.dry_run`: which jobs would run, and nothing else happens."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from typing import Any, cast

from params_proto.analysis.text import width
from params_proto.closed_pipe import until_closed
from params_proto.errors import SweepError
from params_proto.keys import keys_of
from params_proto.multirun.asked.plan import Overrides
from params_proto.multirun.host import AppContext
from params_proto.multirun.jobs.composed import Composed
from params_proto.multirun.jobs.directories import Directories
from params_proto.multirun.jobs.numbered import Batch
from params_proto.multirun.jobs.validation import AHEAD, Validation
from params_proto.multirun.start.beginning import SweepRun
from params_proto.multirun.start.remaining import Seen
from params_proto.multirun.words import counted
from params_proto.values import length

_ALL = 1000  # jobs that are shown one by one
_FIRST = 20  # of more
_PATIENCE = 1.0  # seconds for which jobs of more than 10,000 are validated
_WIDEST = 72  # characters of a job's overrides; of longer ones those that differ are shown


def dry_run(beginning: SweepRun, host: AppContext, form: object) -> None:
    """Validates the first jobs, and prints them.

    Args:
        beginning: the sweep.
        host: the app.
        form: True for a table, `json` for an object a job and line.

    Raises:
        SweepError: a job cannot run as it was asked for, or the form is another one.
        HydraException: a config cannot be composed.
    """
    if form not in (True, "json"):
        raise SweepError(f"hydra.sweeper.dry_run={form}: it is true for a table, or json.")
    show = _Show(beginning, host)
    with until_closed():
        if form == "json":
            show.objects()
        else:
            show.table()


@contextmanager
def logged_aside() -> Generator[None, None, None]:
    """Within, the log goes to standard error: standard output is for programs to read."""
    handlers = cast("list[Any]", logging.getLogger().handlers)
    shown = [one for one in handlers if getattr(one, "stream", None) is sys.stdout]
    for one in shown:
        one.setStream(sys.stderr)
    try:
        yield
    finally:
        for one in shown:
            one.setStream(sys.stdout)


class _Show:
    def __init__(self, beginning: SweepRun, host: AppContext) -> None:
        self._beginning = beginning
        self._directories = Directories(beginning.directory)
        self._validation = Validation(host, self._directories, Composed())
        beginning.note_others(self._validation)
        self._jobs = beginning.seen(self._directories)

    def objects(self) -> None:
        for batch in _batches(self._jobs):
            for one, directory in self._validated(batch):
                told = {
                    "job": one.one.number,
                    "overrides": one.one.overrides,
                    "dir": directory,
                    "status": one.status,
                    "runs": one.to_run,
                }
                _say(json.dumps(told))

    def table(self) -> None:
        first = [*islice(self._jobs, _ALL + 1)]
        more = len(first) > _ALL
        rows = [*self._rows(first[:_FIRST] if more else first)]
        validated = len(first)
        if more:
            validated = self._validate_on(chain(first[_FIRST:], self._jobs))
            rows.append(("...", [], "", ""))
            rows += self._rows([self._beginning.last(self._directories)])
        jobs, same = self._told_apart([job for _, job, _, _ in rows])
        cells = [
            (number, " ".join(job), directory, note)
            for (number, _, directory, note), job in zip(rows, jobs, strict=True)
        ]
        _print([("job", "overrides", "directory", ""), *cells])
        if same:
            _say(f"Every job also has {' '.join(same)}")
        self._count(validated, len(first), more)

    def _told_apart(self, jobs: list[Overrides]) -> tuple[list[Overrides], Overrides]:
        """The overrides to show of each job, and where one's are long, those in common."""
        swept = {*self._beginning.request.plan.swept}
        if not swept or all(len(" ".join(job)) <= _WIDEST for job in jobs):
            return jobs, []
        differ = [
            [line for line, key in zip(job, keys_of(job), strict=True) if key in swept]
            for job in jobs
        ]
        return differ, [line for line in jobs[0] if line not in differ[0]]

    def _rows(self, jobs: list[Seen]) -> Iterator[tuple[str, Overrides, str, str]]:
        for one, directory in self._validated(jobs):
            note = "" if one.status == "pending" else one.status
            note = f"{note}, runs again" if note and one.to_run else note
            yield str(one.one.number), one.one.overrides, directory or "as the job says", note

    def _validated(self, jobs: list[Seen]) -> Iterator[tuple[Seen, str | None]]:
        batch = Batch([one.one for one in jobs])
        for _ in self._validation.passed([batch], ahead=False):
            pass
        for one in jobs:
            yield one, batch.directories.get(one.one.number)

    def _validate_on(self, jobs: Iterable[Seen]) -> int:
        """Validates jobs that are not shown: of the first 10,000, as many as take no time."""
        deadline, count = time.monotonic() + _PATIENCE, _FIRST
        for batch in _batches(islice(jobs, AHEAD - _FIRST), 50):
            for _ in self._validated(batch):
                count += 1
            if time.monotonic() > deadline:
                break
        return count

    def _count(self, validated: int, shown: int, more: bool) -> None:
        beginning = self._beginning
        size = beginning.request.plan.space.size
        part = beginning.options.part
        count = length(range(size)[part]) if part is not None else size
        what = f"{counted(count)} in {beginning.directory}"
        checked = f"the first {validated} are valid" if more else "all are valid"
        _say(f"{what}, of which {checked}. Nothing was started or written (dry run).")


def _batches(jobs: Iterable[Seen], size: int = 100) -> Iterator[list[Seen]]:
    rest = iter(jobs)
    while batch := [*islice(rest, size)]:
        yield batch


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=True)]
        _say("  ".join(cells).rstrip())
