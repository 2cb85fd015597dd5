"""Running a sweep: it is made ready, then launched batch by batch."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import TYPE_CHECKING

from params_proto.errors import SweepError
from params_proto.multirun.executor import Executor
from params_proto.multirun.finish import Finish, leave_results
from params_proto.multirun.host import AppContext
from params_proto.multirun.job_runner import JobRunner
from params_proto.multirun.jobs.composed import Composed
from params_proto.multirun.jobs.validation import AHEAD
from params_proto.multirun.mistakes import told_by_hydra
from params_proto.multirun.options import Options
from params_proto.multirun.ready import asked_for, make_ready
from params_proto.multirun.signals import exit_on_interrupt, interrupts, runs_here
from params_proto.multirun.start.beginning import SweepRun
from params_proto.multirun.start.opening import Opened
from params_proto.multirun.words import counted

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

    from params_proto.multirun.start.remaining import Remaining

log = logging.getLogger(__name__)

_NOT_BEGUN = "Interrupted: no job has started. The same command begins again."


def run(
    options: Options,
    arguments: Sequence[str],
    host: AppContext,
    launcher: Launcher,
    task: JobRunner,
    opened: Opened,
) -> list[Sequence[JobReturn]]:
    """Runs every job.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        launcher: runs the jobs.
        task: what it runs.
        opened: the sweep that goes on.

    Returns:
        The returns of the jobs, batch by batch; none where there are more than 1,000.

    Raises:
        BegunSinceError: it was to go on if there was one, and there is one since.
        HydraException: a mistake in what is asked for. It is found before anything is written or
            run, but for those of a sweep of more than 10,000 jobs, which are checked with their
            batch, and for a launcher that numbers its jobs in a way of its own.
        SystemExit: a job failed, the launcher did, or the sweep was interrupted; with
            `HYDRA_FULL_ERROR=1` what the first job raised that failed, or the launcher.
    """
    with ExitStack() as held:
        task.signals = signals = held.enter_context(interrupts())
        with told_by_hydra(), exit_on_interrupt(_NOT_BEGUN):
            composed = Composed()
            if options.dry_run == "json":
                from params_proto.multirun.dry_run import logged_aside

                held.enter_context(logged_aside())
            beginning = asked_for(options, arguments, host, opened, composed)
            if options.dry_run not in (None, False):  # nothing, where a shell's variable is not set
                from params_proto.multirun.dry_run import dry_run

                dry_run(beginning, host, options.dry_run)
                return []
            ready = make_ready(beginning, composed, held)
            if ready.empty:
                return _nothing_to_run(beginning, ready.remaining)
        if options.progress and not beginning.request.arguments:
            from params_proto.multirun.unswept import tell_what_can_be_swept

            tell_what_can_be_swept(beginning)
        executor = Executor(beginning, launcher, task, ready.configs)
        finish = Finish(beginning, executor, ready.remaining)
        try:
            with _progress(beginning, executor, ready.remaining):
                for batch in ready.batches:
                    with told_by_hydra():
                        executor.run(batch)
                    if signals.last is not None:
                        raise signals.last  # which a job took for its own
                    if executor.failures.too_many:
                        break
                if not beginning.joins:  # other shards of which take their own time
                    executor.elsewhere += ready.remaining.elsewhere if ready.remaining else []
                    with told_by_hydra():
                        executor.wait()
        except KeyboardInterrupt as error:
            finish.interrupt(signals.last or error)
        except Exception as error:
            finish.stop(error)
            raise
        return finish.finish()


def _progress(
    run: SweepRun, executor: Executor, remaining: Remaining | None
) -> AbstractContextManager[None]:
    """Within the block the progress is shown, if anybody wants to see it."""
    options, plan, part = run.options, run.request.plan, run.options.part
    if not options.progress:
        return nullcontext()
    from params_proto.multirun.progress import Progress, is_terminal  # which a sweep may do without
    from params_proto.multirun.start.best import Best

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


def _nothing_to_run(beginning: SweepRun, remaining: Remaining | None) -> list[Sequence[JobReturn]]:
    """Of a sweep that has jobs, a part may have none, or they may all be done."""
    if remaining is not None and remaining.left_out:
        unfinished = (
            f" {remaining.unfinished} of them did not complete, and hydra.sweeper.rerun leaves that"
            " so."
            if remaining.unfinished
            else ""
        )
        log.info(
            f"Nothing is left to run: {counted(remaining.left_out)} in {beginning.directory}"
            f" {'has' if remaining.left_out == 1 else 'have'} been run.{unfinished}"
        )
        if beginning.is_there:  # the process may have died that was about to
            from params_proto.multirun.progress import write

            beginning.remove_half_written()
            for line in leave_results(beginning, beginning.directory.absolute()):
                write(line)
        return []
    size = beginning.request.plan.space.size
    if not size:
        raise SweepError(
            "the sweep has no jobs: its exclude or where steps drop every config, or its file has"
            " no rows."
        )
    log.warning(
        f"hydra.sweeper.slice={beginning.options.slice} takes none of the sweep's {size} jobs."
    )
    return []
