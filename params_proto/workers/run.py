"""Runs a sweep with workers: prepares it like any other, starts workers, and watches them."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

from params_proto._files import write_stderr
from params_proto._text import pluralize
from params_proto.compose.internals import without_callbacks
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.finish import Finish, report_results
from params_proto.multirun.options import Options
from params_proto.multirun.resume import ResumeTarget
from params_proto.multirun.resume_command import command_of, python, without_configs
from params_proto.multirun.run import report_nothing_to_run
from params_proto.multirun.signals import exit_on_interrupt, interrupts
from params_proto.multirun.sweep_dir import SweepRun, open_sweep
from params_proto.records import JobStore, Record
from params_proto.records.lock import WORKERS_SHARD, share_lease
from params_proto.records.manifest import FAILED_DIR, STATE_DIR
from params_proto.workers import gpus
from params_proto.workers.engines import Engine, LocalEngine, engine_for
from params_proto.workers.queue import QueuedJob, enqueue
from params_proto.workers.watch import Watcher
from params_proto.workers.worker import JOBS_LEFT
from params_proto.workers.workers_dir import (
    WorkerSetup,
    finish_command,
    has_ended,
    latest_log,
    read_handles,
    read_setup,
    read_stop,
    workers_dir,
)

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext

log = logging.getLogger(__name__)

TASK = "task.pkl"
# What `Sweep.launch` runs, pickled, and the module whose `python -m` unpickles and runs it.
launched_task: ContextVar[tuple[str, bytes] | None] = ContextVar(
    "params_proto_launched_task", default=None
)

STOPPING = (
    "Interrupted: stopping the workers. Their jobs will be killed in {:g} s, or if you press Ctrl-C"
    " again."
)
_LOG_LINES = 10  # shown of the last worker's log if jobs are left
_NOT_STARTED = "Interrupted: no worker was started. Run the same command to start over."


def run_with_workers(
    options: Options,
    arguments: Sequence[str],
    app: AppContext,
    context: HydraContext,
    target: ResumeTarget,
) -> list[Sequence[JobReturn]]:
    """Runs the jobs of a sweep with workers, where `multirun.run` uses a launcher.

    Args:
        options: the sweeper's options.
        arguments: the command line's overrides.
        app: the composed app.
        context: Hydra's context.
        target: the sweep to resume, if any.

    Returns:
        An empty list: the jobs' return values are in their records.

    Raises:
        HydraException: the request has mistakes, or the workers could not be started.
        SystemExit: a job failed, jobs are left, or the sweep was interrupted.
    """
    with ExitStack() as stack:
        signals = stack.enter_context(interrupts())
        with reported_by_hydra(), exit_on_interrupt(_NOT_STARTED):
            engine, environments = _choose_engine(options, app)
            command = _worker_command(app)
            sweep = open_sweep(options, arguments, app, target)
            sweep.prepare(stack)
            if sweep.is_empty:
                report_nothing_to_run(sweep)
                return []
            _refuse_started_workers(sweep)
            setup = _write_setup(sweep, command)
            share_lease(sweep.directory, WORKERS_SHARD)
            try:
                started = engine.start(setup, environments)
            except SweepError as error:
                raise SweepError(
                    f"{error} No job has run. To submit the workers again, add"
                    " hydra.sweeper.resume=true to the command. To run the jobs on this machine:"
                    f" {finish_command(sweep.directory)}"
                ) from error
            except KeyboardInterrupt as error:
                _interrupt(sweep, setup, engine, error)
        if not options.wait:
            write_stderr(
                f"{started} for the sweep in {setup.directory}, which continues without this"
                " command:"
            )
            write_stderr(*_next_commands(setup))
            without_callbacks(context)  # the last worker ends the multirun
            return []
        lifetime = (
            "keep running if this command is killed"
            if engine.can_detach
            else "end with this command"
        )
        log.info(f"{started} for {sweep.directory}; they {lifetime}.")
        watcher = Watcher(
            sweep.directory, options.ranking, bool(options.progress), engine.has_workers
        )
        try:
            watcher.run()
        except KeyboardInterrupt as error:
            _interrupt(sweep, setup, engine, signals.last or error)
        return _finish(sweep, setup, watcher)


def _choose_engine(options: Options, app: AppContext) -> tuple[Engine, list[Mapping[str, str]]]:
    """The engine that starts the workers, and the environment of each worker.

    Raises:
        SweepError: the options contradict each other or the launcher.
    """
    if not options.wait and options.workers is None and options.gpus is None:
        raise SweepError(
            "hydra.sweeper.wait=false needs workers: set hydra.sweeper.workers or gpus, or leave"
            " wait out."
        )
    engine = engine_for(app.config, options.grace)
    if not options.wait and not engine.can_detach:
        raise SweepError(
            "hydra.sweeper.wait=false: Ray ends a command's tasks when the command exits. Leave"
            " wait out, and submit the whole command to Ray: ray job submit --no-wait --"
            " python train.py -m ..."
        )
    if options.gpus is not None and not isinstance(engine, LocalEngine):
        raise SweepError(
            "hydra.sweeper.gpus is for workers on this machine. On a cluster, request GPUs with"
            " the launcher's options: hydra.launcher.gpus_per_node=1, or for Ray"
            " +hydra.launcher.ray.remote.num_gpus=1."
        )
    return engine, worker_environments(options.gpus, options.jobs_per_gpu, options.workers)


def worker_environments(
    gpu_option: object,
    jobs_per_gpu: int,
    workers: int | None,
    in_use: Mapping[str, int] | None = None,
) -> list[Mapping[str, str]]:
    """The environment variables of each worker, which assign it a GPU if the sweep uses any.

    Args:
        gpu_option: `hydra.sweeper.gpus`; None to assign no GPUs.
        jobs_per_gpu: number of slots per GPU.
        workers: number of workers; None for one per slot, or one in all without GPUs.
        in_use: number of slots per GPU taken by other workers.

    Raises:
        SweepError: there are more workers than slots.
    """
    if gpu_option is None:
        if jobs_per_gpu != 1:
            raise SweepError(
                f"hydra.sweeper.jobs_per_gpu={jobs_per_gpu} needs hydra.sweeper.gpus: auto, a"
                " number of GPUs, or a list such as [0,1]."
            )
        return [dict[str, str]() for _ in range(workers or 1)]
    slots = gpus.gpu_slots(gpu_option, jobs_per_gpu, in_use)
    if workers is not None and workers > len(slots):
        raise SweepError(
            f"hydra.sweeper.workers={workers}: there are only {pluralize(len(slots), 'free slot')},"
            f" with {jobs_per_gpu} per GPU. Leave workers out, or raise hydra.sweeper.jobs_per_gpu."
        )
    return [{gpus.VARIABLE: slot} for slot in slots[:workers]]


def _refuse_started_workers(sweep: SweepRun) -> None:
    """Raises if earlier workers run the same jobs, also while they are queued or start."""
    is_exclusive = sweep.options.slice is None and not has_ended(sweep.directory)
    if is_exclusive and any(handle.is_alive for handle in read_handles(sweep.directory)):
        raise SweepError(
            f"the sweep in {sweep.directory} has workers already. Watch them (params-proto watch"
            f" {sweep.directory}), or stop them (params-proto stop {sweep.directory}) before you"
            " resume it."
        )


def _worker_command(app: AppContext) -> list[str]:
    """The command of a worker, without its options.

    Raises:
        SweepError: the sweep was not started by a command that can be repeated.
    """
    launched = launched_task.get()
    if launched is not None:
        return [sys.executable, "-m", launched[0]]
    start = command_of(app)
    if not start:
        raise SweepError(
            "hydra.sweeper.workers: a worker runs the app's own command, but this sweep was not"
            " started by one. Start it with python train.py -m or with Sweep.launch."
        )
    start[0] = sys.executable if start[0] == python() else start[0]
    return without_configs(start)


def _write_setup(sweep: SweepRun, command: list[str]) -> WorkerSetup:
    """Writes what the workers need: their setup, a pickled task, and the queue of jobs."""
    options, failures = sweep.options, f"{FAILED_DIR}/{uuid4().hex}"
    setup = WorkerSetup(
        command=command,
        argv=sys.argv,
        search_path=[
            f"{element.provider}={element.path}"
            for element in sweep.app.loader.get_search_path().get_path()
        ],
        overrides=sweep.app.hydra_overrides,
        cwd=os.getcwd(),
        directory=str(sweep.directory),
        configs=sweep.configs.name,
        failures=failures,
        gpus=_gpu_options(options),
        retries=options.retries,
        max_failures=options.max_failures,
        timeout=options.timeout,
        grace=options.grace,
        detached=not options.wait,
    )
    launched = launched_task.get()
    if launched is not None:
        (sweep.directory / STATE_DIR / TASK).write_bytes(launched[1])
    setup.write()
    is_complete = sweep.options.slice is None or sweep.is_changed
    enqueue(sweep.directory, _jobs_to_queue(sweep), replace=is_complete)
    return setup


def _jobs_to_queue(sweep: SweepRun) -> Iterator[QueuedJob]:
    records = JobStore(sweep.directory)
    for batch in sweep.batches:
        for job in batch.all:
            record = records.read(job.number) if sweep.plan else None
            yield QueuedJob(job, record.failed_attempts if record else 0)


def _gpu_options(options: Options) -> list[str]:
    """The options `gpus` and `jobs_per_gpu` as options of `params-proto work`."""
    if options.gpus is None:
        return []
    names = re.sub("[ ']", "", str(options.gpus))
    per_gpu = ["--jobs-per-gpu", str(options.jobs_per_gpu)] if options.jobs_per_gpu > 1 else []
    return ["--gpus", names, *per_gpu]


def _next_commands(setup: WorkerSetup) -> tuple[str, ...]:
    """The commands that watch, extend and stop the sweep."""
    directory = shlex.quote(setup.directory)
    return (
        f"  params-proto watch {directory}    shows its progress",
        f"  {finish_command(Path(setup.directory))}     adds a worker",
        f"  params-proto stop {directory}     starts no more jobs",
    )


# --- the end


@dataclass(eq=False)
class _WorkersOutcome:
    """The `Outcome` of jobs run by workers."""

    records: JobStore
    failures: dict[int, Record]
    has_too_many_failures: bool
    first_failure: tuple[int, Exception | None] | None
    returns: list[Sequence[JobReturn]] = field(default_factory=list["Sequence[JobReturn]"])


class _WorkersFinish(Finish):
    """The end of a sweep whose jobs were run by workers."""

    def _resume_hint(self, *, cut_short: bool) -> str:
        return finish_hint(self.run.directory, rerun=True)


def _finish(sweep: SweepRun, setup: WorkerSetup, watcher: Watcher) -> list[Sequence[JobReturn]]:
    """Reports the results, and exits with the sweep's status if not all jobs completed.

    Raises:
        SystemExit: a job failed, or jobs are left.
    """
    directory, launch = sweep.directory.absolute(), setup.launch
    has_too_many = launch.has_too_many_failures
    if watcher.remaining and not has_too_many:
        write_stderr(*report_results(sweep, directory))
        log.error(jobs_left_message(sweep.directory, watcher))
        if sweep.app.launched is not None:
            return []
        raise SystemExit(JOBS_LEFT)
    first = (min(watcher.failures), None) if watcher.failures else None
    outcome = _WorkersOutcome(JobStore(directory), watcher.failures, has_too_many, first)
    return _WorkersFinish(sweep, outcome).finish()


def jobs_left_message(directory: Path, watcher: Watcher) -> str:
    """The message that jobs are left, why, and which command finishes the sweep."""
    jobs = pluralize(len(watcher.remaining))
    has_too_many = read_setup(directory).launch.has_too_many_failures
    if read_stop(directory) is not None:
        lines = [f"{jobs} left: the sweep has been stopped."]
    elif has_too_many:
        lines = [f"{jobs} left: too many have failed (hydra.sweeper.max_failures)."]
    else:
        lines = [f"{jobs} left, but no worker is running.", *_last_log_lines(directory)]
    return "\n".join([*lines, finish_hint(directory, rerun=has_too_many)])


def finish_hint(directory: Path, *, rerun: bool = False) -> str:
    """A line with the command that finishes a sweep; see `finish_command`."""
    return f"Finish the sweep with: {finish_command(directory, rerun=rerun)}"


def _last_log_lines(directory: Path) -> list[str]:
    """The last lines of the most recently written worker log."""
    log = latest_log(directory)
    if log is None:
        return [
            f"No worker has written to {workers_dir(directory)} yet. Can the workers' machines see"
            " this directory?"
        ]
    lines = log.read_text(errors="replace").splitlines()
    shown = [line for line in lines if line and "HYDRA_FULL_ERROR" not in line]  # Hydra's own hint
    return [
        f"The last worker's log, {log}, ends with:",
        *(f"  {line}" for line in shown[-_LOG_LINES:]),
    ]


def _interrupt(
    sweep: SweepRun, setup: WorkerSetup, engine: Engine, error: KeyboardInterrupt
) -> NoReturn:
    """Terminates the workers, and reports the results and how to finish the sweep."""
    with exit_on_interrupt():
        write_stderr(STOPPING.format(setup.grace))
        engine.terminate(setup)
        write_stderr(*report_results(sweep, Path(sweep.directory).absolute()))
        log.error(finish_hint(sweep.directory))
        raise error
