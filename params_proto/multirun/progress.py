"""How far a sweep is, on standard error: a live line in a terminal, else a line for each job.

The live line is there while nothing else is written to the terminal. Jobs of this process write
through streams that take it away first. Those of joblib's workers do not, so beside them there are
lines. Between two writes the terminal is in its usual state: killing the process does no harm.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from params_proto.analysis.ranking import ALONE
from params_proto.analysis.rows import metrics
from params_proto.analysis.text import cell
from params_proto.errors import SweepError, did_you_mean
from params_proto.multirun import errors
from params_proto.multirun.resume import Best
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import UnreadableError

if TYPE_CHECKING:
    from params_proto.multirun.resume import ResumeFilter

log = logging.getLogger(__name__)

_PERIOD = 0.5  # seconds between two looks at the records of jobs that run elsewhere
_SHARE = 20  # of the time that a look takes, so much passes before the next one
_OFTEN = 30.0  # seconds between two lines about all jobs
_MAX_NAME = 100  # characters of a job and its overrides
_MAX_METRICS = 4  # metrics of a job
_ERASE = "\r\x1b[2K"


def write(text: str) -> None:
    """Writes lines to standard error, if there is anybody to read them."""
    # The sweep does not end because a pipe, or a terminal, has: nothing depends on it.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal that moves its cursor."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return False
    try:
        return stream.isatty()
    except (ValueError, AttributeError):  # closed, or none
        return False


def has_colors(stream: TextIO) -> bool:
    """Whether a stream is a terminal with colors, which nobody has switched off."""
    return not os.environ.get("NO_COLOR") and is_terminal(stream)


class Progress:
    """Counts the jobs of a sweep as they start and end, and shows how far it is.

    Args:
        total: how many jobs there are; None where nobody has counted.
        best: of the jobs that ran before, and of these.
        records: of the jobs.
        remaining: what is left of a sweep that resumes; None for a new one.
        looks: whether jobs run in other processes, whose records are to be looked at.
        live: whether a terminal is for this process alone to write to.
    """

    def __init__(
        self,
        total: int | None,
        best: Best,
        records: JobStore,
        remaining: ResumeFilter | None = None,
        *,
        looks: bool = False,
        live: bool = False,
    ) -> None:
        self._total, self._best, self._records = total, best, records
        self._remaining, self._looks = remaining, looks
        self._completed = 0
        self._failed: set[int] = set()  # that have not been launched again
        self._running: set[int] = set()
        # The jobs of this launch that have not ended, and how many attempts each had before.
        self._open: dict[int, int] = {}
        self._knows_metric = False
        self._last_line = time.monotonic()
        self._has_news = False  # whether a job has ended since
        self._lock = threading.RLock()
        self._wants_live = live
        self._live: _LiveLine | None = None

    def launched(self, attempts: Mapping[int, int]) -> None:
        """Notes that jobs are launched, some of them once more perhaps.

        Args:
            attempts: how many each job has had before, by number.
        """
        with self._lock:
            self._open = dict(attempts)
            self._failed -= attempts.keys()
            self._running.clear()

    def changed(self, record: Record) -> None:
        """Notes what a record says, unless that is known, or of an earlier attempt."""
        with self._lock:
            before = self._open.get(record.job)
            if before is None or record.attempt <= before:
                return
            if record.status is Status.RUNNING:
                self._running.add(record.job)
                if self._live is not None:  # which the job's own output may take away soon
                    self._show()
                return
            del self._open[record.job]
            self._running.discard(record.job)
            self._has_news = True
            if record.status is Status.COMPLETED:
                self._completed += 1
                self._best.take(record)
            else:
                self._failed.add(record.job)
            if self._live is None:
                self._write_line(record)
            self._look_for_metric(record)

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        """Within the block it keeps looking, and showing."""
        over = threading.Event()
        if self._wants_live and is_terminal(sys.stderr):
            self._live = _LiveLine(self._total)

        def watch() -> None:
            period = _PERIOD
            while not over.wait(period):
                start = time.monotonic()
                if self._looks:
                    self._look()
                self._show()
                period = max(_PERIOD, _SHARE * (time.monotonic() - start))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            if self._live is not None:
                self._live.close()

    def parts(self) -> list[str]:
        """How many jobs are done, failed and running, and the best so far."""
        left_out, unfinished = 0, 0  # jobs that need not run, and those that did not complete
        if self._remaining is not None:
            left_out, unfinished = self._remaining.left_out, self._remaining.unfinished
        failed = unfinished + len(self._failed)
        total = "" if self._total is None else f"/{self._total}"
        parts = [f"{left_out - unfinished + self._completed}{total} done"]
        if failed:
            parts.append(f"{failed} failed")
        parts.append(f"{len(self._running)} running")
        if (best := self._best.record) is not None:
            order = self._best.ranking
            value = dict(metrics(best.value))[order.metric]
            name = cell(errors.named(best), _MAX_NAME)
            parts.append(f"{order.extreme} {order.metric}={cell(value)} ({name})")
        return parts

    def _write_line(self, record: Record) -> None:
        """Writes a line about a job, but for one that failed: the log has that already."""
        if record.status is Status.COMPLETED:
            left_out = 0 if self._remaining is None else self._remaining.left_out
            total = "" if self._total is None else f"/{self._total}"
            place = f"[{left_out + self._completed + len(self._failed)}{total}]"
            found = metrics(record.value)
            first = self._best.ranking.metric
            found = sorted(found, key=lambda one: one[0] != first)[:_MAX_METRICS]
            seconds = "" if record.duration is None else f" in {record.duration:.1f} s"
            returned = ", ".join(f"{name}={cell(value)}" for name, value in found)
            more = f": {returned}" if returned else ""
            name = cell(errors.named(record), _MAX_NAME)
            write(f"{place} {name} {record.status.value}{seconds}{more}")
        self._show()

    def _show(self) -> None:
        with self._lock:
            if self._live is not None:
                ended = self._completed + len(self._failed)
                left_out = 0 if self._remaining is None else self._remaining.left_out
                self._live.show(self.parts(), ended, left_out)
            elif self._has_news and time.monotonic() - self._last_line >= _OFTEN:
                self._last_line, self._has_news = time.monotonic(), False
                write(", ".join(self.parts()))

    def _look(self) -> None:
        """Reads the records of jobs that run elsewhere."""
        for number in list(self._open):
            with suppress(UnreadableError, SweepError):  # reported when the job has ended
                record = self._records.read(number)
                if record is not None:
                    self.changed(record)

    def _look_for_metric(self, record: Record) -> None:
        """Warns at the first job that returns something if it does not return the metric."""
        names = [] if self._knows_metric else [name for name, _ in metrics(record.value)]
        self._knows_metric = self._knows_metric or bool(names)
        metric = self._best.ranking.metric
        if names and metric != ALONE and metric not in names:
            log.warning(
                f"hydra.sweeper.metric={metric}: job {record.job} has returned no {metric}."
                f"{did_you_mean(metric, names)}"
            )


class _LiveLine:
    """A line of the terminal that shows the progress of all jobs while nothing else is written."""

    def __init__(self, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._terminal, self._streams = sys.stderr, (sys.stdout, sys.stderr)
        self._lock, self._pid = threading.RLock(), os.getpid()
        self._is_shown = False
        self._at_start = True  # whether the cursor is at the start of a line
        self._console = Console(file=sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(20, style="default", complete_style="green", finished_style="green"),
            TimeRemainingColumn(),
            console=self._console,
            speed_estimate_period=float("inf"),
        )
        self._task = self._progress.add_task("", total=total)
        sys.stdout, sys.stderr = (
            _Stream(stream, self) if is_terminal(stream) else stream for stream in self._streams
        )

    def show(self, parts: list[str], ended: int, left_out: int) -> None:
        """Draws the line, unless another line is unfinished or the terminal is another program's.

        Args:
            parts: what it says.
            ended: how many jobs have, in this run.
            left_out: how many need not run.
        """
        task = self._progress.tasks[0]
        task.completed = max(task.completed, left_out)
        self._progress.update(self._task, completed=left_out + ended, description=", ".join(parts))
        with self._lock, suppress(OSError, ValueError):  # of a terminal that is gone
            if self._at_start and os.tcgetpgrp(self._terminal.fileno()) == os.getpgrp():
                with self._console.capture() as capture:
                    self._console.print(self._progress.get_renderable(), no_wrap=True)
                self._terminal.write(_ERASE + capture.get().partition("\n")[0].rstrip())
                self._terminal.flush()
                self._is_shown = True

    def write(self, stream: TextIO, text: str) -> int:
        """Writes to the terminal, in the place of the line."""
        if os.getpid() != self._pid:  # of a child that a job has forked, perhaps with the lock
            return stream.write(text)
        with self._lock:
            if self._is_shown:
                self._terminal.write(_ERASE)
                self._terminal.flush()
                self._is_shown = False
            if text:
                self._at_start = text.endswith("\n")
            return stream.write(text)

    def close(self) -> None:
        """Takes the line away for good."""
        with suppress(OSError, ValueError):
            self.write(self._terminal, "")
        sys.stdout, sys.stderr = self._streams


class _Stream:
    """Standard output or error as jobs of this process see it."""

    def __init__(self, stream: TextIO, line: _LiveLine) -> None:
        self._stream, self._line = stream, line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self._line.write(self._stream, text)
