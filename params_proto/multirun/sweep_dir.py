"""A sweep in its directory, new or resumed: read, checked and saved before any job runs."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from omegaconf import OmegaConf

from params_proto import _files
from params_proto._keys import strip_prefix
from params_proto.compose import copy_files, share_prefixes
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext, ResumeTarget, function_of, plain_config
from params_proto.multirun.directories import (
    Directories,
    directory_of_sweep,
    make_directory,
    refuse_running,
    refuse_used,
    remove_sweep,
    set_sweep_dir,
    unresolved_sweep_value,
)
from params_proto.multirun.options import Options
from params_proto.multirun.plan import Batch, Job, Overrides, Plan, in_batches, saved_text
from params_proto.multirun.request import SweepRequest, read_request
from params_proto.multirun.resume_command import command_of
from params_proto.multirun.validation import MAX_CHECKED_AT_START, Validation
from params_proto.overrides.identity import job_numberer, without_selectors
from params_proto.records import JobStore
from params_proto.records.lock import sweep_lease
from params_proto.records.manifest import (
    COMPOSED,
    CONFIGS,
    MULTIRUN,
    STATE_DIR,
    SWEEP,
    PlanFile,
    has_plan,
    read_plan,
)
from params_proto.records.record import now

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from params_proto.multirun.resume import JobState, ResumeFilter

log = logging.getLogger(__name__)

_INTERPOLATED_KEY = re.compile(r"\$\{(?!now:)")  # an interpolation, except of the time


@dataclass(eq=False)
class SweepRun:
    """A sweep in its directory.

    Args:
        options: the sweeper's options.
        app: the composed app.
        directory: the directory of the sweep.
        request: what to run.
        sweep_selectors: the keys that only select the sweep.
        text: the text of `sweep.yaml`.
        digest: its SHA-256.
        plan: the plan of the sweep to resume, or that this is a shard of; None for a new one.
        is_resume: whether the command resumes a sweep.
        is_saved: whether the saved sweep runs, regardless of the app's config.
        batches: the batches of its jobs, once prepared; each is checked before it is yielded.
        resume_filter: selects the jobs that are left; None for a new sweep.
        configs: where its config files are kept, absolute.
        is_empty: whether there are no jobs to run or to wait for.
    """

    options: Options
    app: AppContext
    directory: Path
    request: SweepRequest
    sweep_selectors: Sequence[str]
    text: str
    digest: str
    plan: PlanFile | None
    is_resume: bool
    is_saved: bool = False
    batches: Iterator[Batch] = field(default_factory=lambda: iter(()), init=False)
    resume_filter: ResumeFilter | None = field(default=None, init=False)
    configs: Path = field(default_factory=Path, init=False)
    is_empty: bool = field(default=False, init=False)

    @property
    def is_shard(self) -> bool:
        """Whether it is a shard of a sweep that other shards have started."""
        return self.plan is not None and not self.is_resume

    @property
    def is_same_sweep(self) -> bool:
        """Whether the directory contains this very sweep, not an earlier version of it."""
        return self.plan is not None and self.plan.sweep == self.digest

    @property
    def is_changed(self) -> bool:
        """Whether the sweep has ever changed, so that jobs are identified by their overrides."""
        return self.plan is not None and bool(self.plan.earlier or not self.is_same_sweep)

    # --- its jobs

    def directories(self) -> Directories:
        """The directories of the jobs; those of recorded jobs are already reserved."""
        by_number = unresolved_sweep_value(self.app.config, "subdir") == "${hydra.job.num}"
        directories = Directories(self.directory, by_number=by_number)
        if self.plan is not None and (self.is_changed or not by_number):
            for record in JobStore(self.directory).readable():
                directories.reserve(record.job, record.dir)
        return directories

    def states(self, directories: Directories) -> Iterator[JobState]:
        """All jobs with their records; directories in use are noted."""
        from params_proto.multirun.resume import JobState, job_states, parse_rerun

        if self.plan is None:
            return map(JobState, self.request.plan.jobs(self.options.shard))
        jobs = self._renumbered() if self.is_changed else self.request.plan.jobs(self.options.shard)
        rerun = parse_rerun("all" if self.options.overwrite else self.options.rerun)
        return job_states(jobs, JobStore(self.directory), directories, rerun)

    def _renumbered(self) -> Iterable[Job]:
        """The jobs of a changed sweep, with the numbers they keep."""
        records = JobStore(self.directory).all()
        number_of = job_numberer((record.identity, record.job) for record in records)
        jobs = (
            job._replace(number=number_of(without_selectors(job.overrides, self.sweep_selectors)))
            for job in self.request.plan.jobs()
        )
        # Equal jobs of other shards have their own numbers, so they count as well.
        return jobs if self.options.shard is None else list(jobs)[self.options.shard]

    # --- preparing it, up to its first job

    def prepare(self, stack: ExitStack) -> None:
        """Checks the jobs and saves the sweep; then `batches` may run.

        Other processes are kept out of the directory until `stack` ends. In a sweep of more than
        10,000 jobs, those after the first batch are checked with their batch.
        """
        options, is_new = self.options, self.plan is None
        if is_new:
            directories, jobs = self.directories(), self.request.plan.jobs(options.shard)
        else:
            from params_proto.multirun.resume import Best, ResumeFilter

            # Before the records are read, as another process may be about to run the jobs.
            self._acquire(stack)
            self.resume_filter = ResumeFilter(JobStore(self.directory), Best(options.ranking))
            directories = self.directories()
            jobs = self.resume_filter.select(self.states(directories))
        ahead = not self.request.plan.has_more_than(MAX_CHECKED_AT_START)
        batches = in_batches(jobs, options.batch_size)
        validation = Validation(self.app, directories)
        valid = validation.validate(batches, ahead=ahead)
        first = next(valid, None)
        if first is None and not (self.resume_filter and self.resume_filter.elsewhere):
            self.is_empty = True
            return
        if is_new:  # only now, so that a refused sweep leaves no directory behind
            self._acquire(stack)
        self.write()
        if validation.first is not None:
            self.note_first_job(*validation.first)
        # Shards may start at different times, with different config files. The path is absolute
        # because workers may have another working directory.
        name = CONFIGS if self.plan is None else f"{CONFIGS}-{uuid4().hex[:8]}"
        self.configs = (self.directory / STATE_DIR / name).absolute()
        copy_files(self.app.loader, self.configs)
        self.batches = chain([first] if first else [], valid)

    def _acquire(self, stack: ExitStack) -> None:
        """Makes the directory and keeps other processes out of it, except other shards.

        Raises if another process runs the sweep, or has resumed it since it was read.
        """
        make_directory(self.directory, self.app.config)
        # New jobs of a changed sweep take the next numbers; two processes might use the same ones.
        shared = None if self.is_changed else self.options.slice
        stack.enter_context(sweep_lease(self.directory, shared, wait_for_stale=self.is_resume))
        before = self.plan
        if before is not None:
            current = read_plan(self.directory)
            if (current.sweep, current.earlier) != (before.sweep, before.earlier):
                raise SweepError(
                    f"another process has resumed the sweep in {self.directory} since this one"
                    " read it, and job numbers may have changed: run the command again."
                )

    def write(self) -> None:
        """Saves the sweep; raises if another one has started here in the meantime."""
        if self.plan is None and self.options.shard is not None:
            # Another shard may have started while this one checked its jobs.
            self.plan = _shared_plan(self.directory, self.text)
        if self.is_shard:
            return
        if self.plan is None:
            if not self.options.overwrite:
                refuse_used(self.directory)
            remove_sweep(self.directory / STATE_DIR)
        elif not self.is_same_sweep:
            log.info(
                f"The sweep in {self.directory} has changed. Completed jobs are kept and new ones"
                " run; jobs that had not run and are no longer in the sweep are dropped."
            )
        # Other shards read sweep.yaml first. If this process dies between the two writes, the file
        # does not match the plan, as in a changed sweep, whose jobs are found by their overrides.
        self._plan_file().write(self.directory)
        _files.write(self.directory / SWEEP, [self.text])
        config = OmegaConf.to_yaml(self.app.config)
        _files.write(self.directory / MULTIRUN, [config], durable=False)

    def note_first_job(self, job: Overrides, config: DictConfig) -> None:
        """Saves the config of the first job, for a resume to compare; see `changes`.

        A resumed sweep keeps the job that was first when the sweep started.
        """
        first = job, plain_config(config)
        if self.plan is not None:
            from params_proto.multirun.changes import recompose_first_job

            first = recompose_first_job(self.directory, self.app, first)
        text = json.dumps({"overrides": first[0], "config": first[1]})
        path = self.directory / STATE_DIR / COMPOSED
        _files.write(path, [text], durable=False, as_folder=True)

    def _plan_file(self) -> PlanFile:
        plan, app, arguments = self.request.plan, self.app, self.request.arguments
        before, selectors, places = self.plan, self.sweep_selectors, plan.expression.places
        plan_file = PlanFile(
            script=command_of(app),
            function=function_of(app.task_function),
            config_name=app.config.hydra.job.config_name,
            task=arguments,
            hydra=app.hydra_overrides,
            sweep_selectors=[line for line in arguments if line.partition("=")[0] in selectors],
            keys=plan.swept,
            groups=[key for key in plan.swept if plan.is_group(key)],
            derived=[strip_prefix(key) for key in places if places[key] == "derive"],
            jobs=plan.size,
            sweep=self.digest,
            earlier=0,
            created=now(),
            metric=self.options.metric,
            direction=self.options.direction,
        )
        if before is not None:
            earlier = before.earlier + (not self.is_same_sweep)
            plan_file = plan_file._replace(earlier=earlier, created=before.created)
            if self.is_saved:
                plan_file = plan_file._replace(task=before.task, hydra=before.hydra)
        return plan_file


def open_sweep(
    options: Options,
    arguments: Sequence[str],
    app: AppContext,
    target: ResumeTarget,
) -> SweepRun:
    """Reads and checks the requested sweep, except for its jobs."""
    plan = target.plan
    if options.overwrite and plan is not None:
        raise SweepError(
            "hydra.sweeper.overwrite=true and hydra.sweeper.resume cannot be combined. To rerun"
            " completed jobs, use hydra.sweeper.rerun=all."
        )
    # Before any job is composed, so that all jobs get the same resolved value, such as the time.
    directory = directory_of_sweep(app.config)
    # A key's value may differ by job.
    if _INTERPOLATED_KEY.search(unresolved_sweep_value(app.config)):
        set_sweep_dir(directory, app.config)
    if target.saved:
        text = _saved_text(directory)
        request = read_request(Options(), arguments, app, str((directory / SWEEP).absolute()))
        selectors = [line.partition("=")[0] for line in arguments]
    else:
        request = read_request(options, arguments, app, app.sweep)
        is_configured = app.config.hydra.sweeper.sweep is not None
        selectors = app.find_sweep_selectors(request.overrides) if is_configured else []
        text = saved_text(request.plan, selectors)
    _share_composition(options, app, request.plan)
    if plan is None and options.shard is not None:
        plan = _shared_plan(directory, text)
        if plan is not None:
            from params_proto.multirun.changes import check_same_function

            allowed = options.overwrite or options.resume_changed
            check_same_function(directory, plan.function, app.task_function, allowed)
    if plan is not None and options.metric in (None, plan.metric):
        direction = options.direction or plan.direction
        options = replace(options, metric=plan.metric, direction=direction)
    _check_directory(directory, options, app, plan)
    digest = hashlib.sha256(text.encode()).hexdigest()
    is_resume = target.plan is not None
    return SweepRun(
        options, app, directory, request, selectors, text, digest, plan, is_resume, target.saved
    )


def _share_composition(options: Options, app: AppContext, plan: Plan) -> None:
    """Makes the jobs compose from shared prefixes, where that can save time."""
    has_several = plan.has_more_than(1)
    if options.compose == "cached" and (has_several or app.has_config_files):
        app.cache_configs()
    if has_several:
        share_prefixes(app.loader)


def _check_directory(
    directory: Path, options: Options, app: AppContext, plan: PlanFile | None
) -> None:
    """Raises if the sweep cannot run in its directory, where `plan` is that of an earlier run."""
    if plan is not None:
        from params_proto.multirun.changes import refuse_changes

        refuse_changes(directory, app, options)
    elif options.overwrite:
        refuse_running(directory)
    else:
        refuse_used(directory)


def _saved_text(directory: Path) -> str:
    path = directory / SWEEP
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SweepError(f"{path} cannot be read: {error}.") from error


def _shared_plan(directory: Path, text: str) -> PlanFile | None:
    """The plan in the directory if it belongs to this very sweep, started by another shard."""
    is_same = has_plan(directory) and (directory / SWEEP).read_bytes() == text.encode()
    return read_plan(directory) if is_same else None
