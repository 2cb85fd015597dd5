"""A worker: it claims a job of a sweep, runs it in a process of its own, and records the end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, cast

from hydra.core.utils import JobReturn, run_job
from hydra.errors import HydraException
from omegaconf import OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from params_proto.compose import over_copies, share_prefixes
from params_proto.compose.internals import callbacks_of
from params_proto.errors import SweepError
from params_proto.multirun.context import changeable
from params_proto.multirun.directories import in_directory, output_directory
from params_proto.multirun.job_runner import JobRunner, Launch
from params_proto.multirun.resume import reopened
from params_proto.records import Failure, Record, Status
from params_proto.records.lock import POLL, STALE, sweep_lease
from params_proto.records.manifest import OWN, UnreadableError
from params_proto.records.record import now, read_record
from params_proto.workers import job as running
from params_proto.workers.job_process import (
    END_WITH,
    ClaimedJob,
    JobProcess,
    end_with,
    fork,
    in_fresh_process,
    start,
    unsafe_to_fork,
    wakeup_fd,
)
from params_proto.workers.queue import Queue, QueuedJob
from params_proto.workers.setup import (
    NO_CALLBACKS,
    Setup,
    is_first_to_end,
    is_stopped,
    own_log,
    read_setup,
)

if TYPE_CHECKING:
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

ALL_DONE, SOME_FAILED, SOME_LEFT = 0, 1, 3
TIME_LIMIT = "PARAMS_PROTO_TIME_LIMIT"  # seconds that a worker may take, in its environment
_LOOK = 1.0  # seconds between two looks at the stop file


def work(
    directory: Path, context: HydraContext, config: DictConfig, task: TaskFunction
) -> NoReturn:
    """Runs jobs of a sweep until none is left, or the worker is to end.

    Args:
        directory: the sweep's.
        context: Hydra's.
        config: the composed config of the worker's command.
        task: what the jobs run.

    Raises:
        SystemExit: always: 0 if everything completed, 1 if a job failed, 3 if jobs are left.
    """
    setup = read_setup(directory)
    worker = Worker(setup, context, config, task)
    in_fresh_process(worker.run_as_told)
    _log_to(own_log(directory))
    if parent := os.environ.pop(END_WITH, None):
        end_with(int(parent), signal.SIGTERM)
    with ExitStack() as held:
        held.enter_context(sweep_lease(directory, "workers"))
        wakeup = held.enter_context(wakeup_fd())
        worker.catch_signals()
        status = worker.run(wakeup)
        log.info(f"The worker ends with status {status}.")
    if worker.requeues:
        _requeue()
    raise SystemExit(status)


def _log_to(path: Path) -> None:
    """Sends what this process prints to its log, if whoever started it has not done so."""
    if path.exists():
        return
    with suppress(OSError):
        log_file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        sys.stdout.flush()
        os.dup2(log_file, 1)
        os.dup2(log_file, 2)
        os.close(log_file)


def _requeue() -> None:
    """Has Slurm start this worker again, at the end of its time limit."""
    with suppress(OSError):
        subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=False)


@dataclass(eq=False)
class Worker:
    """A worker of a sweep.

    Args:
        setup: of the workers.
        context: Hydra's.
        config: the composed config of the worker's command.
        task: what the jobs run.
    """

    setup: Setup
    context: HydraContext
    config: DictConfig
    task: TaskFunction
    requeues: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        setup, context = self.setup, self.context
        self._directory = Path(setup.directory)
        configs = self._directory.absolute() / OWN / setup.configs
        context.config_loader = over_copies(context.config_loader, configs)
        share_prefixes(context.config_loader)
        given = cast("list[str]", OmegaConf.to_container(self.config.hydra.overrides.hydra))
        given.remove(NO_CALLBACKS)
        with changeable(self.config):
            self.config.hydra.overrides.hydra = given
        self.config = reopened(self._directory, self.config, context.config_loader).config
        context.callbacks = callbacks_of(self.config)
        self._queue = Queue(self._directory, setup.retries)
        self._failures = Launch(
            max_failures=setup.max_failures, failures=self._directory / OWN / setup.failures
        )
        self._runner = JobRunner(self.task, self._directory.absolute())
        self._signal: int | None = None
        self._started = time.monotonic()
        limit = os.environ.get(TIME_LIMIT)
        self._deadline = None if limit is None else self._started + float(limit)
        self._longest = 0.0

    # --- the loop

    def run(self, wakeup: int) -> int:
        """Runs jobs until none is left, or it is to end.

        Args:
            wakeup: a file descriptor that can be read once there was a signal.

        Returns:
            The exit status of the worker.
        """
        idle_since = time.monotonic()
        while not self._is_to_end():
            if self._run_next(wakeup):
                idle_since = time.monotonic()
                continue
            if self._queue.is_done:
                return self._end()
            if time.monotonic() - idle_since > STALE:
                log.info("Other workers run the last jobs, and none has come back.")
                break
            time.sleep(POLL)
            self._queue.refresh()
        return SOME_LEFT

    def catch_signals(self) -> None:
        """Handles what ends a worker; and SIGCHLD, so that the end of a job wakes it up."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR2, signal.SIGCHLD):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGCHLD:
            return
        self._signal = self._signal or number
        # Slurm sends it before the time limit; what is cancelled or preempted gets SIGTERM.
        self.requeues = number == signal.SIGUSR2 and "SLURM_JOB_ID" in os.environ

    def _is_to_end(self) -> bool:
        """Whether this worker starts no further job."""
        if self._signal is not None:
            log.info(f"{signal.Signals(self._signal).name}: no further job starts here.")
            return True
        if is_stopped(self._directory) is not None:
            log.info("The sweep has been stopped.")
            return True
        if self._failures.too_many_failures:
            log.info("Too many jobs have failed (hydra.sweeper.max_failures).")
            return True
        if self._deadline is not None and time.monotonic() + self._longest > self._deadline:
            log.info(f"The longest job took {self._longest:.0f} s, and less time is left.")
            # The task of a worker alone. In a script, others may still have a job to end.
            self.requeues = os.environ.get("SUBMITIT_EXECUTOR") == "slurm"
            return True
        return False

    def _run_next(self, wakeup: int) -> bool:
        """Claims and runs the next job; whether there was one."""
        for queued in self._queue.ready():
            first = self._runner.first_record(queued.job)
            record = self._queue.records.claim(first, queued.job.rerun_after)
            if record is not None:
                self._run(queued, record, wakeup)
                return True
        return False

    def _end(self) -> int:
        """The end of the sweep; the first worker that comes to it leaves the results."""
        from params_proto.analysis.ranking import ALONE, Ranking, summary
        from params_proto.analysis.rows import table_with_records
        from params_proto.analysis.text import write_results

        found = table_with_records(self._directory)
        read = summary(found, Ranking.by(ALONE, None))
        if is_first_to_end(self._directory):
            write_results(found, read.metrics)
            if self.setup.detached:
                self.context.callbacks.on_multirun_end(
                    config=self.config, config_name=self.config.hydra.job.config_name
                )
        done = read.statuses[Status.COMPLETED.value]
        return ALL_DONE if done == read.statuses.total() else SOME_FAILED

    # --- one job

    def _run(self, queued: QueuedJob, record: Record, wakeup: int) -> None:
        log.info(f"Job {record.job}, attempt {record.attempt}: {' '.join(record.overrides)}")
        begun = time.monotonic()
        with self._queue.records.keep_alive(record):
            try:
                config = self._composed(queued.job.overrides, record.job, queued.job.directory)
                output = output_directory(config)
                output.mkdir(parents=True, exist_ok=True)
                process = self._process(queued, record, config, output)
            except (HydraException, OmegaConfBaseException, SweepError, OSError) as error:
                failure = Failure(type(error).__name__, str(error), "")
                ended = record._replace(status=Status.FAILED, error=failure)
            else:
                ended = self._wait(process, record, begun, wakeup)
            seconds = round(time.monotonic() - begun, 6)
            if ended.ended is None:
                ended = ended._replace(ended=now(), duration=seconds)
            if ended.status in (Status.FAILED, Status.CRASHED):
                self._failures.count_failure(record.job)
            self._queue.records.finish(ended)
        if ended.status is Status.COMPLETED:
            self._longest = max(self._longest, seconds)
        log.info(f"Job {record.job} {ended.status.value} in {seconds:.1f} s.")

    def _composed(self, overrides: Sequence[str], number: int, directory: str | None) -> DictConfig:
        own = [] if directory is None else [in_directory(directory)]
        loader = self.context.config_loader
        config = loader.load_sweep_config(self.config, [*overrides, *own])
        with open_dict(config):
            config.hydra.job.id = config.hydra.job.num = number
        return config

    def _process(
        self, queued: QueuedJob, record: Record, config: DictConfig, output: Path
    ) -> JobProcess:
        unsafe = unsafe_to_fork()
        if unsafe is None:
            return fork(lambda writer: self._run_here(record, config, output, writer), output)
        log.info(f"A fresh interpreter runs the job: {unsafe}.")
        job = [record.text(), queued.job.directory, self._deadline]
        return start(sys.orig_argv, job, output)

    def run_as_told(self, writer: int, job: Sequence[Any]) -> None:
        """Runs the job that the worker has started this process for.

        Args:
            writer: where the record of its end goes.
            job: the record of the attempt, the directory of an earlier one, and the deadline.
        """
        record, directory, self._deadline = read_record(job[0]), job[1], job[2]
        config = self._composed(record.overrides, record.job, directory)
        self._run_here(record, config, output_directory(config), writer)

    def _run_here(self, record: Record, config: DictConfig, output: Path, writer: int) -> None:
        """Runs a job in this process, which is its own, and sends the record of its end."""
        deadlines = [self._deadline] if self._deadline is not None else []
        if self.setup.timeout is not None:
            deadlines.append(time.monotonic() + self.setup.timeout)
        deadline = min(deadlines, default=None)
        running.begin(running.RunningJob(record.job, record.attempt, output.absolute(), deadline))
        self._runner.adopt(ClaimedJob(self._directory.absolute(), record, writer))
        returned: JobReturn = run_job(
            hydra_context=self.context,
            task_function=self._runner,
            config=config,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        try:
            _ = returned.return_value
        except Exception as error:
            traceback.print_exception(error)

    def _wait(self, process: JobProcess, record: Record, begun: float, wakeup: int) -> Record:
        """Waits for the end of a job, and ends it where its time is over or the worker's is."""
        setup = self.setup
        limit = None if setup.timeout is None else begun + setup.timeout
        kill_at: float | None = None
        is_late = is_interrupted = False
        while True:
            moments = [one for one in (limit, kill_at) if one is not None]
            rest = min(moments, default=float("inf")) - time.monotonic()
            status = process.wait(min(_LOOK, rest), wakeup)
            if status is not None:
                break
            if kill_at is not None:
                if time.monotonic() >= kill_at:
                    process.end(signal.SIGKILL, group=True)
                    kill_at = time.monotonic() + setup.grace
            elif self._signal is not None or is_stopped(self._directory) == "now":
                is_interrupted = True
                log.info(f"Ending job {record.job}, in {setup.grace:g} s at the latest.")
                process.end(signal.SIGTERM)
                kill_at = time.monotonic() + setup.grace
            elif limit is not None and time.monotonic() >= limit:
                is_late = True
                process.end(signal.SIGTERM, group=True)
                kill_at = time.monotonic() + setup.grace
                limit = None
        return self._outcome(record, status, process.received, is_late, is_interrupted)

    def _outcome(
        self, record: Record, status: int, received: bytes, is_late: bool, is_interrupted: bool
    ) -> Record:
        """The record of a job whose process has ended."""
        sent = None
        with suppress(UnreadableError):
            sent = read_record(received)
        if is_interrupted:
            return record._replace(status=Status.INTERRUPTED)
        if is_late:
            text = f"the job took longer than hydra.sweeper.timeout={self.setup.timeout:g} seconds"
            return record._replace(status=Status.FAILED, error=Failure("TimeoutError", text, ""))
        if sent is not None:
            return sent
        if status == -signal.SIGTERM:
            time.sleep(_LOOK)  # a cluster signals all processes, and the job may be the faster one
            if self._signal is not None:
                return record._replace(status=Status.INTERRUPTED)
        if status < 0:
            name = signal.Signals(-status).name
            failure = Failure(name, f"its process was killed by {name}", "")
        else:
            failure = Failure("ExitStatus", f"its process ended with status {status}", "")
        return record._replace(status=Status.CRASHED, error=failure)
