"""The jobs of a sweep, batch by batch, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from uuid import uuid4

from hydra.errors import CompactHydraException

from params_proto._text import counted
from params_proto.multirun.errors import logged_where_it_can, reported_by_hydra
from params_proto.multirun.jobs import Batch, Job
from params_proto.multirun.progress.lines import write
from params_proto.multirun.resume_command import command_of
from params_proto.multirun.running.failures import Failures
from params_proto.multirun.running.gathered import Gathered
from params_proto.multirun.running.going_on import how_to_go_on, told_of
from params_proto.multirun.running.interrupts import quiet_about_interrupts
from params_proto.multirun.running.launching import Launching
from params_proto.multirun.running.limit import Limit
from params_proto.multirun.running.outcome import explanation
from params_proto.multirun.running.recorded import JobRunner, RemoteError
from params_proto.multirun.running.stopping import Cut, kill
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.multirun.validation import AHEAD
from params_proto.records import JobStore
from params_proto.records.manifest import FAILED, OWN

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

    from params_proto.multirun.resume import ResumeFilter

log = logging.getLogger(__name__)

_KEPT = 1000  # jobs whose returns are kept until the end


@dataclass(eq=False)
class Running:
    """The jobs of a sweep, batch by batch.

    Args:
        beginning: what is run.
        launching: runs a batch.
        gathered: what became of the jobs.
        returns: of the jobs so far.
        remaining: what is left of a sweep that goes on; None for a new one.
    """

    beginning: SweepRun
    launching: Launching
    gathered: Gathered
    returns: list[Sequence[JobReturn]] = field(default_factory=list["Sequence[JobReturn]"])
    remaining: ResumeFilter | None = None
    completed: int = 0
    _again: int = 0  # completed jobs that have begun once more
    _batch: Batch | None = None
    _jobs: int = 0
    _failed: tuple[int, JobReturn] | None = None
    _closing_lines: list[str] = field(default_factory=list[str])  # below all else

    @classmethod
    def of(
        cls,
        beginning: SweepRun,
        launcher: Launcher,
        task: JobRunner,
        configs: Path,
        remaining: ResumeFilter | None = None,
    ) -> Running:
        """A sweep of which no job has run yet."""
        options, plan = beginning.options, beginning.request.plan
        directory = beginning.directory.absolute()
        task.keep(directory, configs, plan.swept, list(beginning.sweep_selectors))
        most = options.max_failures
        limit = None if most is None else Limit(directory / OWN / FAILED / uuid4().hex, most)
        failures = Failures(beginning.directory, beginning.host.job_name, limit)
        records = JobStore(directory)
        progress = None
        if options.progress:
            from params_proto.multirun.progress import started  # which a sweep may do without

            total = _total(beginning)
            progress = started(total, options.ranking, records, lambda: task.busy, remaining)
        gathered = Gathered(task, records, failures, progress)
        task.on_change = gathered.changed_here
        launching = Launching(
            launcher,
            gathered,
            beginning.host.compose,
            options.retries,
            options.timeout,
            apart=beginning.host.submits,
            named=beginning.is_resume,
        )
        return cls(beginning, launching, gathered, remaining=remaining)

    def watched(self) -> AbstractContextManager[None]:
        """Within the block it is told how far the sweep is."""
        progress = self.gathered.progress
        return nullcontext() if progress is None else progress.watching()

    def run(self, batch: Batch) -> None:
        """Runs a batch."""
        self._batch = batch
        with reported_by_hydra():
            returned = self.launching.run(batch)
        results = [*returned.values()]
        self._jobs += len(results)
        for number, result in returned.items():
            if result.status.name == "COMPLETED":
                self.completed += 1
            elif self._failed is None:
                self._failed = number, result
        # Each holds three configs of its job: many of them would fill the memory, so that not even
        # those of the first batch are held while the second one runs.
        options, plan = self.beginning.options, self.beginning.request.plan
        kept = self._jobs <= _KEPT and not plan.exceeds(_KEPT, options.shard)
        self.returns = [*self.returns, results] if kept else []
        self._again += self.gathered.begun_again(batch.all)
        self._batch = None

    def wait(self) -> None:
        """Waits for jobs in processes of other launches, and runs those again that do not end."""
        self.gathered.elsewhere += [] if self.remaining is None else self.remaining.elsewhere
        while dead := self.gathered.wait():
            self.run(Batch(dead, {one.number: one.directory or "" for one in dead}))

    def leave_results(self) -> None:
        """Writes down what came out, and shows it."""
        from params_proto.multirun.running.ending import leave_results  # not before the jobs start

        self._closing_lines = leave_results(self.beginning, self.gathered.records.directory)

    def show_failure(self) -> None:
        """Shows what the first job raised that failed: the frames of its own code."""
        failure = None if self._failed is None else self.gathered.failures.of(self._failed[0])
        if failure is None or failure.error is None or not self._ends_the_process:
            return
        raised, told = self._raised, failure.error.traceback.rstrip()
        if isinstance(raised, CompactHydraException):
            told = explanation(raised)
        write(f"Error executing job with overrides: {failure.overrides}\n{told}")

    def ended(self) -> list[Sequence[JobReturn]]:
        """The returns of all jobs.

        Raises:
            SystemExit: jobs failed.
            Exception: what the first of them raised, if Hydra is to show a complete stack trace.
                Where Python launched the sweep, which reads the records, too many did.
        """
        failures, unrecorded = self.gathered.failures, self.gathered.unrecorded
        if not failures and not unrecorded:
            self._write_closing_lines()
            return self.returns
        told = [failures.summary()] if failures else []
        if unrecorded:
            reason = next(iter(unrecorded.values()))
            told.append(f"{counted(len(unrecorded))} without a record of the end: {reason}")
        if failures.too_many:
            told.append("No further job was started (hydra.sweeper.max_failures).")
        text = "\n".join([*told, self._to_go_on()])
        if self.beginning.host.launched is not None:
            if unrecorded or failures.too_many:
                raise CompactHydraException(text) from self._raised
            log.warning(text)
            return self.returns
        failed = None if unrecorded else self._failed
        if failed is None:  # processes died, or there is nothing to show
            if self._ends_the_process:
                write(text)  # a disk that is full may have the log
                raise SystemExit(1)
            raise CompactHydraException(text)
        log.error(text)
        if self._ends_the_process:
            raise SystemExit(1) from self._raised
        number, result = failed
        try:
            _ = result.return_value  # raises what the job raised
        except Exception as error:
            record = failures.of(number)
            if record is not None and record.error is not None and record.pid != os.getpid():
                raise error from RemoteError(f"\n{record.error.traceback}")
            raise
        raise CompactHydraException(text)

    @property
    def _raised(self) -> Exception | None:
        """What the first job raised that failed."""
        value = self._failed and self._failed[1]._return_value  # pyright: ignore[reportPrivateUsage]
        return value if isinstance(value, Exception) else None

    @property
    def _ends_the_process(self) -> bool:
        """Whether nobody waits for an exception, which Hydra would show below all else."""
        by_command = bool(command_of(self.beginning.host))  # a script's own launch has a caller
        return by_command and os.environ.get("HYDRA_FULL_ERROR") != "1"

    def stopped(self, error: Exception) -> None:
        """Says how to go on after something that is no job's failure.

        Args:
            error: what was raised, as a rule by the launcher.

        Raises:
            SystemExit: unless somebody waits for the error.
        """
        if self._ends_the_process:
            write(explanation(error))
        try:
            self.leave_results()
        finally:  # also at Ctrl-C meanwhile
            with logged_where_it_can():
                log.error(f"The sweep stopped. {self._to_go_on()}")
        if self._ends_the_process:
            raise SystemExit(1) from error

    def interrupted(self, number: int) -> NoReturn:
        """Closes the records, and says how to go on.

        Args:
            number: of the signal.

        Raises:
            SystemExit: always, with the status of a process that the signal ended.
        """
        with quiet_about_interrupts():  # another one
            self._tell_what_was_cut(number)
        raise SystemExit(128 + number)

    def end_stuck(self, number: int) -> None:
        """Does the same in another thread, and ends the process, unless it runs a job.

        A launcher may wait for workers for good: one that is killed as it sends what its job
        returned leaves loky with half of it.

        Args:
            number: of the signal.
        """
        if self.gathered.task.busy:
            return  # a job of this process takes its time
        kill(self.gathered.records, self._current)
        self._tell_what_was_cut(number)
        logging.shutdown()
        os._exit(128 + number)

    @property
    def _current(self) -> Sequence[Job]:
        batch = self._batch  # which another thread may change
        return [] if batch is None else batch.all

    def _tell_what_was_cut(self, number: int) -> None:
        cut = self.launching.cut(self._current)
        if self.gathered.progress is not None:
            self.gathered.progress.screen.close()
        if number == signal.SIGTERM:  # who sends it may not wait until a long table is written
            self._tell(cut)
            self.leave_results()
            self._write_closing_lines()
            return
        try:
            self.leave_results()
        finally:  # also at another Ctrl-C, which does not wait for it
            self._tell(cut)

    def _write_closing_lines(self) -> None:
        if self._closing_lines:
            write("\n".join(self._closing_lines))

    def _tell(self, cut: Cut) -> None:
        told = told_of(cut, self.completed, submitted=self.beginning.host.submits)
        log.warning(f"{told}\n{self._to_go_on()}")

    def _to_go_on(self) -> str:
        begun = self._again + self.gathered.begun_again(self._current)
        return "\n".join(
            [how_to_go_on(self.beginning, self.remaining, begun), *self._closing_lines]
        )


def _total(beginning: SweepRun) -> int | None:
    """How many jobs there are, unless many would have to be looked at to count them."""
    plan, part = beginning.request.plan, beginning.options.shard
    if plan.size is None and plan.exceeds(AHEAD, part):
        return None
    numbers = range(plan.space.size)[slice(None) if part is None else part]
    return numbers.index(numbers[-1]) + 1 if numbers else 0  # which len() may not be able to say
