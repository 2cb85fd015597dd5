"""Runs the jobs of a sweep through a launcher, with retries, failures and dead workers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import redirect_stderr, suppress
from io import StringIO
from typing import TYPE_CHECKING
from uuid import uuid4

from params_proto._text import pluralize
from params_proto.errors import SweepError
from params_proto.multirun.directories import subdir_override
from params_proto.multirun.errors import describe_failure
from params_proto.multirun.job_runner import (
    JobRunner,
    Launch,
    Skipped,
    ignore,
)
from params_proto.multirun.options import BATCH
from params_proto.multirun.plan import Batch, Job
from params_proto.multirun.signals import is_basic_launcher
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.records import FAILURES, Failure, JobStore, Record, Status
from params_proto.records.lock import POLL
from params_proto.records.manifest import FAILED_DIR, STATE_DIR
from params_proto.records.record import UnreadableError, now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher


log = logging.getLogger(__name__)


class Executor:
    """Runs the batches of a sweep, and keeps what its end needs to know.

    Args:
        run: the saved sweep.
        launcher: Hydra's launcher.
        runner: what the launcher runs.
    """

    def __init__(self, run: SweepRun, launcher: Launcher, runner: JobRunner) -> None:
        directory, options = run.directory.absolute(), run.options
        self.records = JobStore(directory)
        self.failures: dict[int, Record] = {}  # in this run, by job
        self.elsewhere: list[Job] = []  # jobs that processes of other launches run
        self.on_launch: Callable[[Mapping[int, int]], None] = ignore
        self.on_change: Callable[[Record], None] = ignore
        self.returns: list[Sequence[JobReturn]] = []
        self.completed = 0
        self.first_failure: tuple[int, Exception | None] | None = None
        # The jobs of the current batch, and the number of earlier attempts of each.
        self.batch: Sequence[Job] = ()
        self.attempts: dict[int, int] = {}
        self._run, self._launcher, self.runner = run, launcher, runner
        self._returned: dict[int, tuple[JobReturn, Exception | None]] = {}  # of the batch
        self._jobs = 0
        failures = directory / STATE_DIR / FAILED_DIR / uuid4().hex
        runner.launch = Launch({}, {}, options.timeout, options.max_failures, failures)
        runner.open(directory, run.configs)
        runner.on_change = self._note_change

    def run(self, batch: Batch) -> None:
        """Runs the jobs of a batch, and reruns failed ones up to `retries` times."""
        self.batch, self.attempts, self._returned = batch.all, {}, {}
        self._jobs += len(batch.all)
        if self._jobs > BATCH:  # each return has three configs of its job, too much memory for many
            self.returns = []
        self._launch_all(batch)
        retries = self._run.options.retries
        for number in range(1, retries + 1):
            failed = [job for job in batch.all if job.number in self.failures]
            if not failed or self.has_too_many_failures:
                break
            log.info(f"Launching {pluralize(len(failed))} again, {number} of {retries} retries")
            for job in failed:
                del self.failures[job.number]
                self._returned.pop(job.number, None)
                self.runner.launch.forget_failure(job.number)
            self._launch_all(Batch(failed, batch.directories))
        numbers = [job.number for job in batch.all if job.number in self._returned]
        returned = [(number, *self._returned[number]) for number in numbers]
        errors = [(number, error) for number, _, error in returned if error is not None]
        self.completed += len(returned) - len(errors)
        self.first_failure = self.first_failure or next(iter(errors), None)
        if self._jobs <= BATCH:
            self.returns.append([result for _, result, _ in returned])
        self.batch = ()

    @property
    def has_too_many_failures(self) -> bool:
        """Whether no further job is to start."""
        return self.runner.launch.has_too_many_failures

    def wait(self) -> None:
        """Waits for jobs that other processes run, and reruns those whose processes die."""
        while self.elsewhere:
            dead: list[Job] = []
            for job in self.elsewhere:
                record = self.record(job)
                if record is not None and self.records.is_running(record):
                    where = f"process {record.pid} on {record.host}"
                    log.info(f"Waiting for job {job.number}, which {where} runs.")
                    record = self.wait_until_ended(job)
                if record is None or record.status is Status.RUNNING:
                    # Its final status if no further job starts.
                    self.finish_dead(job)
                    dead.append(job)
                else:
                    self._note_end(record)
            self.elsewhere.clear()
            if dead:
                self.run(Batch(dead, {job.number: job.directory or "" for job in dead}))

    def record(self, job: Job) -> Record | None:
        """The record of a job; None if it has none that can be read."""
        with suppress(UnreadableError, SweepError):
            return self.records.read(job.number)
        return None

    def attempt(self, job: Job) -> Record | None:
        """The record of a job's attempt in this launch; None if it has not started one."""
        record = self.record(job)
        if record is None or record.attempt == self.attempts.get(job.number, record.attempt):
            return None
        return record

    def wait_until_ended(self, job: Job, seconds: float = float("inf")) -> Record | None:
        """The record of a job once no other process runs it, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while (record := self.record(job)) is not None and time.monotonic() < deadline:
            if record.is_mine or not self.records.is_running(record):
                break
            time.sleep(POLL)
        return record

    def finish_dead(self, job: Job, *, interrupted: bool = False) -> Record | None:
        """Records the final status of a job whose process died or was terminated."""
        record = self.record(job)
        if record is not None:
            status = Status.INTERRUPTED if interrupted else self.records.status_of(record)
            self.records.finish(record._replace(status=status, ended=now()))
        return self.record(job)

    def _launch_all(self, batch: Batch) -> None:
        """Launches jobs; if a worker dies, relaunches the unfinished ones one at a time."""
        rest, directories = batch.all, batch.directories
        was_idle = False  # whether the last launch failed before any job started
        while rest and not self.has_too_many_failures:
            records = {job.number: self.record(job) for job in rest}
            before = {number: record.attempt if record else 0 for number, record in records.items()}
            self.attempts |= before
            self.on_launch(before)
            try:
                results = self._launch(Batch(rest, directories))
            except Exception as error:
                if is_basic_launcher(self._run.app.config):
                    raise
                died, unstarted = self._unfinished(rest)
                is_idle = len(unstarted) == len(rest)
                if is_idle and (was_idle or not isinstance(error, BrokenExecutor)):
                    raise
                what = type(error).__name__
                log.warning(f"The launcher stopped: {what}. The other jobs continue.")
                had_own_process = len(rest) == 1 or self._run.app.is_submitit
                for job in died:
                    self._recover(job, directories, is_culprit=had_own_process)
                rest, was_idle = unstarted, is_idle
            else:
                for job, result in zip(rest, results, strict=True):
                    self._note_return(job, result, directories.get(job.number))
                return

    def _recover(self, job: Job, directories: dict[int, str], *, is_culprit: bool) -> None:
        """Records that a job crashed its process; one that may have shared it runs alone."""
        if is_culprit:
            ended = self.finish_dead(job)
            if ended is not None:
                self._note_end(ended)
        elif self.has_too_many_failures:
            self.finish_dead(job, interrupted=True)
        else:
            self._launch_all(Batch([job], directories))

    def _launch(self, batch: Batch) -> Sequence[JobReturn]:
        first = batch.first_number
        # If the launcher's count has gaps, a job knows its number by its directory.
        by_directory = self._run.is_resume or type(first) is not int
        directories = batch.directories if by_directory else {}
        jobs = [
            [*job.overrides, subdir_override(directories[job.number])]
            if job.number in directories
            else job.overrides
            for job in batch.all
        ]
        self.runner.launch = self.runner.launch._replace(
            numbers={path: number for number, path in directories.items()},
            rerun_after={job.number: job.rerun_after for job in batch.all if job.rerun_after},
        )
        results = self._launcher.launch(jobs, initial_job_idx=first) or ()
        if len(results) != len(jobs):
            raise SweepError(f"the launcher returned {len(results)} of {len(jobs)} results.")
        return results

    def _note_return(self, job: Job, result: JobReturn, directory: str | None) -> None:
        """Notes what a launcher returned for a job."""
        error = _error_of(result)
        if error is None and isinstance(result.return_value, Skipped):
            record = self.record(job)
            if record is not None and record.status is Status.RUNNING:
                self.elsewhere.append(job)
            return
        self._returned[job.number] = result, error
        record = self.attempt(job)
        if record is None:  # the job has written it to another disk
            job = job._replace(directory=directory)
            record = self.runner.record_returned(job, result, error)
        self._note_end(record)

    def _unfinished(self, jobs: Sequence[Job]) -> tuple[list[Job], list[Job]]:
        """The jobs of a failed launch whose process died, and those that had not started."""
        died: list[Job] = []
        unstarted: list[Job] = []
        for job in jobs:
            record = self.attempt(job)
            if record is None:
                unstarted.append(job)
                continue
            record = self.wait_until_ended(job) or record  # a job on a cluster continues
            if record.status is Status.RUNNING and not record.is_mine:
                died.append(job)
            else:
                self._note_end(record)
        return died, unstarted

    def _note_end(self, record: Record) -> None:
        """Notes how a job ended, possibly again; one whose record still says running has failed."""
        if record.status is Status.RUNNING:
            unwritten = Failure("OSError", "its final record cannot be written.", "")
            record = record._replace(status=Status.FAILED, error=unwritten)
        self._note_change(record)

    def _note_change(self, record: Record) -> None:
        """Notes that a job has started or ended; called immediately if this process runs it."""
        if record.status in FAILURES and record.job not in self.failures:
            self.failures[record.job] = record
            self.runner.launch.count_failure(record.job)
            log.error(describe_failure(record, self._run.directory))
        self.on_change(record)


def _error_of(result: JobReturn) -> Exception | None:
    """The exception of a failed job; None if it has completed."""
    with redirect_stderr(StringIO()):  # Hydra writes there
        try:
            _ = result.return_value
        except Exception as error:
            return error
    return None
