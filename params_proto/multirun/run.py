"""Runs a sweep: prepares it, then launches it batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING

from params_proto._files import write_stderr
from params_proto._text import pluralize
from params_proto._values import length
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext, ResumeTarget
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.executor import Executor
from params_proto.multirun.finish import EarlyEnd, report_results
from params_proto.multirun.job_runner import JobRunner
from params_proto.multirun.options import Options
from params_proto.multirun.signals import (
    Interrupts,
    exit_on_interrupt,
    interrupts,
    is_basic_launcher,
    refuse_timeout,
)
from params_proto.multirun.sweep_dir import SweepRun, open_sweep
from params_proto.multirun.validation import MAX_CHECKED_AT_START

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

log = logging.getLogger(__name__)

_NOT_STARTED = "Interrupted: no job had started. Run the same command again."


def run(
    options: Options,
    arguments: Sequence[str],
    app: AppContext,
    launcher: Launcher,
    runner: JobRunner,
    target: ResumeTarget,
) -> list[Sequence[JobReturn]]:
    """Runs every job.

    Returns what the jobs returned, by batch; an empty list if there are more than 1,000. Mistakes
    are raised before anything is written or run, except in a sweep of more than 10,000 jobs, whose
    jobs are checked with their batch. A failure or interrupt exits; with `HYDRA_FULL_ERROR=1`, the
    first failed job's or the launcher's exception is raised.
    """
    is_dry = options.dry_run not in (None, False)  # None: an unset environment variable
    with ExitStack() as stack:
        runner.signals = signals = stack.enter_context(interrupts())
        with reported_by_hydra(), exit_on_interrupt(_NOT_STARTED):
            if options.dry_run == "json":
                from params_proto.multirun.dry_run import log_to_stderr

                stack.enter_context(log_to_stderr())
            sweep = open_sweep(options, arguments, app, target)
            if options.timeout is not None:
                refuse_timeout(options.timeout, app.config)
            if is_dry:
                from params_proto.multirun.dry_run import dry_run

                dry_run(sweep, options.dry_run)
                return []
            sweep.prepare(stack)
            if sweep.is_empty:
                report_nothing_to_run(sweep)
                return []
        executor = Executor(sweep, launcher, runner)
        finish = EarlyEnd(sweep, executor)
        try:
            with _progress(sweep, executor):
                _run_batches(sweep, executor, signals)
        except KeyboardInterrupt as error:
            finish.interrupt(signals.last or error)
        except Exception as error:
            finish.stop(error)
            raise
        return finish.finish()


def _run_batches(sweep: SweepRun, executor: Executor, signals: Interrupts) -> None:
    for batch in sweep.batches:
        with reported_by_hydra():
            executor.run(batch)
        if signals.last is not None:
            raise signals.last  # a job has caught it
        if executor.has_too_many_failures:
            break
    if not sweep.is_shard:  # other shards take their own time
        executor.elsewhere += sweep.resume_filter.elsewhere if sweep.resume_filter else []
        if executor.elsewhere:
            with reported_by_hydra():
                executor.wait()


def _progress(sweep: SweepRun, executor: Executor) -> AbstractContextManager[None]:
    """Shows the progress within the block, if the user wants to see it."""
    options, plan = sweep.options, sweep.request.plan
    if not options.progress:
        return nullcontext()
    total = None
    if plan.size is not None or not plan.has_more_than(
        MAX_CHECKED_AT_START
    ):  # counting them is cheap
        total = length(plan.numbers(options.shard))
    if total == 1:
        if not (plan.swept or sweep.request.arguments or sweep.is_resume):
            write_stderr(
                "Nothing is swept: one job runs. Give a key of the config several values on the"
                " command line, such as lr=0.1,0.01; --cfg job shows the config."
            )
        return nullcontext()
    from params_proto.multirun.progress import Progress
    from params_proto.multirun.resume import Best, ResumeFilter

    resume_filter = sweep.resume_filter or ResumeFilter(executor.records, Best(options.ranking))
    progress = Progress(
        total,
        resume_filter,
        polls=not is_basic_launcher(sweep.app.config),
        live="n_jobs" not in sweep.app.config.hydra.launcher,  # joblib's workers write as well
    )
    executor.on_launch, executor.on_change = progress.on_launch, progress.on_change
    return progress.watch()


def report_nothing_to_run(sweep: SweepRun) -> None:
    """Reports that no job is left to run; raises if the whole sweep has none."""
    resume_filter = sweep.resume_filter
    if resume_filter is not None and resume_filter.left_out:
        log.info(
            f"Nothing is left to run: {pluralize(resume_filter.left_out)} in {sweep.directory} ran,"
            f" {resume_filter.unfinished} of which did not complete; hydra.sweeper.rerun selects"
            " which of these run again."
        )
        if sweep.is_same_sweep:  # the process that ran it may have died before its end
            write_stderr(*report_results(sweep, sweep.directory.absolute()))
        return
    size = sweep.request.plan.space.size
    if not size:
        raise SweepError(
            "the sweep has no jobs: its exclude or where steps drop every config, or its file has"
            " no rows."
        )
    log.warning(
        f"hydra.sweeper.slice={sweep.options.slice} selects none of the sweep's {size} jobs."
    )
