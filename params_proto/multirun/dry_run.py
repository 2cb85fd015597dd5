"""`hydra.sweeper.dry_run`: which jobs would run, and nothing else happens."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, cast

from omegaconf import OmegaConf

from params_proto._files import until_closed
from params_proto._text import counted
from params_proto._values import length
from params_proto.analysis.text import cell, in_columns
from params_proto.errors import SweepError
from params_proto.multirun.jobs import Batch
from params_proto.multirun.progress import write
from params_proto.multirun.resume import JobState
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.multirun.validation import Validation

_ALL = 1000  # jobs that are validated and shown one by one
_FIRST = 20  # of more, those that are


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
    directories = run.directories()
    validation = Validation(run.host, directories)
    states = run.states(directories)

    def validated(states: list[JobState]) -> Iterator[tuple[JobState, str | None]]:
        batch = Batch([state.job for state in states])
        for _ in validation.passed([batch], ahead=True):
            for state in states:
                yield state, batch.directories.get(state.job.number)

    with until_closed():
        if form == "json":
            while some := [*islice(states, _FIRST)]:
                for state, directory in validated(some):
                    line = {
                        "job": state.job.number,
                        "overrides": state.job.overrides,
                        "dir": directory,
                        "status": state.status,
                        "runs": state.to_run,
                    }
                    sys.stdout.write(f"{json.dumps(line)}\n")
            return
        first = [*islice(states, _ALL + 1)]
        if len(first) <= _ALL:
            lines = _table([*validated(first)], [])
            checked = "all are valid"
        else:
            last = validated([run.last(directories)])
            lines = _table([*validated(first[:_FIRST])], [*last])
            checked = f"the first {_FIRST} are valid"
        size, shard = run.request.plan.space.size, run.options.shard
        jobs = counted(size if shard is None else length(range(size)[shard]))
        lines.append(
            f"{jobs} in {run.directory}, of which {checked}. Nothing was started or written (dry"
            " run)."
        )
        sys.stdout.writelines(f"{line}\n" for line in lines)


def _table(
    first: list[tuple[JobState, str | None]], last: list[tuple[JobState, str | None]]
) -> list[str]:
    """The lines of a table of jobs; the overrides that they have in common are below it."""
    jobs = [state.job.overrides for state, _ in [*first, *last]]
    candidates = jobs[0] if len(jobs) > 1 else []
    same = [line for line in candidates if all(line in job for job in jobs)]
    rows: list[tuple[str, ...]] = [("job", "overrides", "directory", "")]
    for state, directory in [*first, *last]:
        note = "" if state.status == "pending" else state.status
        note += ", runs again" if note and state.to_run else ""
        own = " ".join(line for line in state.job.overrides if line not in same)
        rows.append((str(state.job.number), own, directory or "as the job says", note))
    if last:
        rows.insert(-1, ("...", "", "", ""))
    common = [f"Every job also has {' '.join(same)}"] if same else []
    return [*in_columns(rows), *common]


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


def show_how_to_sweep(run: SweepRun) -> None:
    """Writes a line about it where one job runs and nothing was requested."""
    request = run.request
    if run.is_resume or request.arguments or request.plan.swept or request.plan.size != 1:
        return
    content = cast("dict[str, Any]", OmegaConf.to_container(run.host.config))
    plain = [key for key, one in content.items() if not isinstance(one, dict) and one != "???"]
    example = f"{plain[0]}={cell(content[plain[0]])},..." if plain else "key=1,2"
    write(
        "Nothing is swept: one job runs. Give a key of the config several values on the command"
        f" line, {example}; --cfg job shows the config."
    )
