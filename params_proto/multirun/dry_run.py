"""`hydra.sweeper.dry_run`: which jobs would run, and nothing else happens."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast

from omegaconf import OmegaConf

from params_proto._files import until_closed
from params_proto._keys import keys_of
from params_proto._text import counted
from params_proto._values import length
from params_proto.analysis.text import cell, in_columns
from params_proto.errors import SweepError
from params_proto.multirun.jobs import Batch, Overrides
from params_proto.multirun.progress import write
from params_proto.multirun.resume import JobState
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.multirun.validation import Validation

_ALL = 1000  # jobs that are validated and shown one by one
_VALIDATED = 100  # of more, those that are validated
_FIRST = 20  # and those that are shown
_WIDEST = 72  # characters of a job's overrides; of longer ones those that differ are shown
_FEW = 10  # keys that can be swept


def dry_run(run: SweepRun, form: object) -> None:
    """Validates the first jobs, and prints them.

    Args:
        run: the sweep.
        form: True for a table, `json` for an object a job and line.

    Raises:
        SweepError: a job cannot run as requested, or the form is another one.
        HydraException: a config cannot be composed.
    """
    if form not in (True, "json"):
        raise SweepError(f"hydra.sweeper.dry_run={form}: it is true for a table, or json.")
    show = _Show(run)
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
    def __init__(self, run: SweepRun) -> None:
        self._run = run
        self._directories = run.directories()
        self._validation = Validation(run.host, self._directories)
        self._states = run.states(self._directories)

    def objects(self) -> None:
        for states in _batches(self._states):
            for state, directory in self._validated(states):
                line = {
                    "job": state.job.number,
                    "overrides": state.job.overrides,
                    "dir": directory,
                    "status": state.status,
                    "runs": state.to_run,
                }
                _say(json.dumps(line))

    def table(self) -> None:
        first = [*islice(self._states, _ALL + 1)]
        more = len(first) > _ALL
        rows = [*self._rows(first[:_VALIDATED] if more else first)]
        if more:
            last = self._rows([self._run.last(self._directories)])
            rows = [*rows[:_FIRST], ("...", Overrides(), "", ""), *last]
        jobs, same = self._without_common_overrides([job for _, job, _, _ in rows])
        cells = [
            (number, " ".join(job), directory, note)
            for (number, _, directory, note), job in zip(rows, jobs, strict=True)
        ]
        _print([("job", "overrides", "directory", ""), *cells])
        if same:
            _say(f"Every job also has {' '.join(same)}")
        size, shard = self._run.request.plan.space.size, self._run.options.shard
        jobs_here = counted(size if shard is None else length(range(size)[shard]))
        checked = f"the first {_VALIDATED} are valid" if more else "all are valid"
        _say(
            f"{jobs_here} in {self._run.directory}, of which {checked}. Nothing was started or"
            " written (dry run)."
        )

    def _without_common_overrides(self, jobs: list[Overrides]) -> tuple[list[Overrides], Overrides]:
        """The overrides to show of each job, and where one's are long, those in common."""
        swept = {*self._run.request.plan.swept}
        if not swept or all(len(" ".join(job)) <= _WIDEST for job in jobs):
            return jobs, []
        differ = [
            [line for line, key in zip(job, keys_of(job), strict=True) if key in swept]
            for job in jobs
        ]
        return differ, [line for line in jobs[0] if line not in differ[0]]

    def _rows(self, states: list[JobState]) -> Iterator[tuple[str, Overrides, str, str]]:
        for state, directory in self._validated(states):
            note = "" if state.status == "pending" else state.status
            note = f"{note}, runs again" if note and state.to_run else note
            yield str(state.job.number), state.job.overrides, directory or "as the job says", note

    def _validated(self, states: list[JobState]) -> Iterator[tuple[JobState, str | None]]:
        batch = Batch([state.job for state in states])
        for _ in self._validation.passed([batch], ahead=True):
            for state in states:
                yield state, batch.directories.get(state.job.number)


def _batches(states: Iterable[JobState]) -> Iterator[list[JobState]]:
    rest = iter(states)
    while batch := [*islice(rest, 100)]:
        yield batch


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _print(rows: list[tuple[str, ...]]) -> None:
    for line in in_columns(rows):
        _say(line)


def show_what_can_be_swept(run: SweepRun) -> None:
    """Writes a line about the keys of the app, where one job runs and nothing was requested."""
    request, config = run.request, run.host.config
    if run.is_resume or request.arguments or request.plan.swept or request.plan.size != 1:
        return
    content = cast("dict[str, Any]", OmegaConf.to_container(config))
    values = dict(_leaves({key: one for key, one in content.items() if key != "hydra"}))
    if not values:
        return
    keys = list(values)
    groups = [key for key in config.hydra.runtime.choices if key.partition("/")[0] != "hydra"]
    named = f"the config group{'s' if len(groups) > 1 else ''} {', '.join(groups[:_FEW])}; "
    given = [key for key in keys if values[key] != "???"]
    example = f"{given[0]}={cell(values[given[0]])},..." if given else f"{keys[0]}=...,..."
    more = f" and {len(keys) - _FEW} more" if len(keys) > _FEW else ""
    write(
        f"Nothing is swept: one job runs. What can be swept: {named if groups else ''}"
        f"{', '.join(keys[:_FEW])}{more}; as {example} on the command line."
    )


def _leaves(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _leaves(cast("dict[str, Any]", value), f"{path}{key}.")
        else:
            yield f"{path}{key}", value
