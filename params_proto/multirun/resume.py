"""`hydra.sweeper.resume`: finds the sweep in a directory, and the jobs that are left to run."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import OmegaConf

from params_proto.analysis.ranking import Ranking
from params_proto.analysis.rows import metrics
from params_proto.errors import SweepError
from params_proto.multirun.changes import check_same_function
from params_proto.multirun.context import ResumeTarget, changeable
from params_proto.multirun.directories import (
    Directories,
    directory_of_sweep,
    is_named_by_time,
    set_sweep_dir,
    unresolved_sweep_value,
)
from params_proto.multirun.plan import Job
from params_proto.multirun.resume_command import role
from params_proto.records import FAILURES, JobStore, Record, Status
from params_proto.records.manifest import JOBS, PLAN, STATE_DIR, SWEEP, has_plan, read_plan
from params_proto.records.record import UnreadableError, now

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_INCOMPLETE = frozenset([*FAILURES, Status.INTERRUPTED])


def resume_target(
    resume: Any, config: DictConfig, loader: ConfigLoader, task: TaskFunction
) -> ResumeTarget:
    """Finds the sweep to resume, by `hydra.sweeper.resume`: True or the directory of a sweep."""
    if resume is True:
        if is_named_by_time(config):
            raise SweepError(
                "hydra.sweeper.resume=true resumes the sweep in hydra.sweep.dir, but"
                f" {unresolved_sweep_value(config)} is a different directory each time. Give a"
                " fixed one, hydra.sweep.dir=runs/ablation, or name the directory of the sweep,"
                " hydra.sweeper.resume=DIRECTORY."
            )
        directory = directory_of_sweep(config)
        if not has_plan(directory) and not (directory / STATE_DIR / JOBS).is_dir():
            return ResumeTarget(config)
    else:
        directory = Path(str(resume))
    if not has_plan(directory):
        raise SweepError(
            f"hydra.sweeper.resume={directory} is not the directory of a sweep, which has a {SWEEP}"
            f" and a {STATE_DIR}/{PLAN}. Give one that has both, restore the missing file, or"
            " start the sweep in another directory."
        )
    plan = read_plan(directory)
    check_same_function(directory, plan.function, task, config.hydra.sweeper.resume_changed)
    return ResumeTarget(config, plan) if resume is True else reopen(directory, config, loader)


def reopen(directory: Path, config: DictConfig, loader: ConfigLoader) -> ResumeTarget:
    """Reopens the sweep in a directory, with this command's launcher.

    Unless the command itself says what to sweep, the saved sweep runs, and the config is composed
    with the overrides that the sweep was started with. Further ranks of a job need only this.
    """
    plan, name = read_plan(directory), config.hydra.job.config_name
    given = config.hydra.overrides
    task, hydra_overrides = _texts(given.task), _texts(given.hydra)
    saved = not task and "what" not in map(role, hydra_overrides)
    if saved:
        if name != plan.config_name:
            raise SweepError(
                f"the sweep was started with the config {plan.config_name}, and this is {name}:"
                f" give --config-name {plan.config_name}, or the app that started it."
            )
        kept = [line for line in plan.hydra if role(line) in ("app", "what")]
        whole = loader.load_configuration(
            config_name=name,
            overrides=[*plan.task, *kept, *hydra_overrides],
            run_mode=RunMode.MULTIRUN,
        )
        with changeable(whole):
            whole.hydra.mode = config.hydra.mode
            whole.hydra.overrides.task = list(plan.sweep_selectors)
        config = whole
    set_sweep_dir(directory, config)
    return ResumeTarget(config, plan, saved)


def _texts(node: Any) -> list[str]:
    return cast("list[str]", OmegaConf.to_container(node))


# --- which jobs are left to run


class JobState(NamedTuple):
    """A job and its record.

    Args:
        job: the job.
        record: its record; None if it has not run.
        status: the status of the record; `crashed` if its process is dead, `pending` without one.
        to_run: whether the job is to run now.
    """

    job: Job
    record: Record | None = None
    status: str = "pending"
    to_run: bool = True


def job_states(
    jobs: Iterable[Job],
    records: JobStore,
    directories: Directories,
    rerun: frozenset[Status] = _INCOMPLETE,
) -> Iterator[JobState]:
    """Looks up the records of a sweep's jobs.

    Args:
        jobs: the jobs, with their numbers.
        records: the records of the sweep.
        directories: where the directories of recorded jobs are noted.
        rerun: statuses of the jobs to rerun.
    """
    for job in jobs:
        try:
            record = records.read(job.number)
        except UnreadableError as error:
            path = records.path(job.number)
            log.warning(f"{path} is not a record ({error}): job {job.number} runs.")
            record = None
        if record is None:
            yield JobState(job)
            continue
        directories.reserve(job.number, record.dir)
        status = records.status_of(record)
        job = job._replace(
            # Absolute if an earlier job changed the working directory.
            directory=None if os.path.isabs(record.dir) else record.dir,
            rerun_after=record.attempt if status is Status.COMPLETED else 0,
        )
        yield JobState(job, record, status.value, status in rerun)


@dataclass(eq=False)
class Best:
    """The best of the jobs so far.

    Args:
        ranking: how jobs are ranked.
        record: the record of the best job; None while no job can be ranked.
    """

    ranking: Ranking
    record: Record | None = field(default=None, init=False)
    _score: float = field(default=math.inf, init=False)

    def update(self, record: Record) -> None:
        """Compares a job with the best; one that did not complete has no score."""
        score = self.ranking.score(dict(metrics(record.value)))
        if score is not None and score < self._score:
            self.record, self._score = record, score


@dataclass
class ResumeFilter:
    """Selects the jobs that are left to run.

    Args:
        records: the records of the sweep.
        best: the best of the skipped jobs, which progress starts from.
        left_out: how many jobs were skipped.
        unfinished: skipped jobs that did not complete.
        elsewhere: jobs that another process is running.
    """

    records: JobStore
    best: Best
    left_out: int = 0
    unfinished: int = 0
    elsewhere: list[Job] = field(default_factory=list[Job])

    def select(self, states: Iterable[JobState]) -> Iterator[Job]:
        """The jobs to run."""
        for state in states:
            if state.status == Status.RUNNING.value:
                self.elsewhere.append(state.job)
            elif state.to_run:
                yield state.job
            else:
                record = state.record
                assert record is not None
                if record.status is Status.RUNNING:  # its process died without recording it
                    status = Status(state.status)
                    self.records.finish(record._replace(status=status, ended=now()))
                self.left_out += 1
                self.unfinished += record.status is not Status.COMPLETED
                self.best.update(record)


def parse_rerun(rerun: Any) -> frozenset[Status]:
    """Which statuses to rerun, by `hydra.sweeper.rerun`: None, `all`, a status or a list of them.

    >>> sorted([status.value for status in parse_rerun(None)])
    ['crashed', 'failed', 'interrupted']
    >>> parse_rerun("failed") == {Status.FAILED}
    True
    """
    if rerun is None:
        return _INCOMPLETE
    valid = [status.value for status in Status if status is not Status.RUNNING]
    names = {"all": valid}.get(rerun, [rerun]) if isinstance(rerun, str) else rerun
    if not isinstance(names, Sequence) or not all(name in valid for name in cast("Any", names)):
        raise SweepError(
            f"hydra.sweeper.rerun={rerun}: it is `all`, or a list of {', '.join(valid)}, like"
            " [failed]. Jobs that have not run always run."
        )
    return frozenset(map(Status, cast("Sequence[str]", names)))
