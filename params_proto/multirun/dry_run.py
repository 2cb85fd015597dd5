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
        some = [*islice(states, BATCH)]
        batch = Batch([state.job for state in some])
        _ = [*validation.validate([batch], ahead=True)]
        return some, batch.directories

    with until_closed():
        some, paths = checked()
        if form is True:
            jobs = pluralize(length(run.request.plan.numbers(run.options.shard)))
            end = f"{jobs} in {run.directory}, {len(some)} checked and valid. Nothing was started"
            lines = [*_table(some, paths), f"{end} or written (dry run)."]
            sys.stdout.writelines(f"{line}\n" for line in lines)
            return
        while some:
            for state in some:
                line = {
                    "job": state.job.number,
                    "overrides": state.job.overrides,
                    "dir": paths.get(state.job.number),
                    "status": state.status,
                    "runs": state.to_run,
                }
                sys.stdout.write(f"{json.dumps(line)}\n")
            some, paths = checked()


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
        directory = directories.get(state.job.number, "as the job says")
        rows.append((str(state.job.number), own, directory, note))
    common = [f"Every job also has {' '.join(same)}"] if same else []
    return [*align_columns(rows), *common]


@contextmanager
def log_to_stderr() -> Generator[None, None, None]:
    """Sends the log to standard error within the block: standard output is for programs to read."""
    handlers = cast("list[Any]", logging.getLogger().handlers)
    shown = [one for one in handlers if getattr(one, "stream", None) is sys.stdout]
    for one in shown:
        one.setStream(sys.stderr)
    try:
        yield
    finally:
        for one in shown:
            one.setStream(sys.stdout)
