"""A worker: it claims a job of a sweep, runs it in a process of its own, and records the end."""

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
from params_proto.records import Failure, Record, Status
from params_proto.records.lock import POLL, STALE, sweep_lease
from params_proto.records.manifest import OWN, UnreadableError, read_plan
from params_proto.records.record import now, read_record
from params_proto.workers import job as running
from params_proto.workers import slurm
from params_proto.workers.job_process import (
    END_WITH,
    SAVED,
    ClaimedJob,
    JobProcess,
    Supervisor,
    end_with,
    fork,
    in_fresh_process,
    start,
    unsafe_to_fork,
)
from params_proto.workers.queue import Queue
from params_proto.workers.setup import (
    Setup,
    is_first_to_end,
    is_stopped,
    read_setup,
)

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

ALL_DONE, SOME_FAILED, SOME_LEFT = 0, 1, 3
# In a worker's environment: how many seconds it may take, and how many times it may start again
# after jobs that did not fit into them.
TIME_LIMIT = "PARAMS_PROTO_TIME_LIMIT"
MOST_TIMEOUTS = "PARAMS_PROTO_MAX_NUM_TIMEOUT"
_LOOK_IDLE = 2.0  # seconds between two looks for a job, at the most
_LOOK = 1.0  # seconds between two looks at the stop file
# Seconds without a job after which a worker ends: enough to find that a machine was lost.
_IDLE = 2 * STALE


def work(directory: Path, context: HydraContext, task: TaskFunction) -> NoReturn:
    """Runs jobs of a sweep until none is left, or the worker is to end.

    Args:
        directory: the sweep's.
        context: Hydra's.
        task: what the jobs run.

    Raises:
        SystemExit: always: 0 if everything completed, 1 if a job failed, 3 if jobs are left.
    """
    setup = read_setup(directory)
    sys.argv = list(setup.argv)
    worker = Worker(setup, context, task)
    in_fresh_process(worker.run_in_fresh_process)
    if parent := os.environ.pop(END_WITH, None):
        end_with(int(parent), signal.SIGTERM)
    with ExitStack() as stack:
        stack.enter_context(sweep_lease(directory, "workers"))
        supervisor = stack.enter_context(Supervisor())
        worker.catch_signals()
        gc.collect()
        gc.freeze()  # a job would copy the pages of all objects that its collector looks at
        status = worker.run(supervisor)
        log.info(f"The worker ends with status {status}.")
    if worker.requeues:
        slurm.requeue()
    raise SystemExit(status)


def _failure_of(error: Exception) -> Failure:
    return Failure(type(error).__name__, str(error), "")


class Composed(NamedTuple):
    """A job that is composed.

    Args:
        config: its own.
        output: its directory, absolute.
    """

    config: DictConfig
    output: Path


@dataclass(eq=False)
class Worker:
    """A worker of a sweep.

    Args:
        setup: of the workers.
        context: Hydra's.
        task: what the jobs run.
    """

    setup: Setup
    context: HydraContext
    task: TaskFunction
    requeues: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        setup, context = self.setup, self.context
        self._directory = Path(setup.directory)
        plan = read_plan(self._directory)
        places = [(one.partition("=")[0], one.partition("=")[2]) for one in setup.search_path]
        copies = self._directory.absolute() / OWN / setup.configs
        context.config_loader = make_loader_of_copies(places, copies)
        self.config = context.config_loader.load_configuration(
            config_name=plan.config_name,
            overrides=[*plan.task, *setup.overrides],
            run_mode=RunMode.MULTIRUN,
        )
        if str(self.config.hydra.sweep.dir) != setup.directory:
            set_sweep_dir(self._directory, self.config)
        share_prefixes(context.config_loader)
        context.callbacks = callbacks_of(self.config)
        self._queue = Queue(self._directory, setup.retries)
        self._failures = setup.launch
        self._runner = JobRunner(self.task, self._directory.absolute())
        self._signal: int | None = None
        self._deadline = time.monotonic() + float(os.environ.pop(TIME_LIMIT, "inf"))
        self._ran = 0  # jobs
        self._is_cut_short = False  # whether the last one was interrupted, and has not saved

    # --- the loop

    def run(self, supervisor: Supervisor) -> int:
        """Runs jobs until none is left, or it is to end; the exit status of the worker."""
        idle_since = time.monotonic()
        while not self._is_to_end():
            if self._run_next(supervisor):
                idle_since = time.monotonic()
                continue
            if self._queue.is_done:
                return self._end()
            if time.monotonic() - idle_since > _IDLE:
                log.info(
                    f"Idle for {_IDLE / 60:.0f} minutes while other workers run the last jobs."
                )
                return ALL_DONE
            # The longer nothing is given back, the less often the shared directory is asked.
            time.sleep(min(max(POLL, time.monotonic() - idle_since), _LOOK_IDLE))
            self._queue.refresh()
        if next(self._queue.ready(), None) is None and self._queue.is_done:  # it ran the last job
            self.requeues = False
            return self._end()
        self.requeues = self.requeues and self._can_start_again()
        return SOME_LEFT

    def catch_signals(self) -> None:
        """Handles what ends a worker; and SIGCHLD, so that the end of a job wakes it up."""
        for number in (signal.SIGTERM, signal.SIGINT, slurm.WARNING, signal.SIGCHLD):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        if self._signal is None:
            self._signal = number
            # What is cancelled or preempted gets SIGTERM.
            self.requeues = number == slurm.WARNING and slurm.can_requeue(warned=True)

    def _is_to_end(self) -> bool:
        """Whether this worker starts no further job."""
        if self._signal is not None:
            log.info(f"{signal.Signals(self._signal).name}: no further job starts here.")
            return True
        if is_stopped(self._directory) is not None:
            log.info("The sweep has been stopped.")
            return True
        if self._failures.has_too_many_failures:
            log.info("Too many jobs have failed (hydra.sweeper.max_failures).")
            return True
        # The first job starts whatever the others took, or a requeued worker might never run any.
        longest = self._queue.longest
        if self._ran and time.monotonic() + longest > self._deadline:
            log.info(f"Too little time left for a job: the longest took {longest:.0f} s.")
            self.requeues = slurm.can_requeue(warned=False)
            return True
        return False

    def _can_start_again(self) -> bool:
        """Whether it is any use to start this worker again: it might only run the same job again.

        If that job had the whole time, and has not saved, there are as many further attempts as
        hydra-submitit-launcher's option says, where it is set.
        """
        most = int(os.environ.get(MOST_TIMEOUTS, "0"))
        if not most or self._ran > 1 or not self._is_cut_short or slurm.restarts() < most:
            return True
        log.warning(
            "Not requeued: the job takes longer than the time limit, and has had as many further"
            f" attempts as hydra.launcher.max_num_timeout={most} allows. Give a longer"
            " hydra.launcher.timeout_min, or have the job save once params_proto.job().stopping."
        )
        return False

    def _run_next(self, supervisor: Supervisor) -> bool:
        """Claims and runs the next job; whether there was one."""
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

    def _end(self) -> int:
        """The end of the sweep; the first worker that comes to it leaves the results."""
        from params_proto.analysis.ranking import RETURN_VALUE, Ranking, summary
        from params_proto.analysis.rows import table_with_records, write_results

        found = table_with_records(self._directory)
        read = summary(found, Ranking.by(RETURN_VALUE, None))
        write_results(found, read.metrics)
        if is_first_to_end(self._directory) and self.setup.detached:
            self.context.callbacks.on_multirun_end(
                config=self.config, config_name=self.config.hydra.job.config_name
            )
        done = read.statuses[Status.COMPLETED.value]
        return ALL_DONE if done == read.statuses.total() else SOME_FAILED

    # --- one job

    def _run(
        self,
        record: Record,
        composed: Composed | Failure,
        directory: str | None,
        supervisor: Supervisor,
    ) -> None:
        """Runs a claimed job, and records how it ended."""
        log.info(f"Job {record.job}, attempt {record.attempt}: {' '.join(record.overrides)}")
        begun = time.monotonic()
        self._ran += 1
        if record.failures:
            self._failures.forget_failure(record.job)
        with self._queue.records.keep_alive(record):
            try:
                process = self._process(record, composed, directory, supervisor)
            except OSError as error:  # its directory cannot be made
                process = _failure_of(error)
            if isinstance(process, Failure):
                ended = record._replace(status=Status.FAILED, error=process)
            else:
                ended = self._wait(process, record, begun)
            seconds = round(time.monotonic() - begun, 6)
            if ended.ended is None:
                ended = ended._replace(ended=now(), duration=seconds)
            if ended.status in (Status.FAILED, Status.CRASHED):
                self._failures.count_failure(record.job)
            self._queue.records.finish(ended)
        if ended.status is Status.COMPLETED:
            self._queue.longest = max(self._queue.longest, seconds)
        log.info(f"Job {record.job} {ended.status.value} in {seconds:.1f} s.")

    def _compose_or_fail(self, job: Job) -> Composed | Failure:
        try:
            return self._compose(job.overrides, job.number, job.directory)
        except (HydraException, OmegaConfBaseException, SweepError) as error:
            return _failure_of(error)

    def _compose(self, overrides: Sequence[str], number: int, directory: str | None) -> Composed:
        own = [] if directory is None else [subdir_override(directory)]
        loader = self.context.config_loader
        config = loader.load_sweep_config(self.config, [*overrides, *own])
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        return Composed(config, output_directory(config).absolute())

    def _process(
        self,
        record: Record,
        composed: Composed | Failure,
        directory: str | None,
        supervisor: Supervisor,
    ) -> JobProcess | Failure:
        """Starts a job; what keeps it from being composed is why it has failed."""
        if isinstance(composed, Failure):
            return composed
        output = composed.output
        output.mkdir(parents=True, exist_ok=True)
        unsafe = unsafe_to_fork()
        if unsafe is None:
            return fork(lambda writer: self._run_here(record, composed, writer), output, supervisor)
        log.info(f"A fresh interpreter runs the job: {unsafe}.")
        job = [record.text(), directory, self._deadline]
        return start(sys.orig_argv, job, output, supervisor)

    def run_in_fresh_process(self, writer: int, job: Sequence[Any]) -> None:
        """Runs the job that the worker has started this process for.

        Args:
            writer: where the record of its end goes.
            job: the record of the attempt, the directory of an earlier one, and the deadline.
        """
        record, directory, self._deadline = read_record(job[0]), job[1], job[2]
        self._run_here(record, self._compose(record.overrides, record.job, directory), writer)

    def _run_here(self, record: Record, composed: Composed, writer: int) -> None:
        """Runs a job in this process, which is its own, and sends the record of its end."""
        timeout = math.inf if self.setup.timeout is None else self.setup.timeout
        ends = min(self._deadline, time.monotonic() + timeout)
        deadline = None if ends == math.inf else ends
        running.begin(running.RunningJob(record.job, record.attempt, composed.output, deadline))
        self._runner.adopt(ClaimedJob(self._directory.absolute(), record, writer))
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

    def _wait(self, process: JobProcess, record: Record, begun: float) -> Record:
        """Waits for the end of a job, and ends it when its time or the worker's runs out."""
        setup = self.setup
        limit = math.inf if setup.timeout is None else begun + setup.timeout
        deadline, kill_at = self._deadline, math.inf
        is_late = is_interrupted = False
        looked = begun  # at the stop file, which needs not be done at each signal
        while True:
            rest = min(limit, deadline, kill_at) - time.monotonic()
            status = process.wait(min(_LOOK, rest))
            if status is not None:
                break
            moment = time.monotonic()
            if moment >= kill_at:
                process.end(signal.SIGKILL)
                kill_at = moment + _LOOK
            elif kill_at == math.inf:
                is_stop = False
                if moment >= looked + _LOOK:
                    looked, is_stop = moment, is_stopped(self._directory) == "now"
                if is_stop or self._signal or moment >= deadline:
                    is_interrupted = not process.received
                    process.end(signal.SIGTERM, group=False)
                elif moment >= limit:
                    is_late = not process.received
                    process.end(signal.SIGTERM)
                else:
                    continue
                log.info(f"Stopping job {record.job}; it is killed after {setup.grace:g} s.")
                kill_at, limit, deadline = moment + setup.grace, math.inf, math.inf
        process.end(signal.SIGKILL)  # the processes that it leaves behind, with their GPU memory
        if is_interrupted:
            self._is_cut_short = status != SAVED
            return record._replace(status=Status.INTERRUPTED)
        if is_late:
            text = f"the job took longer than hydra.sweeper.timeout={setup.timeout:g} seconds"
            return record._replace(status=Status.FAILED, error=Failure("TimeoutError", text, ""))
        return self._outcome(record, status, process.received)

    def _outcome(self, record: Record, status: int, received: bytearray) -> Record:
        """The record of a job whose process has ended of itself, or by somebody else."""
        sent = None
        with suppress(UnreadableError):
            sent = read_record(bytes(received))
        if sent is not None and sent.status is not Status.INTERRUPTED:
            return sent
        number = -status if status < 0 else status - 128
        if sent is not None and status == SAVED:
            number = signal.SIGTERM
        if number in (signal.SIGINT, signal.SIGTERM, slurm.WARNING):
            time.sleep(_LOOK)  # a cluster signals all processes, and the job may be the faster one
            if self._signal is not None:
                return record._replace(status=Status.INTERRUPTED)
        if status < 0 or sent is not None:
            name = _name(number)
            failure = Failure(name, f"its process was killed by {name}", "")
        else:
            failure = Failure("ExitStatus", f"its process ended with status {status}", "")
        return record._replace(status=Status.CRASHED, error=failure)


def _name(number: int) -> str:
    """The name of a signal; real-time signals have none."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
