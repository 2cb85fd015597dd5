"""A sweep for workers: checked and written down as any sweep, then started, and watched."""

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

from params_proto._text import pluralize
from params_proto.compose.internals import without_callbacks
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext
from params_proto.multirun.errors import reported_by_hydra, write
from params_proto.multirun.finish import Finish, report_results
from params_proto.multirun.options import Options
from params_proto.multirun.resume import ResumeTarget
from params_proto.multirun.resume_command import command_of, python, without_configs
from params_proto.multirun.run import report_nothing_to_run
from params_proto.multirun.signals import exit_on_interrupt, interrupts
from params_proto.multirun.sweep_dir import SweepRun, open_sweep
from params_proto.records import JobStore, Record
from params_proto.records.lock import share_lease
from params_proto.records.manifest import FAILED, OWN, WORKERS
from params_proto.workers import gpus
from params_proto.workers.engines import Engine, LocalEngine, engine_of
from params_proto.workers.queue import QueuedJob, add, failures
from params_proto.workers.setup import (
    Setup,
    finish_command,
    folder,
    is_stopped,
    last_log,
    read_setup,
)
from params_proto.workers.watch import Watch
from params_proto.workers.worker import SOME_LEFT

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext

log = logging.getLogger(__name__)

TASK = "task.pkl"
launched_task: ContextVar[bytes | None] = ContextVar("params_proto_launched_task", default=None)

ENDING = (
    "Interrupted: stopping the workers; their jobs are killed after {:g} s, or at another Ctrl-C."
)
_LINES = 10  # of the log of a worker that has left jobs
_NOT_STARTED = "Interrupted: no worker has started. The same command begins again."


def run_by_workers(
    options: Options,
    arguments: Sequence[str],
    app: AppContext,
    context: HydraContext,
    target: ResumeTarget,
) -> list[Sequence[JobReturn]]:
    """Runs every job by workers; see `multirun.run`.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        app: the composed app.
        context: Hydra's.
        target: what a resume found.

    Returns:
        Nothing: what jobs return is in their records.

    Raises:
        HydraException: a mistake in what is requested, or no worker can be started.
        SystemExit: a job failed, or jobs are left, or the sweep was interrupted.
    """
    with ExitStack() as stack:
        signals = stack.enter_context(interrupts())
        with reported_by_hydra(), exit_on_interrupt(_NOT_STARTED):
            engine, environments = _engine(options, app)
            command = _command(app)
            sweep = open_sweep(options, arguments, app, target)
            sweep.prepare(stack)
            if sweep.is_empty:
                report_nothing_to_run(sweep)
                return []
            setup = _write_setup(sweep, command)
            share_lease(sweep.directory, WORKERS)
            try:
                what = engine.start(setup, environments)
            except SweepError as error:
                raise SweepError(
                    f"{error} The sweep is in {sweep.directory}, and none of its jobs has run:"
                    f" {finish_command(sweep.directory)} runs them."
                ) from error
            except KeyboardInterrupt as error:
                _interrupt(sweep, setup, engine, error)
        if not options.wait:
            write(
                f"{what} for the sweep in {setup.directory}, which continues without this command:"
            )
            write(*_commands(setup))
            without_callbacks(context)  # the multirun ends with the last worker
            return []
        left = (
            "keep running if this command is killed"
            if engine.can_leave
            else "end with this command"
        )
        log.info(f"{what} for {sweep.directory}; they {left}.")
        watch = Watch(sweep.directory, options.ranking, bool(options.progress), engine.has_workers)
        try:
            watch.run()
        except KeyboardInterrupt as error:
            _interrupt(sweep, setup, engine, signals.last or error)
        return _finish(sweep, setup, watch)


def _engine(options: Options, app: AppContext) -> tuple[Engine, list[Mapping[str, str]]]:
    """Where the workers run, and the environment of each.

    Raises:
        SweepError: they cannot be had.
    """
    if options.workers is None and options.gpus is None:
        raise SweepError(
            "hydra.sweeper.wait=false needs workers: give hydra.sweeper.workers or gpus, or leave"
            " it out."
        )
    engine = engine_of(app.config)
    if not options.wait and not engine.can_leave:
        raise SweepError(
            "hydra.sweeper.wait=false: Ray ends what a command has started when the command ends."
            " Leave it out, and give the whole command to Ray: ray job submit --no-wait --"
            " python train.py -m ..."
        )
    if options.gpus is not None and not isinstance(engine, LocalEngine):
        raise SweepError(
            "hydra.sweeper.gpus is for workers on this machine. A cluster gives each worker its"
            " GPUs by the launcher's own options: hydra.launcher.gpus_per_node=1, or for Ray"
            " +hydra.launcher.ray.remote.num_gpus=1."
        )
    return engine, environments_of(options.gpus, options.jobs_per_gpu, options.workers)


def environments_of(
    gpus_given: object,
    jobs_per_gpu: int,
    workers: int | None,
    in_use: Mapping[str, int] | None = None,
) -> list[Mapping[str, str]]:
    """The environment of each worker: of this machine's GPUs, if it gets any, a slot of its own.

    Args:
        gpus_given: which GPUs; None for none.
        jobs_per_gpu: how many slots each has.
        workers: how many; None for as many as there are slots, or one.
        in_use: how many slots of each GPU other workers have.

    Raises:
        SweepError: there are more workers than slots.
    """
    if gpus_given is None:
        if jobs_per_gpu != 1:
            raise SweepError(
                f"hydra.sweeper.jobs_per_gpu={jobs_per_gpu} needs hydra.sweeper.gpus: auto, a"
                " number of GPUs, or a list of them, [0,1]."
            )
        if workers is not None and workers < 1:
            raise SweepError(
                f"hydra.sweeper.workers={workers} is not a number of workers: 1 or more."
            )
        return [dict[str, str]() for _ in range(workers or 1)]
    slots = gpus.slots(gpus_given, jobs_per_gpu, in_use)
    if workers is not None and workers > len(slots):
        raise SweepError(
            f"hydra.sweeper.workers={workers}: there are {len(slots)} slots free, {jobs_per_gpu} on"
            " each GPU. Leave workers out, or give a higher hydra.sweeper.jobs_per_gpu."
        )
    return [{gpus.VARIABLE: slot} for slot in slots[:workers]]


def _command(app: AppContext) -> list[str]:
    """The command of a worker, up to its options.

    Raises:
        SweepError: no command starts the app.
    """
    if launched_task.get() is not None:
        return [sys.executable, "-m", "params_proto.python.worker"]
    start = command_of(app)
    if not start:
        raise SweepError(
            "hydra.sweeper.workers: a worker runs the app's own command, and this sweep was"
            " not started by one. Start it by python train.py -m, or by Sweep.launch."
        )
    start[0] = sys.executable if start[0] == python() else start[0]
    return without_configs(start)


def _write_setup(sweep: SweepRun, command: list[str]) -> Setup:
    """Writes what the workers need beside the sweep itself."""
    options, failed = sweep.options, f"{FAILED}/{uuid4().hex}"
    setup = Setup(
        command=command,
        argv=sys.argv,
        search_path=[
            f"{one.provider}={one.path}" for one in sweep.app.loader.get_search_path().get_path()
        ],
        overrides=sweep.app.hydra_overrides,
        cwd=os.getcwd(),
        directory=str(sweep.directory),
        configs=sweep.configs.name,
        failures=failed,
        gpus=_gpu_options(options),
        retries=options.retries,
        max_failures=options.max_failures,
        timeout=options.timeout,
        grace=options.grace,
        detached=not options.wait,
    )
    task = launched_task.get()
    if task is not None:
        (sweep.directory / OWN / TASK).write_bytes(task)
    setup.write()
    is_whole = sweep.options.slice is None or sweep.is_changed
    add(sweep.directory, _jobs_to_queue(sweep), replace=is_whole)
    return setup


def _jobs_to_queue(sweep: SweepRun) -> Iterator[QueuedJob]:
    records = JobStore(sweep.directory)
    for batch in sweep.batches:
        for job in batch.all:
            yield QueuedJob(job, failures(records.read(job.number)) if sweep.plan else 0)


def _gpu_options(options: Options) -> list[str]:
    """The choice of GPUs as options of `params-proto work`."""
    if options.gpus is None:
        return []
    given = re.sub("[ ']", "", str(options.gpus))
    more = ["--jobs-per-gpu", str(options.jobs_per_gpu)] if options.jobs_per_gpu > 1 else []
    return ["--gpus", given, *more]


def _commands(setup: Setup) -> tuple[str, ...]:
    """What a user can do from here on."""
    directory = shlex.quote(setup.directory)
    return (
        f"  params-proto watch {directory}    shows its progress",
        f"  {finish_command(Path(setup.directory))}     adds a worker",
        f"  params-proto stop {directory}     starts no more jobs",
    )


# --- the end


@dataclass(eq=False)
class _WorkersOutcome:
    """The `Outcome` of jobs that workers have run."""

    records: JobStore
    failures: dict[int, Record]
    has_too_many_failures: bool
    first_failure: tuple[int, Exception | None] | None
    returns: list[Sequence[JobReturn]] = field(default_factory=list["Sequence[JobReturn]"])


class _WorkersFinish(Finish):
    """The end of a sweep whose jobs workers have run."""

    def _resume_hint(self, *, cut_short: bool) -> str:
        return finish_hint(self.run.directory, rerun=True)


def _finish(sweep: SweepRun, setup: Setup, watch: Watch) -> list[Sequence[JobReturn]]:
    """Shows how the sweep has ended.

    Raises:
        SystemExit: a job failed, or jobs are left.
    """
    there, launch = sweep.directory.absolute(), setup.launch
    stops = launch.has_too_many_failures
    if watch.left and not stops:
        write(*report_results(sweep, there))
        log.error(left_text(sweep.directory, watch))
        if sweep.app.launched is not None:
            return []
        raise SystemExit(SOME_LEFT)
    first = (min(watch.failures), None) if watch.failures else None
    outcome = _WorkersOutcome(JobStore(there), watch.failures, stops, first)
    return _WorkersFinish(sweep, outcome).finish()


def left_text(directory: Path, watch: Watch) -> str:
    """Says that jobs are left in a sweep's directory, and why, and how to finish them."""
    jobs = pluralize(len(watch.left))
    has_too_many = read_setup(directory).launch.has_too_many_failures
    if is_stopped(directory) is not None:
        lines = [f"{jobs} left: the sweep has been stopped."]
    elif has_too_many:
        lines = [f"{jobs} left: too many have failed (hydra.sweeper.max_failures)."]
    else:
        lines = [f"{jobs} left, and no worker is running.", *_last_words(directory)]
    return "\n".join([*lines, finish_hint(directory, rerun=has_too_many)])


def finish_hint(directory: Path, *, rerun: bool = False) -> str:
    """Says how to finish a sweep; see `finish_command`."""
    return f"Finish the sweep with: {finish_command(directory, rerun=rerun)}"


def _last_words(directory: Path) -> list[str]:
    """The end of the log of the worker that was the last to write to it."""
    log = last_log(directory)
    if log is None:
        return [
            f"No worker has written to {folder(directory)} yet: do its machine and this one see the"
            " same directory?"
        ]
    lines = log.read_text(errors="replace").splitlines()
    shown = [line for line in lines if line and "HYDRA_FULL_ERROR" not in line]  # Hydra's own hint
    return [
        f"The log of the last worker, {log}, ends with",
        *(f"  {one}" for one in shown[-_LINES:]),
    ]


def _interrupt(sweep: SweepRun, setup: Setup, engine: Engine, error: KeyboardInterrupt) -> NoReturn:
    """Ends the workers, and says how to continue."""
    with exit_on_interrupt():
        write(ENDING.format(setup.grace))
        engine.end(setup)
        write(*report_results(sweep, Path(sweep.directory).absolute()))
        log.error(finish_hint(sweep.directory))
        raise error
