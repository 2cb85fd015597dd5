"""`hydra.sweeper.dry_run`: shows which jobs would run, without any effect."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast

from params_proto._files import until_closed
from params_proto._text import pluralize
from params_proto._values import length
from params_proto.analysis.text import align_columns
from params_proto.errors import SweepError
from params_proto.multirun.options import BATCH
from params_proto.multirun.plan import Batch
from params_proto.multirun.resume import JobState
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.multirun.validation import Validation


def dry_run(run: SweepRun, form: object) -> None:
    """Validates and prints the first jobs: as a table, or with `json` as one object per line."""
    if form not in (True, "json"):
        raise SweepError(f"hydra.sweeper.dry_run={form}: it is true for a table, or json.")
    directories = run.directories()
    validation = Validation(run.app, directories)
    states = run.states(directories)

    def checked() -> tuple[list[JobState], Mapping[int, str]]:
        shown = [*islice(states, BATCH)]
        batch = Batch([state.job for state in shown])
        _ = [*validation.validate([batch], ahead=True)]
        return shown, batch.directories

    with until_closed():
        shown, paths = checked()
        if form is True:
            jobs = pluralize(length(run.request.plan.numbers(run.options.shard)))
            end = f"{jobs} in {run.directory}, {len(shown)} checked and valid. Nothing was started"
            lines = [*_table(shown, paths), f"{end} or written (dry run)."]
            sys.stdout.writelines(f"{line}\n" for line in lines)
            return
        while shown:
            for state in shown:
                line = {
                    "job": state.job.number,
                    "overrides": state.job.overrides,
                    "dir": paths.get(state.job.number),
                    "status": state.status,
                    "runs": state.to_run,
                }
                sys.stdout.write(f"{json.dumps(line)}\n")
            shown, paths = checked()


def _table(states: list[JobState], directories: Mapping[int, str]) -> list[str]:
    """The lines of a table of jobs, with the overrides that they share below it."""
    jobs = [state.job.overrides for state in states]
    candidates = jobs[0] if len(jobs) > 1 else []
    same = [line for line in candidates if all(line in job for job in jobs)]
    rows: list[tuple[str, ...]] = [("job", "overrides", "directory", "")]
    for state in states:
        note = "" if state.status == "pending" else state.status
        note += ", runs again" if note and state.to_run else ""
        own = " ".join(line for line in state.job.overrides if line not in same)
        directory = directories.get(state.job.number, "known when it runs")
        rows.append((str(state.job.number), own, directory, note))
    common = [f"Every job also has {' '.join(same)}"] if same else []
    return [*align_columns(rows), *common]


@contextmanager
def log_to_stderr() -> Generator[None, None, None]:
    """Sends the log to standard error within the block, so that programs can read the output."""
    handlers = cast("list[Any]", logging.getLogger().handlers)
    shown = [handler for handler in handlers if getattr(handler, "stream", None) is sys.stdout]
    for handler in shown:
        handler.setStream(sys.stderr)
    try:
        yield
    finally:
        for handler in shown:
            handler.setStream(sys.stdout)
