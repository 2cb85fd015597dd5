"""How a sweep ends: its files and table, what failed, what was interrupted, how to resume it."""

from __future__ import annotations

import logging
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hydra.errors import CompactHydraException
from omegaconf.errors import OmegaConfBaseException

from params_proto._text import counted
from params_proto.analysis.rows import metrics_of, table
from params_proto.analysis.text import write_results
from params_proto.errors import SweepError
from params_proto.multirun.errors import logged_where_it_can
from params_proto.multirun.executor import POLL, Executor, error_of, is_mine
from params_proto.multirun.job_runner import RemoteError, user_traceback
from params_proto.multirun.progress import has_colors, write
from params_proto.multirun.resume_command import command_of, relaunch_hint, resume_command
from params_proto.multirun.signals import exit_on_interrupt, signal_of
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.records import JobStore, Record, Status
from params_proto.records.lock import runs_elsewhere
from params_proto.records.manifest import read_plan

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn

    from params_proto.analysis.ranking import Ranking, Summary
    from params_proto.multirun.resume import ResumeFilter

log = logging.getLogger(__name__)

_MAX_PENDING = 100_000  # jobs that have not run, of which more would take too long to list
_MAX_HELD = 10_000  # rows that are read once, not twice
_GRACE = 10.0  # seconds that interrupted workers have to end
_MAX_LISTED = 5  # jobs that still run


@dataclass(eq=False)
class InterruptSummary:
    """The jobs of a batch that was interrupted.

    Args:
        completed: how many completed, by an attempt of this batch.
        interrupted: how many were cut short.
        not_started: how many have not started.
        running: the records of those that still run, in other processes.
    """

    completed: int = 0
    interrupted: int = 0
    not_started: int = 0
    running: list[Record] = field(default_factory=list[Record])

    def text(self, completed: int, *, queued: bool) -> str:
        """What the user is told.

        Args:
            completed: how many jobs completed in the batches before.
            queued: whether jobs that have not started are in a cluster's queue.
        """
        done = f"{counted(completed + self.completed)} completed in this run"
        lines = [f"Interrupted: {done}, {self.interrupted} cut short."]
        if self.running:
            number, shown = len(self.running), self.running[:_MAX_LISTED]
            where = [f"job {one.job}, process {one.pid} on {one.host}" for one in shown]
            if number > _MAX_LISTED:
                where.append(f"{number - _MAX_LISTED} more")
            it, runs = ("it", "runs") if number == 1 else ("them", "run")
            lines.append(
                f"{counted(number)} still {runs} ({'; '.join(where)}): the launcher or another"
                f" process started {it}, and a resume waits for the end. To end {it} now, use"
                " kill, or the cluster's scancel."
            )
        if self.not_started and queued:
            lines.append(
                f"{counted(self.not_started)} submitted and not started: queued jobs will still"
                " start, unless scancel removes them."
            )
        return "\n".join(lines)


@dataclass(eq=False)
class Finish:
    """The end of a sweep, however it comes.

    Args:
        run: the sweep.
        executor: has run its jobs.
        remaining: what was left of a sweep that resumes; None for a new one.
    """

    run: SweepRun
    executor: Executor
    remaining: ResumeFilter | None
    _closing_lines: list[str] = field(default_factory=list[str], init=False)

    def finish(self) -> list[Sequence[JobReturn]]:
        """Shows the first failure, leaves the results, and returns what the jobs returned.

        Raises:
            SystemExit: jobs failed.
            Exception: what the first of them raised, if Hydra is to show a complete stack trace.
            CompactHydraException: too many jobs failed of a sweep that Python launched.
        """
        with exit_on_interrupt():
            self._show_first_failure()
            self._closing_lines = leave_results(self.run, self.executor.records.directory)
        failures, unrecorded = self.executor.failures, self.executor.unrecorded
        if not failures.records and not unrecorded:
            if self._closing_lines:
                write("\n".join(self._closing_lines))
            return self.executor.returns
        lines = [failures.summary()] if failures.records else []
        if unrecorded:
            reason = next(iter(unrecorded.values()))
            lines.append(f"{counted(len(unrecorded))} without a record of the end: {reason}")
        if failures.too_many:
            lines.append("No further job was started (hydra.sweeper.max_failures).")
        text = "\n".join([*lines, self._resume_hint(is_partial=failures.too_many)])
        first = self.executor.first_failure
        raised = None if first is None else error_of(first[1])
        if self.run.host.launched is not None:
            if unrecorded or failures.too_many:
                raise CompactHydraException(text) from raised
            log.warning(text)
            return self.executor.returns
        if first is None or raised is None or unrecorded:  # processes died: nothing to show
            if self._ends_process:
                write(text)  # a disk that is full may have the log
                raise SystemExit(1)
            raise CompactHydraException(text)
        log.error(text)
        if self._ends_process:
            raise SystemExit(1) from raised
        record = failures.records.get(first[0])
        if record is not None and record.error is not None and not is_mine(record):
            raise raised from RemoteError(f"\n{record.error.traceback}")
        raise raised

    def stop(self, error: Exception) -> None:
        """Says how to resume after an error that is no job's, as a rule the launcher's.

        Raises:
            SystemExit: unless somebody waits for the error.
        """
        if self._ends_process:
            write(_explanation(error))
        try:
            self._closing_lines = leave_results(self.run, self.executor.records.directory)
        finally:  # also at Ctrl-C meanwhile
            with logged_where_it_can():
                log.error(f"The sweep stopped. {self._resume_hint()}")
        if self._ends_process:
            raise SystemExit(1) from error

    def interrupt(self, error: KeyboardInterrupt) -> NoReturn:
        """Closes the records of jobs that were cut short, and says how to resume.

        Raises:
            SystemExit: always, with the status of a process that the signal ended.
        """
        number = signal_of(error)
        with exit_on_interrupt():  # by another signal
            text = self._close_interrupted().text(
                self.executor.completed, queued=self.run.host.submits
            )
            if number == signal.SIGTERM:  # who sends it may not wait until a long table is written
                log.warning(f"{text}\n{self._resume_hint()}")
                self._closing_lines = leave_results(self.run, self.executor.records.directory)
                if self._closing_lines:
                    write("\n".join(self._closing_lines))
            else:
                try:
                    self._closing_lines = leave_results(self.run, self.executor.records.directory)
                finally:  # also at another Ctrl-C, which does not wait for it
                    log.warning(f"{text}\n{self._resume_hint()}")
        raise SystemExit(128 + number)

    @property
    def _ends_process(self) -> bool:
        """Whether nobody waits for an exception, which Hydra would show below all else."""
        by_command = bool(command_of(self.run.host))  # a script's own launch has a caller
        return by_command and os.environ.get("HYDRA_FULL_ERROR") != "1"

    def _show_first_failure(self) -> None:
        """Shows what the first job raised that failed: the frames of its own code."""
        first = self.executor.first_failure
        failure = None if first is None else self.executor.failures.records.get(first[0])
        if first is None or failure is None or failure.error is None or not self._ends_process:
            return
        raised, text = error_of(first[1]), failure.error.traceback.rstrip()
        if isinstance(raised, CompactHydraException):
            text = _explanation(raised)
        write(f"Error executing job with overrides: {failure.overrides}\n{text}")

    def _resume_hint(self, *, is_partial: bool = True) -> str:
        """The command that resumes the sweep, and the last lines.

        Args:
            is_partial: whether jobs have not started. Those that a rerun selected are then selected
                once more, as no record says which of them have.
        """
        host, options, directory = self.run.host, self.run.options, str(self.run.directory)
        rerun = None
        if self.remaining is not None and is_partial:
            from params_proto.multirun.resume import rerun_to_resume  # which few sweeps need

            rerun = rerun_to_resume("all" if options.overwrite else options.rerun)
        if host.launched is not None:
            command = relaunch_hint(directory, rerun)
        else:
            hydra, overwrites = host.of_hydra, bool(options.overwrite)
            command = resume_command(
                command_of(host), hydra, directory, rerun, overwrites=overwrites
            )
        return "\n".join([f"Resume with: {command}", *self._closing_lines])

    def _close_interrupted(self) -> InterruptSummary:
        """Closes the records of the batch's jobs once their processes are gone."""
        executor, summary = self.executor, InterruptSummary()
        deadline = time.monotonic() + _GRACE
        for one in executor.batch:
            record = executor.record(one)
            if record is None or executor.attempts.get(one.number) in (None, record.attempt):
                summary.not_started += 1
                continue
            while _runs_elsewhere(executor.records, record) and time.monotonic() < deadline:
                time.sleep(POLL)
                record = executor.record(one) or record
            if _runs_elsewhere(executor.records, record):
                summary.running.append(record)
                continue
            if record.status is Status.RUNNING:
                try:
                    record = executor.close(one, Status.INTERRUPTED) or record
                except SweepError as unwritten:
                    log.error(str(unwritten))
                    summary.interrupted += 1
            summary.interrupted += record.status is Status.INTERRUPTED
            summary.completed += record.status is Status.COMPLETED
        known = {record.job for record in summary.running}
        for one in executor.elsewhere:
            record = executor.record(one)
            if record is None or record.job in known:
                continue
            if executor.records.is_running(record):
                summary.running.append(record)
        return summary


def _runs_elsewhere(records: JobStore, record: Record) -> bool:
    return not is_mine(record) and records.is_running(record)


def _explanation(error: Exception) -> str:
    """An error as it is shown: its message where that says it all, else also where it came from."""
    if isinstance(error, (CompactHydraException, SweepError)):
        cause = error.__cause__
        return f"{error}\n{cause}" if isinstance(cause, OmegaConfBaseException) else str(error)
    lines = traceback.format_exception(type(error), error, user_traceback(error))
    return "".join(lines).rstrip()


def leave_results(run: SweepRun, there: Path) -> list[str]:
    """Writes `results.csv`, and shows the table unless nobody wants to see it.

    While other shards of the sweep run it does neither: the last of them does.

    Args:
        run: the sweep.
        there: its directory, absolute: a job may have changed the working directory.

    Returns:
        The lines that come last on the screen: which job is the best, and how to run it again.
    """
    options = run.options
    if options.shard is not None and runs_elsewhere(there):
        return []
    with logged_where_it_can():
        try:
            found = table(there, _MAX_PENDING, run.request.plan.space).held(_MAX_HELD)
            rows = list(islice(found, 2))
            if len(rows) < 2:  # of which there is nothing to show
                write_results(found, metrics_of(rows))
                return []
            from params_proto.analysis.ranking import summary

            read = summary(found, options.ranking)
            write_results(found, read.metrics)
            return _show(run, there, read) if options.progress and read.ran else []
        except SweepError as error:  # the jobs are done all the same
            later = f"params-proto results {run.directory}"
            log.error(f"{error} The table can be had later: {later}")
            return []


def _show(run: SweepRun, there: Path, read: Summary) -> list[str]:
    from params_proto.analysis.ranking import ranking_of
    from params_proto.analysis.text import counted, shown

    options, directory = run.options, str(run.directory)
    order, wrong = None, list[str]()
    try:
        order = ranking_of((), options.metric, options.direction, read.metrics)
    except SweepError as error:  # that a metric has another name is seen only now
        wrong = [str(error)]
    rows = read.first if order is None else read.best
    lines = ["", shown(rows, read.keys, read.metrics, color=has_colors(sys.stderr))]
    if read.ran > len(rows):
        whole = shlex.join(["params-proto", "results", directory])
        lines.append(f"and {read.ran - len(rows)} more: {whole}")
    write("\n".join([*lines, "", *wrong, f"{counted(read.statuses)} in {directory}"]))
    return _best(there, read, order)


def _best(there: Path, read: Summary, order: Ranking | None) -> list[str]:
    from params_proto.analysis.rerun import rerun_command
    from params_proto.analysis.text import cell

    if not read.metrics and read.statuses[Status.COMPLETED.value]:
        return ["No job returned a value: there is nothing to rank."]
    best = read.best[0]
    if order is None or order.score(best.metrics) is None:
        return []
    record, plan = JobStore(there).read(best.job), read_plan(there)
    assert record is not None
    option = "hydra.sweeper.direction=" if plan.script else "direction="
    number = cell(best.metrics[order.metric])
    return [
        f"Best: {order.describe(f'= {number}, job {best.job}', option)}",
        f"{'Run it again' if plan.script else 'Its overrides'}: {rerun_command(plan, [record])}",
    ]
