"""Running a sweep: it is made ready, then launched batch by batch."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING

from params_proto._text import counted
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.executor import Executor
from params_proto.multirun.finish import Finish, leave_results
from params_proto.multirun.job_runner import JobRunner
from params_proto.multirun.options import Options
from params_proto.multirun.resume import Best, ResumeFilter, ResumeTarget
from params_proto.multirun.signals import (
    exit_on_interrupt,
    interrupts,
    refuse_timeout,
    runs_here,
)
from params_proto.multirun.sweep_dir import SweepRun, open_sweep
from params_proto.multirun.validation import AHEAD

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

log = logging.getLogger(__name__)

_NOT_BEGUN = "Interrupted: no job has started. The same command begins again."


def run(
    options: Options,
    arguments: Sequence[str],
    host: AppContext,
    launcher: Launcher,
    task: JobRunner,
    target: ResumeTarget,
) -> list[Sequence[JobReturn]]:
    """Runs every job.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        launcher: runs the jobs.
        task: what it runs.
        target: what a resume found.

    Returns:
        The returns of the jobs, batch by batch; none where there are more than 1,000.

    Raises:
        HydraException: a mistake in what is requested. It is found before anything is written or
            run, but for those of a sweep of more than 10,000 jobs, which are checked with their
            batch, and for a launcher that numbers its jobs in a way of its own.
        SystemExit: a job failed, the launcher did, or the sweep was interrupted; with
            `HYDRA_FULL_ERROR=1` what the first job raised that failed, or the launcher.
    """
    with ExitStack() as held:
        task.signals = signals = held.enter_context(interrupts())
        with reported_by_hydra(), exit_on_interrupt(_NOT_BEGUN):
            if options.dry_run == "json":
                from params_proto.multirun.dry_run import logged_aside

                held.enter_context(logged_aside())
            sweep_run = open_sweep(options, arguments, host, target)
            refuse_timeout(options.timeout, host.config)
            if options.dry_run not in (None, False):  # nothing, where a shell's variable is not set
                from params_proto.multirun.dry_run import dry_run

                dry_run(sweep_run, options.dry_run)
                return []
            sweep_run.prepare(held)
            if sweep_run.is_empty:
                return _nothing_to_run(sweep_run, sweep_run.remaining)
        if options.progress and not sweep_run.request.arguments:
            from params_proto.multirun.dry_run import show_what_can_be_swept

            show_what_can_be_swept(sweep_run)
        executor = Executor(sweep_run, launcher, task, sweep_run.configs)
        finish = Finish(sweep_run, executor, sweep_run.remaining)
        try:
            with _progress(sweep_run, executor, sweep_run.remaining):
                for batch in sweep_run.batches:
                    with reported_by_hydra():
                        executor.run(batch)
                    if signals.last is not None:
                        raise signals.last  # which a job took for its own
                    if executor.failures.too_many:
                        break
                if not sweep_run.is_shard:  # other shards of which take their own time
                    executor.elsewhere += (
                        sweep_run.remaining.elsewhere if sweep_run.remaining else []
                    )
                    with reported_by_hydra():
                        executor.wait()
        except KeyboardInterrupt as error:
            finish.interrupt(signals.last or error)
        except Exception as error:
            finish.stop(error)
            raise
        return finish.finish()


def _progress(
    run: SweepRun, executor: Executor, remaining: ResumeFilter | None
) -> AbstractContextManager[None]:
    """Within the block the progress is shown, if anybody wants to see it."""
    options, plan, part = run.options, run.request.plan, run.options.shard
    if not options.progress:
        return nullcontext()
    from params_proto.multirun.progress import Progress, is_terminal  # which a sweep may do without

    total = None
    if plan.size is not None or not plan.exceeds(AHEAD, part):  # without a look at many jobs
        numbers = range(plan.space.size)[slice(None) if part is None else part]
        total = numbers.index(numbers[-1]) + 1 if numbers else 0  # which len() may not say
    if total == 1 and not is_terminal(sys.stderr):
        return nullcontext()
    launcher = run.host.config.hydra.launcher
    best = Best(options.ranking) if remaining is None else remaining.best
    executor.progress = Progress(
        total,
        best,
        executor.records,
        remaining,
        looks=not runs_here(run.host.config),
        live="n_jobs" not in launcher,  # as joblib's has, whose workers write to the terminal
    )
    return executor.progress.watching()


def _nothing_to_run(
    sweep_run: SweepRun, remaining: ResumeFilter | None
) -> list[Sequence[JobReturn]]:
    """Of a sweep that has jobs, a part may have none, or they may all be done."""
    if remaining is not None and remaining.left_out:
        unfinished = (
            f" {remaining.unfinished} of them did not complete, and hydra.sweeper.rerun leaves that"
            " so."
            if remaining.unfinished
            else ""
        )
        log.info(
            f"Nothing is left to run: {counted(remaining.left_out)} in {sweep_run.directory}"
            f" {'has' if remaining.left_out == 1 else 'have'} been run.{unfinished}"
        )
        if sweep_run.is_same_sweep:  # the process may have died that was about to
            from params_proto.multirun.progress import write

            for line in leave_results(sweep_run, sweep_run.directory.absolute()):
                write(line)
        return []
    size = sweep_run.request.plan.space.size
    if not size:
        raise SweepError(
            "the sweep has no jobs: its exclude or where steps drop every config, or its file has"
            " no rows."
        )
    log.warning(
        f"hydra.sweeper.slice={sweep_run.options.slice} takes none of the sweep's {size} jobs."
    )
    return []
