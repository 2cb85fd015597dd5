"""The jobs of a sweep through a launcher: retries, failures, workers that die."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from params_proto._text import counted
from params_proto.errors import SweepError, sentence
from params_proto.multirun.directories import in_directory
from params_proto.multirun.errors import named
from params_proto.multirun.job_runner import (
    FailureCounter,
    JobRunner,
    Launch,
    Skipped,
    UnrecordedError,
)
from params_proto.multirun.jobs import Batch, Job
from params_proto.multirun.signals import runs_here
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import FAILED, OWN
from params_proto.records.process import this_process
from params_proto.records.record import UnreadableError, now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

    from params_proto.multirun.progress import Progress

log = logging.getLogger(__name__)

POLL = 0.2  # seconds between two looks at jobs of other processes
_MAX_KEPT = 1000  # jobs whose returns are kept until the end
_MAX_LISTED = 5  # jobs of one exception, in the summary of failures
_MAX_IDLE = 3  # workers in a row that may die without a job


@dataclass(eq=False)
class Failures:
    """The jobs that failed in this run.

    Args:
        directory: the sweep's.
        name: of the jobs, and so of their logs; None where each job has its own.
        counter: of the failures, if there is a limit.
    """

    directory: Path
    name: str | None
    counter: FailureCounter | None = None
    records: dict[int, Record] = field(default_factory=dict[int, Record])

    def __post_init__(self) -> None:
        self._absolute = self.directory.absolute()  # a job may change the working directory

    def add(self, record: Record) -> None:
        """Logs a job that failed, once."""
        if record.job in self.records:
            return
        self.records[record.job] = record
        if self.counter is not None:
            self.counter.add(record.job)
        log.error(
            f"{sentence(f'{named(record)} {record.status.value}: {_reason(record)}')}"
            f" {self._log_of(record)}"
        )

    def forget(self, jobs: Iterable[Job]) -> None:
        """Leaves out jobs that run again."""
        for one in jobs:
            del self.records[one.number]
            if self.counter is not None:
                self.counter.remove(one.number)

    @property
    def too_many(self) -> bool:
        """Whether no further job is to start."""
        return self.counter is not None and self.counter.exceeded

    def summary(self) -> str:
        """The failures by what the jobs raised, a line each."""
        groups: dict[str, list[Record]] = {}
        for record in self.records.values():
            groups.setdefault(_reason(record), []).append(record)
        lines = [f"{counted(len(self.records))} failed:"]
        for reason, records in sorted(groups.items(), key=lambda group: -len(group[1])):
            numbers = ", ".join([str(record.job) for record in records[:_MAX_LISTED]])
            rest = len(records) - _MAX_LISTED
            more = f" and {rest} more" if rest > 0 else ""
            lines.append(f"- {reason} ({counted(len(records))}: {numbers}{more})")
        return "\n".join(lines)

    def _log_of(self, record: Record) -> str:
        logs = [path.name for path in (self._absolute / record.dir).glob("*.log")]
        found = [name for name in logs if name == f"{self.name}.log"] or logs
        if len(found) == 1:
            return f"Its log: {self.directory / record.dir / found[0]}"
        return f"Its directory: {self.directory / record.dir}"


def _reason(record: Record) -> str:
    """Why a job failed, in one line."""
    if record.error is None:
        return "its process died"
    first = record.error.message.strip().partition("\n")[0]
    return f"{record.error.type}: {first:.200}" if first else record.error.type


class Executor:
    """Runs the batches of a sweep, and keeps what the end of the sweep needs to know of them.

    Args:
        run: the sweep, written down.
        launcher: Hydra's.
        runner: what the launcher runs.
        configs: where the sweep keeps its config files, absolute.
    """

    def __init__(self, run: SweepRun, launcher: Launcher, runner: JobRunner, configs: Path) -> None:
        directory, limit = run.directory.absolute(), run.options.max_failures
        counter = None
        if limit is not None:
            counter = FailureCounter(directory / OWN / FAILED / uuid4().hex, limit)
        self.records = JobStore(directory)
        self.failures = Failures(run.directory, run.host.job_name, counter)
        self.unrecorded: dict[int, str] = {}  # jobs whose records do not say how they ended: why
        self.elsewhere: list[Job] = []  # jobs that run in processes of other launches
        self.progress: Progress | None = None
        self.returns: list[Sequence[JobReturn]] = []
        self.completed = 0
        self.first_failure: tuple[int, JobReturn] | None = None
        # Of the batch that runs: its jobs, and how many attempts each had before it.
        self.batch: Sequence[Job] = ()
        self.attempts: dict[int, int] = {}
        self._run, self._launcher, self._runner = run, launcher, runner
        self._jobs = 0
        runner.open(directory, configs)
        runner.on_change = self._changed

    def run(self, batch: Batch) -> None:
        """Runs the jobs of a batch, and those that fail again as often as `retries` says.

        Raises:
            Exception: what the launcher raises for another reason than a dead worker.
        """
        self.batch, self.attempts = batch.all, {}
        returned: dict[int, JobReturn] = {}
        self._launch_all(batch, returned)
        retries = self._run.options.retries
        for number in range(1, retries + 1):
            failed = [one for one in batch.all if one.number in self.failures.records]
            if not failed or self.failures.too_many:
                break
            log.info(f"Launching {counted(len(failed))} again, {number} of {retries} retries")
            # A job that ended its worker would take those beside it along once more.
            alone = [] if self._run.host.submits else [*filter(self._has_crashed, failed)]
            for jobs in ([one for one in failed if one not in alone], *[[one] for one in alone]):
                if not self.failures.too_many:
                    self.failures.forget(jobs)
                    self._launch_all(Batch(jobs, batch.directories), returned)
        self._keep([one.number for one in batch.all if one.number in returned], returned)
        self.batch = ()

    def wait(self) -> None:
        """Waits for jobs that other processes run, and runs those again whose processes die."""
        while self.elsewhere:
            dead = [one for one in self.elsewhere if not self._ends_elsewhere(one)]
            self.elsewhere.clear()
            if dead:
                self.run(Batch(dead, {one.number: one.directory or "" for one in dead}))

    def record(self, one: Job) -> Record | None:
        """The record of a job, if it has one that can be read."""
        with suppress(UnreadableError, SweepError):
            return self.records.read(one.number)
        return None

    def close(self, one: Job, status: Status) -> Record | None:
        """Says in the record of a job whose process is gone how it ended."""
        record = self.record(one)
        if record is not None:
            self.records.finish(record._replace(status=status, ended=now()))
        return self.record(one)

    def _keep(self, numbers: Sequence[int], returned: Mapping[int, JobReturn]) -> None:
        """Keeps what the jobs of a batch returned, of a sweep that has few of them."""
        failed = [number for number in numbers if error_of(returned[number]) is not None]
        self.completed += len(numbers) - len(failed)
        if failed and self.first_failure is None:
            self.first_failure = failed[0], returned[failed[0]]
        # Each holds three configs of its job: those of many jobs would fill the memory.
        self._jobs += len(numbers)
        run, plan = self._run, self._run.request.plan
        kept = self._jobs <= _MAX_KEPT and not plan.exceeds(_MAX_KEPT, run.options.shard)
        self.returns = [*self.returns, [returned[number] for number in numbers]] if kept else []

    def _launch_all(self, batch: Batch, returned: dict[int, JobReturn]) -> None:
        """Launches jobs; after a worker's death those that it left unfinished, one at a time."""
        rest: Sequence[Job] = batch.all
        idle = 0
        while rest and not self.failures.too_many:
            attempts = self._attempts(rest)
            self.attempts = attempts | self.attempts
            if self.progress is not None:
                self.progress.launched(attempts)
            try:
                results = self._launch(Batch(rest, batch.directories))
            except Exception as error:
                died, left = self._unfinished(rest, attempts)
                # A worker may die between two jobs, or before its first one.
                idle = idle + 1 if len(left) == len(rest) else 0
                is_death = _is_death(error)
                if runs_here(self._run.host.config) or idle > (_MAX_IDLE if is_death else 0):
                    raise
                what = "A worker died" if is_death or died else "The launcher stopped"
                log.warning(f"{what}: {type(error).__name__}. The other jobs continue.")
                self._run_alone(died, batch.directories, len(rest) == 1, returned)
                rest = left
                continue
            if len(results) == len(rest):
                self._take(Batch(rest, batch.directories), results, returned)
                return
            died, left = self._unfinished(rest, attempts)
            for one in died:
                self._crashed(one)
            for one in left:
                self.unrecorded[one.number] = (
                    f"the launcher returned {len(results)} of {len(rest)} results."
                )
            return

    def _run_alone(
        self,
        died: Sequence[Job],
        directories: dict[int, str],
        was_alone: bool,
        returned: dict[int, JobReturn],
    ) -> None:
        """Runs the jobs of dead workers one at a time: the one that dies again has crashed."""
        for one in died:
            if was_alone or self._run.host.submits:  # which has a process for each job
                self._crashed(one)
            elif self.failures.too_many:
                self.close(one, Status.INTERRUPTED)
            else:
                self._launch_all(Batch([one], directories), returned)

    def _launch(self, batch: Batch) -> Sequence[JobReturn]:
        jobs, first = batch.jobs, batch.first_number
        # A job knows its number by its directory where the launcher's count has gaps.
        named = self._run.is_resume or type(first) is not int
        if named:
            jobs = [
                [*one.overrides, in_directory(batch.directories[one.number])]
                if one.number in batch.directories
                else one.overrides
                for one in batch.all
            ]
        self._runner.launch = Launch(
            numbers={path: number for number, path in batch.directories.items()} if named else None,
            rerun_after={one.number: one.rerun_after for one in batch.all if one.rerun_after},
            failures=self.failures.counter,
            timeout=self._run.options.timeout,
        )
        return self._launcher.launch(jobs, initial_job_idx=first) or ()

    def _take(
        self, batch: Batch, results: Sequence[JobReturn], returned: dict[int, JobReturn]
    ) -> None:
        """Notes what a launcher returned, one result for each job."""
        for one, result in zip(batch.all, results, strict=True):
            error = error_of(result)
            if error is None and isinstance(result.return_value, Skipped):
                record = self.record(one)
                if record is not None and record.status is Status.RUNNING:
                    self.elsewhere.append(one)
                continue
            returned[one.number] = result
            if isinstance(error, UnrecordedError):  # what is there tells of an earlier attempt
                self.unrecorded[one.number] = str(error)
                continue
            record = self.record(one)
            if record is None:
                job = one._replace(directory=batch.directories.get(one.number))
                record = self._runner.record_returned(job, result, error)
            self._ended(record)

    def _unfinished(
        self, jobs: Sequence[Job], attempts: Mapping[int, int]
    ) -> tuple[list[Job], list[Job]]:
        """Launched jobs whose process is gone, and those that have not started; notes the rest."""
        died: list[Job] = []
        left: list[Job] = []
        for one in jobs:
            record = self.record(one)
            if record is None or record.attempt == attempts[one.number]:
                left.append(one)
                continue
            # A cluster's job runs on.
            while not is_mine(record) and self.records.is_running(record):
                time.sleep(POLL)
                record = self.record(one) or record
            if record.status is Status.RUNNING and not is_mine(record):
                died.append(one)
            else:
                self._ended(record)
        return died, left

    def _ends_elsewhere(self, one: Job) -> bool:
        """Waits for the end of a job that another process runs; False where the process died."""
        record = self.record(one)
        if record is not None and self.records.is_running(record):
            log.info(
                f"Waiting for job {one.number}, which process {record.pid} on {record.host} runs."
            )
        while record is not None and self.records.is_running(record):
            time.sleep(POLL)
            record = self.record(one)
        if record is None or record.status is Status.RUNNING:
            self.close(one, Status.CRASHED)  # should no further job start, it says so
            return False
        self._ended(record)
        return True

    def _crashed(self, one: Job) -> None:
        closed = self.close(one, Status.CRASHED)
        if closed is not None:
            self._ended(closed)

    def _ended(self, record: Record) -> None:
        """Notes how a job ended, which may be known already."""
        if record.status is Status.RUNNING:
            self.unrecorded[record.job] = "it cannot be written."
        else:
            self.unrecorded.pop(record.job, None)
            self._changed(record)

    def _changed(self, record: Record) -> None:
        """Notes that a job has started or ended, at once where it is one of this process."""
        if record.status in (Status.FAILED, Status.CRASHED):
            self.failures.add(record)
        if self.progress is not None:
            self.progress.changed(record)

    def _attempts(self, jobs: Iterable[Job]) -> dict[int, int]:
        """How many attempts jobs have had, by number."""
        known = ((one.number, self.record(one)) for one in jobs)
        return {number: 0 if record is None else record.attempt for number, record in known}

    def _has_crashed(self, one: Job) -> bool:
        return self.failures.records[one.number].status is Status.CRASHED


def is_mine(record: Record) -> bool:
    """Whether this process has made an attempt."""
    me = this_process()
    return (record.host, record.pid) == (me.host, me.pid)


def error_of(result: JobReturn) -> Exception | None:
    """What a job raised, if it failed."""
    if result.status.name == "COMPLETED":
        return None
    with redirect_stderr(StringIO()):  # where Hydra says so
        try:
            _ = result.return_value
        except Exception as error:
            return error
    return None


def _is_death(error: Exception) -> bool:
    """Whether a launcher has lost a worker."""
    futures = sys.modules.get("concurrent.futures")  # which a launcher with workers has loaded
    return futures is not None and isinstance(error, futures.BrokenExecutor)
