"""Finishes a sweep: its files and table, failures, interruptions, and how to resume it."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

from hydra.errors import CompactHydraException
from omegaconf.errors import OmegaConfBaseException

from params_proto._files import has_colors, write_stderr
from params_proto._text import pluralize
from params_proto.analysis.rows import metrics_of, table, write_results
from params_proto.errors import MAX_SHOWN, SweepError
from params_proto.multirun.errors import ignore_logging_errors
from params_proto.multirun.executor import Executor
from params_proto.multirun.job_runner import user_traceback
from params_proto.multirun.resume_command import command_of, relaunch_hint, resume_command
from params_proto.multirun.signals import exit_on_interrupt
from params_proto.multirun.sweep_dir import SweepRun
from params_proto.records import JobStore, Record, Status
from params_proto.records.lock import is_running_elsewhere
from params_proto.records.manifest import read_plan

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn

    from params_proto.analysis.ranking import Summary

log = logging.getLogger(__name__)

_GRACE = 10.0  # seconds for interrupted workers to end


class Outcome(Protocol):
    """What the end of a sweep needs to know about the jobs that ran."""

    records: JobStore
    failures: dict[int, Record]  # of this run, by job
    first_failure: tuple[int, Exception | None] | None  # the job, and what it raised
    returns: list[Sequence[JobReturn]]

    @property
    def has_too_many_failures(self) -> bool:
        """Whether no further job was started, by `max_failures`."""
        ...


@dataclass(frozen=True, eq=False)
class Finish:
    """The end of a sweep.

    Args:
        run: the sweep.
        outcome: the outcome of its jobs.
    """

    run: SweepRun
    outcome: Outcome

    @property
    def _exits(self) -> bool:
        """Whether to exit instead of raising: Hydra would print the exception below all else."""
        by_command = bool(command_of(self.run.app))  # a script's own launch has a caller
        return by_command and os.environ.get("HYDRA_FULL_ERROR") != "1"

    def finish(self) -> list[Sequence[JobReturn]]:
        """Shows the first failure, writes the results, and returns what the jobs returned.

        If jobs failed, it exits, or raises the first failure if Hydra is to show complete
        tracebacks. A sweep launched from Python raises only if too many jobs failed.
        """
        outcome = self.outcome
        number, raised = outcome.first_failure or (-1, None)
        first = outcome.failures.get(number)
        with exit_on_interrupt():
            if (
                first is not None
                and first.error is not None
                and first.error.traceback
                and (
                    self._exits or not first.is_mine  # the exception lacks the worker's traceback
                )
            ):
                text = first.error.traceback.rstrip()
                if isinstance(raised, CompactHydraException):
                    text = _explanation(raised)
                write_stderr(f"Error executing job with overrides: {first.overrides}\n{text}")
            closing = report_results(self.run, outcome.records.directory)
        if not outcome.failures:
            write_stderr(*closing)
            return outcome.returns
        hint = self._resume_hint(cut_short=outcome.has_too_many_failures)
        text = "\n".join([*self._failure_lines(), hint, *closing])
        if self.run.app.launched is not None:
            if outcome.has_too_many_failures:
                raise CompactHydraException(text) from raised
            log.warning(text)
            return outcome.returns
        with ignore_logging_errors():
            log.error(text)
        if self._exits:
            raise SystemExit(1) from raised
        raise raised or CompactHydraException(text)

    def _failure_lines(self) -> list[str]:
        """The failures by what the jobs raised, a line each."""
        outcome = self.outcome
        groups: dict[str, list[Record]] = {}
        for record in outcome.failures.values():
            groups.setdefault(record.reason, []).append(record)
        lines = [f"{pluralize(len(outcome.failures))} failed:"]
        for reason, records in sorted(groups.items(), key=lambda group: -len(group[1])):
            numbers = _listed([str(record.job) for record in records])
            lines.append(f"- {reason} ({pluralize(len(records))}: {numbers})")
        if outcome.has_too_many_failures:
            lines.append("No further job was started (hydra.sweeper.max_failures).")
        return lines

    def _resume_hint(self, *, cut_short: bool) -> str:
        """The command that resumes the sweep.

        If jobs may not have started (`cut_short`) and completed jobs are to be rerun, all of them
        run again, because records do not say which command ran a job.
        """
        app, options, directory = self.run.app, self.run.options, str(self.run.directory)
        lines: list[str] = []
        rerun = None
        if cut_short and self.run.resume_filter is not None:
            from params_proto.multirun.resume import parse_rerun

            if options.overwrite or Status.COMPLETED in parse_rerun(options.rerun):
                rerun = "all"
                lines.append(
                    "hydra.sweeper.rerun selects completed jobs: resuming also repeats those"
                    " finished in this run."
                )
        if app.launched is not None:
            command = relaunch_hint(directory, rerun)
        else:
            command = resume_command(
                command_of(app),
                app.hydra_overrides,
                directory,
                rerun,
                overwrites=bool(options.overwrite),
            )
        return "\n".join([*lines, f"Resume with: {command}"])


@dataclass(frozen=True, eq=False)
class EarlyEnd(Finish):
    """The end of a sweep whose jobs ran through a launcher, including an early end.

    Args:
        run: the sweep.
        outcome: the executor that ran its jobs.
    """

    outcome: Executor

    def stop(self, error: Exception) -> None:
        """Prints how to resume after an error that is not a job's, usually the launcher's.

        Raises:
            SystemExit: if a command started the sweep.
        """
        if self._exits:
            write_stderr(_explanation(error))
        self._end_early(["The sweep stopped."])
        if self._exits:
            raise SystemExit(1) from error

    @exit_on_interrupt()  # also on a second signal
    def interrupt(self, error: KeyboardInterrupt) -> NoReturn:
        """Closes the records of interrupted jobs, and prints how to resume.

        Raises:
            SystemExit: always, with the status of a process that the signal ended.
        """
        self._end_early(self._close_interrupted())
        raise error

    def _end_early(self, lines: Sequence[str]) -> None:
        """Prints what happened and how to resume, and writes the results of the jobs that ran."""
        with ignore_logging_errors():
            log.error("\n".join([*lines, self._resume_hint(cut_short=True)]))
        # SIGKILL may follow SIGTERM: the table, which may be long, comes last.
        write_stderr(*report_results(self.run, self.outcome.records.directory))

    def _close_interrupted(self) -> list[str]:
        """Closes the records of the batch's jobs once their processes are gone, and sums up."""
        executor = self.outcome
        completed, interrupted, not_started = executor.completed, 0, 0
        running: dict[int, Record] = {}
        deadline = time.monotonic() + _GRACE
        for job in executor.batch:
            record = executor.attempt(job)
            if record is None:
                not_started += 1
                continue
            record = executor.wait_until_ended(job, deadline - time.monotonic()) or record
            if record.status is Status.RUNNING:
                if not record.is_mine and executor.records.is_running(record):
                    running[record.job] = record
                    continue
                try:
                    record = executor.finish_dead(job, interrupted=True) or record
                except SweepError as unwritten:
                    log.error(str(unwritten))
                    interrupted += 1
            interrupted += record.status is Status.INTERRUPTED
            completed += record.status is Status.COMPLETED
        for record in filter(None, map(executor.record, executor.elsewhere)):
            if executor.records.is_running(record):
                running[record.job] = record
        done = f"{pluralize(completed)} completed in this run"
        lines = [f"Interrupted: {done}, {interrupted} cut short."]
        if running:
            where = [
                f"job {record.job} in process {record.pid} on {record.host}"
                for record in running.values()
            ]
            lines.append(
                f"{pluralize(len(running))} still running, started by the launcher or another"
                f" process ({_listed(where)}): a resume waits for them. To stop them now, use kill"
                " or the cluster's scancel."
            )
        if not_started and self.run.app.is_submitit:
            lines.append(
                f"{pluralize(not_started)} submitted and not started: queued jobs will still start,"
                " unless scancel removes them."
            )
        return lines


def _listed(texts: Sequence[str]) -> str:
    """The first texts of a list, and how many more there are."""
    rest = len(texts) - MAX_SHOWN
    return ", ".join(texts[:MAX_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _explanation(error: Exception) -> str:
    """An error as shown to the user: its message if that is enough, else with a traceback."""
    if isinstance(error, (CompactHydraException, SweepError)):
        cause = error.__cause__
        return f"{error}\n{cause}" if isinstance(cause, OmegaConfBaseException) else str(error)
    lines = traceback.format_exception(type(error), error, user_traceback(error))
    return "".join(lines).rstrip()


def report_results(run: SweepRun, directory: Path) -> list[str]:
    """Writes `results.csv`, prints the table, and returns the closing lines about the best job.

    While other shards of the sweep are running, it does nothing: the last one does it. The
    directory is absolute, because a job may have changed the working directory.
    """
    options = run.options
    if options.shard is not None and is_running_elsewhere(directory):
        return []
    is_single = run.plan is None and not run.request.plan.has_more_than(1)
    try:
        found = table(directory, configs=run.request.plan.space)
        if is_single or not options.progress:
            write_results(found, metrics_of(found))
            return []
        from params_proto.analysis.ranking import summary

        figures = summary(found, options.ranking)
        write_results(found, figures.metrics)
        is_shown = figures.ran and figures.statuses.total() > 1
        return _show(run, directory, figures) if is_shown else []
    except SweepError as error:  # the jobs have completed nevertheless
        later = f"params-proto results {run.directory}"
        with ignore_logging_errors():
            log.error(f"{error} To show the table later: {later}")
        return []


def _show(run: SweepRun, path: Path, figures: Summary) -> list[str]:
    """Shows the table, and returns the lines about the best job."""
    from params_proto.analysis.ranking import ranking_of
    from params_proto.analysis.rerun import rerun_command
    from params_proto.analysis.text import format_cell, format_rows, format_statuses

    options, directory = run.options, str(run.directory)
    order, problems = None, list[str]()
    try:
        order = ranking_of((), options.metric, options.direction, figures.metrics)
    except SweepError as error:  # a misspelled metric, found only now
        problems = [str(error)]
    rows = figures.first if order is None else figures.best
    lines = ["", format_rows(rows, figures.keys, figures.metrics, color=has_colors(sys.stderr))]
    if figures.ran > len(rows):
        whole = shlex.join(["params-proto", "results", directory])
        lines.append(f"and {figures.ran - len(rows)} more: {whole}")
    write_stderr(*lines, "", *problems, f"{format_statuses(figures.statuses)} in {directory}")
    if not figures.metrics and figures.statuses[Status.COMPLETED.value]:
        return ["No job returned a value: there is nothing to rank."]
    best = figures.best[0]
    record, plan = JobStore(path).read(best.job), read_plan(path)
    if record is None or order is None or order.score(best.metrics) is None:
        return []
    option = "hydra.sweeper.direction=" if plan.script else "direction="
    number = format_cell(best.metrics[order.metric])
    return [
        f"Best: {order.describe(f'= {number}, job {best.job}', option)}",
        f"{'Run it again' if plan.script else 'Its overrides'}: {rerun_command(plan, [record])}",
    ]
