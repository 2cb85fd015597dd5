"""A worker: claims jobs of a sweep one by one, runs each in its own process, and records it."""

from __future__ import annotations

import gc
import logging
import math
import os
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hydra.core.utils import JobReturn, run_job
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import open_dict
from omegaconf.errors import OmegaConfBaseException

from params_proto.compose import make_loader_of_copies, share_prefixes
from params_proto.compose.internals import callbacks_of
from params_proto.errors import SweepError
from params_proto.multirun.directories import output_directory, set_sweep_dir, subdir_override
from params_proto.multirun.job_runner import JobRunner, user_traceback
from params_proto.multirun.plan import Job
from params_proto.multirun.signals import interrupts
from params_proto.records import FAILURES, Failure, Record, Status
from params_proto.records.lock import POLL, STALE, WORKERS_SHARD, sweep_lease
from params_proto.records.manifest import STATE_DIR, UnreadableError, read_plan
from params_proto.records.record import now, read_record
from params_proto.workers import slurm
from params_proto.workers.job import RunningJob, set_running_job
from params_proto.workers.job_process import (
    EXIT_STOPPED,
    PARENT_VARIABLE,
    ClaimedJobStore,
    JobProcess,
    Supervisor,
    die_with_parent,
    fork_job,
    reason_not_to_fork,
    run_spawned_job,
    spawn_job,
)
from params_proto.workers.queue import JobQueue
from params_proto.workers.workers_dir import (
    WorkerSetup,
    cancel_queued,
    mark_ended,
    read_setup,
    read_stop,
)

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

ALL_COMPLETED, SOME_FAILED, JOBS_LEFT = 0, 1, 3
# Variables in a worker's environment: its time limit in seconds, and how often it may be requeued
# for a job that takes longer.
TIME_LIMIT = "PARAMS_PROTO_TIME_LIMIT"
MAX_TIMEOUTS = "PARAMS_PROTO_MAX_NUM_TIMEOUT"
_MAX_POLL = 2.0  # longest time between checks for a job to claim, in seconds
_STOP_POLL = 1.0  # seconds between checks for a stop request
# Seconds without a job after which a worker exits: long enough to notice that a machine was lost.
_MAX_IDLE = 2 * STALE


def run_worker(directory: Path, context: HydraContext, task: TaskFunction) -> NoReturn:
    """Runs jobs of a sweep until none is left or the worker has to stop.

    Args:
        directory: the sweep's directory.
        context: Hydra's context.
        task: the app's task function.

    Raises:
        SystemExit: always: 0 if everything completed, 1 if a job failed, 3 if jobs are left.
    """
    setup = read_setup(directory)
    sys.argv = list(setup.argv)
    worker = Worker(setup, context, task)
    run_spawned_job(worker.run_spawned)
    if parent := os.environ.pop(PARENT_VARIABLE, None):
        die_with_parent(int(parent), signal.SIGTERM)
    with ExitStack() as stack:
        stack.enter_context(sweep_lease(directory, WORKERS_SHARD))
        supervisor = stack.enter_context(Supervisor())
        worker.catch_signals()
        gc.collect()
        gc.freeze()  # otherwise the garbage collector in each fork would copy all shared pages
        status = worker.run(supervisor)
        log.info(f"The worker exits with status {status}.")
    if worker.should_requeue:
        slurm.requeue()
    raise SystemExit(status)


def _failure_of(error: Exception) -> Failure:
    return Failure(type(error).__name__, str(error), "")


class PreparedJob(NamedTuple):
    """A job with its composed config.

    Args:
        config: the job's config.
        output: the absolute path of its directory.
    """

    config: DictConfig
    output: Path


@dataclass(eq=False)
class Worker:
    """A worker of a sweep.

    Args:
        setup: the setup shared by the sweep's workers.
        context: Hydra's context.
        task: the app's task function.
        should_requeue: whether to requeue its Slurm task when it exits.
    """

    setup: WorkerSetup
    context: HydraContext
    task: TaskFunction
    should_requeue: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        setup, context = self.setup, self.context
        self._directory = Path(setup.directory)
        plan = read_plan(self._directory)
        search_path = [
            (element.partition("=")[0], element.partition("=")[2]) for element in setup.search_path
        ]
        copies = self._directory.absolute() / STATE_DIR / setup.configs
        context.config_loader = make_loader_of_copies(search_path, copies)
        self.config = context.config_loader.load_configuration(
            config_name=plan.config_name,
            overrides=[*plan.task, *setup.overrides],
            run_mode=RunMode.MULTIRUN,
        )
        if str(self.config.hydra.sweep.dir) != setup.directory:
            set_sweep_dir(self._directory, self.config)
        share_prefixes(context.config_loader)
        context.callbacks = callbacks_of(self.config)
        self._queue = JobQueue(self._directory, setup.retries)
        self._failures = setup.launch
        self._runner = JobRunner(self.task, self._directory.absolute())
        self._signal: int | None = None
        self._deadline = time.monotonic() + float(os.environ.pop(TIME_LIMIT, "inf"))
        self._jobs_run = 0
        self._was_cut_short = False  # whether the last job was interrupted without saving

    # --- the loop

    def run(self, supervisor: Supervisor) -> int:
        """Runs jobs until none is left or it has to stop; returns the worker's exit status."""
        idle_since = time.monotonic()
        while not self._must_stop():
            if self._run_next(supervisor):
                idle_since = time.monotonic()
                continue
            if self._queue.is_done:
                return self._finish_sweep()
            if time.monotonic() - idle_since > _MAX_IDLE:
                log.info(f"Idle for {_MAX_IDLE / 60:.0f} minutes: other workers run the last jobs.")
                return ALL_COMPLETED
            # The longer no job becomes ready, the less often the shared directory is read.
            time.sleep(min(max(POLL, time.monotonic() - idle_since), _MAX_POLL))
            self._queue.refresh()
        if next(self._queue.ready(), None) is None and self._queue.is_done:  # it ran the last job
            self.should_requeue = False
            return self._finish_sweep()
        self.should_requeue = self.should_requeue and self._has_requeues_left()
        return JOBS_LEFT

    def catch_signals(self) -> None:
        """Handles the signals that stop a worker, and SIGCHLD, so that a job's exit wakes it up."""
        for number in (signal.SIGTERM, signal.SIGINT, slurm.WARNING, signal.SIGCHLD):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        self._signal = self._signal or number
        # When Slurm cancels or preempts a task, also one that it has warned, it sends SIGTERM.
        self.should_requeue = number == slurm.WARNING and slurm.can_requeue(warned=True)

    def _must_stop(self) -> bool:
        """Whether to start no more jobs."""
        if self._signal is not None:
            log.info(f"Received {signal.Signals(self._signal).name}: starting no more jobs.")
            return True
        if read_stop(self._directory) is not None:
            log.info("The sweep has been stopped.")
            return True
        if self._failures.has_too_many_failures:
            log.info("Too many jobs have failed (hydra.sweeper.max_failures).")
            return True
        # The first job always starts: otherwise a requeued worker might never run one.
        longest = self._queue.longest
        if self._jobs_run and time.monotonic() + longest > self._deadline:
            log.info(f"Not enough time left for a job: the longest took {longest:.0f} s.")
            self.should_requeue = slurm.can_requeue(warned=False)
            return True
        return False

    def _has_requeues_left(self) -> bool:
        """Whether this worker may be requeued once more.

        If one job used up the whole time limit without saving, it would only start over. For such
        workers, hydra-submitit-launcher's max_num_timeout limits the requeues, if it is set.
        """
        limit = int(os.environ.get(MAX_TIMEOUTS, "0"))
        if (
            not limit
            or self._jobs_run > 1
            or not self._was_cut_short
            or slurm.restart_count() < limit
        ):
            return True
        log.warning(
            "Not requeued: the job takes longer than the time limit, and has been requeued as often"
            f" as hydra.launcher.max_num_timeout={limit} allows. Raise hydra.launcher.timeout_min,"
            " or have the job save a checkpoint once params_proto.job().stopping is set."
        )
        return False

    def _run_next(self, supervisor: Supervisor) -> bool:
        """Claims and runs the next job; returns whether there was one."""
        for queued, attempt in self._queue.ready():
            job = queued.job
            composed = self._compose_or_fail(job)
            if not isinstance(composed, Failure):
                job = job._replace(directory=self._runner.relative(composed.output))
            first = self._runner.first_record(job)
            record = self._queue.records.claim(first, queued.job.rerun_after, after=attempt)
            if record is not None:
                self._run(record, composed, queued.job.directory, supervisor)
                return True
        return False

    def _finish_sweep(self) -> int:
        """Writes the results; returns the worker's exit status.

        The first worker to finish a detached sweep also ends Hydra's multirun.
        """
        from params_proto.analysis.ranking import RETURN_VALUE, Ranking, summary
        from params_proto.analysis.rows import table_with_records, write_results

        table = table_with_records(self._directory)
        results = summary(table, Ranking.by(RETURN_VALUE, None))
        write_results(table, results.metrics)
        cancel_queued(self._directory)  # each would only start, and find no job
        if mark_ended(self._directory) and self.setup.detached:
            self.context.callbacks.on_multirun_end(
                config=self.config, config_name=self.config.hydra.job.config_name
            )
        completed = results.statuses[Status.COMPLETED.value]
        return ALL_COMPLETED if completed == results.statuses.total() else SOME_FAILED

    # --- one job

    def _run(
        self,
        record: Record,
        composed: PreparedJob | Failure,
        directory: str | None,
        supervisor: Supervisor,
    ) -> None:
        """Runs a claimed job, and records how it ended."""
        log.info(f"Job {record.job}, attempt {record.attempt}: {' '.join(record.overrides)}")
        start = time.monotonic()
        self._jobs_run += 1
        if record.failures:
            self._failures.forget_failure(record.job)
        with self._queue.records.keep_alive(record):
            try:
                process = self._start_process(record, composed, directory, supervisor)
            except OSError as error:  # the job's directory cannot be created
                process = _failure_of(error)
            if isinstance(process, Failure):
                final = record._replace(status=Status.FAILED, error=process)
            else:
                final = self._wait_for(process, record, start)
            seconds = round(time.monotonic() - start, 6)
            if final.ended is None:
                final = final._replace(ended=now(), duration=seconds)
            if final.status in FAILURES:
                self._failures.count_failure(record.job)
            self._queue.records.finish(final)
        if final.status is Status.COMPLETED:
            self._queue.longest = max(self._queue.longest, seconds)
        log.info(f"Job {record.job} {final.status.value} after {seconds:.1f} s.")

    def _compose_or_fail(self, job: Job) -> PreparedJob | Failure:
        try:
            return self._compose(job.overrides, job.number, job.directory)
        except (HydraException, OmegaConfBaseException, SweepError) as error:
            return _failure_of(error)

    def _compose(self, overrides: Sequence[str], number: int, directory: str | None) -> PreparedJob:
        subdir = [] if directory is None else [subdir_override(directory)]
        loader = self.context.config_loader
        config = loader.load_sweep_config(self.config, [*overrides, *subdir])
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        return PreparedJob(config, output_directory(config).absolute())

    def _start_process(
        self,
        record: Record,
        composed: PreparedJob | Failure,
        directory: str | None,
        supervisor: Supervisor,
    ) -> JobProcess | Failure:
        """Starts a job's process; returns the failure instead if the job could not be composed."""
        if isinstance(composed, Failure):
            return composed
        output = composed.output
        output.mkdir(parents=True, exist_ok=True)
        unsafe = reason_not_to_fork()
        if unsafe is None:
            return fork_job(
                lambda writer: self._run_job(record, composed, writer), output, supervisor
            )
        log.info(f"Running the job in a fresh interpreter: {unsafe}.")
        job = [record.text(), directory, self._deadline]
        return spawn_job(sys.orig_argv, job, output, supervisor)

    def run_spawned(self, writer: int, job: Sequence[Any]) -> None:
        """Runs the job that a worker has spawned this process for.

        Args:
            writer: file descriptor of the pipe for the final record.
            job: the record of the attempt, the directory of an earlier one, and the deadline.
        """
        record, directory, self._deadline = read_record(job[0]), job[1], job[2]
        self._run_job(record, self._compose(record.overrides, record.job, directory), writer)

    def _run_job(self, record: Record, composed: PreparedJob, writer: int) -> None:
        """Runs a job in the current process, and sends its final record to the worker."""
        timeout = math.inf if self.setup.timeout is None else self.setup.timeout
        end = min(self._deadline, time.monotonic() + timeout)
        deadline = None if end == math.inf else end
        set_running_job(RunningJob(record.job, record.attempt, composed.output, deadline))
        self._runner.adopt(ClaimedJobStore(self._directory.absolute(), record, writer))
        with interrupts() as signals:
            self._runner.signals = signals
            returned: JobReturn = run_job(
                hydra_context=self.context,
                task_function=self._runner,
                config=composed.config,
                job_dir_key="hydra.sweep.dir",
                job_subdir_key="hydra.sweep.subdir",
            )
        try:
            _ = returned.return_value
        except Exception as error:
            traceback.print_exception(type(error), error, user_traceback(error))

    def _wait_for(self, process: JobProcess, record: Record, start: float) -> Record:
        """Waits until a job has ended, and stops it when its time or the worker's runs out."""
        setup = self.setup
        timeout_at = math.inf if setup.timeout is None else start + setup.timeout
        deadline, kill_at = self._deadline, math.inf
        is_timeout = is_interrupted = False
        last_check = start  # of the stop file, which is not read at every signal
        while True:
            time_left = min(timeout_at, deadline, kill_at) - time.monotonic()
            status = process.wait(min(_STOP_POLL, time_left))
            if status is not None:
                break
            moment = time.monotonic()
            if moment >= kill_at:
                process.send_signal(signal.SIGKILL)
                kill_at = moment + _STOP_POLL
            elif kill_at == math.inf:
                is_stopped = False
                if moment >= last_check + _STOP_POLL:
                    last_check, is_stopped = moment, read_stop(self._directory) == "now"
                if is_stopped or self._signal or moment >= deadline:
                    is_interrupted = not process.received
                    process.send_signal(signal.SIGTERM, group=False)
                elif moment >= timeout_at:
                    is_timeout = not process.received
                    process.send_signal(signal.SIGTERM)
                else:
                    continue
                log.info(f"Stopping job {record.job}; it will be killed after {setup.grace:g} s.")
                kill_at, timeout_at, deadline = moment + setup.grace, math.inf, math.inf
        process.send_signal(signal.SIGKILL)  # to processes left behind, which may hold GPU memory
        if is_interrupted:
            self._was_cut_short = status != EXIT_STOPPED
            return record._replace(status=Status.INTERRUPTED)
        if is_timeout:
            text = f"the job took longer than hydra.sweeper.timeout={setup.timeout:g} seconds"
            return record._replace(status=Status.FAILED, error=Failure("TimeoutError", text, ""))
        return self._outcome(record, status, process.received)

    def _outcome(self, record: Record, status: int, received: bytearray) -> Record:
        """The final record of a job whose process was not stopped by this worker."""
        sent = None
        with suppress(UnreadableError):
            sent = read_record(bytes(received))
        if sent is not None and sent.status is not Status.INTERRUPTED:
            return sent
        number = -status if status < 0 else status - 128
        if sent is not None and status == EXIT_STOPPED:
            number = signal.SIGTERM
        if number in (signal.SIGINT, signal.SIGTERM, slurm.WARNING):
            # A cluster signals all processes, and the job may have ended before the worker noticed.
            time.sleep(_STOP_POLL)
            if self._signal is not None:
                return record._replace(status=Status.INTERRUPTED)
        if status < 0 or sent is not None:
            name = _signal_name(number)
            failure = Failure(name, f"its process was killed by {name}", "")
        else:
            failure = Failure("ExitStatus", f"its process exited with status {status}", "")
        return record._replace(status=Status.CRASHED, error=failure)


def _signal_name(number: int) -> str:
    """The name of a signal, or its number if it is a real-time signal without a name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
