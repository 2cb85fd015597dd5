"""The progress of a sweep on standard error: a live line in a terminal, else a line per job.

The live line disappears while something else is written to the terminal: jobs of this process write
through streams that erase it first. Those of joblib's workers do not, so with them there is a line
for each job. Between two writes the terminal is in its usual state: killing the process does no
harm.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from params_proto._files import is_terminal, write_stderr
from params_proto.analysis.rows import metrics
from params_proto.analysis.text import format_cell
from params_proto.errors import SweepError
from params_proto.multirun.errors import describe_job
from params_proto.records import Record, Status
from params_proto.records.manifest import UnreadableError

if TYPE_CHECKING:
    from params_proto.multirun.resume import ResumeFilter

_PERIOD = 0.5  # seconds between readings of the records of jobs that run elsewhere
_PAUSE_FACTOR = 20  # pause after a reading for at least this many times as long as it took
_OFTEN = 30.0  # seconds between summary lines
_BAR = 20  # width of the live line's bar, in columns
_ERASE = "\r\x1b[2K"


class Progress:
    """Counts the jobs of a sweep as they start and end, and shows the progress.

    Args:
        total: how many jobs there are; None if they are not counted.
        resume_filter: selects the jobs that are left, with the records and the best job so far.
        polls: whether jobs run in other processes, so that their records have to be read.
        live: whether no other process writes to the terminal.
    """

    def __init__(
        self,
        total: int | None,
        resume_filter: ResumeFilter,
        *,
        polls: bool = False,
        live: bool = False,
    ) -> None:
        self._total, self._resume_filter, self._polls = total, resume_filter, polls
        self._best = resume_filter.best
        self._completed = 0
        self._failed: set[int] = set()  # not relaunched yet
        self._running: set[int] = set()
        # The jobs of this launch that have not ended, with their numbers of earlier attempts.
        self._open: dict[int, int] = {}
        self._last_line = time.monotonic()
        self._lock = threading.RLock()
        self._live: _LiveLine | None = None
        if live and is_terminal(sys.stderr):
            self._live = _LiveLine(total)

    def on_launch(self, attempts: Mapping[int, int]) -> None:
        """Notes that jobs are launched, with the number of earlier attempts of each."""
        with self._lock:
            self._open = dict(attempts)
            self._failed -= attempts.keys()
            self._running.clear()

    def on_change(self, record: Record) -> None:
        """Notes a record, unless it is known already or of an earlier attempt."""
        with self._lock:
            before = self._open.get(record.job)
            if before is None or record.attempt <= before:
                return
            if record.status is Status.RUNNING:
                self._running.add(record.job)
                self._show()  # the job's output may soon erase the live line
                return
            del self._open[record.job]
            self._running.discard(record.job)
            if record.status is Status.COMPLETED:
                self._completed += 1
                self._best.update(record)
            else:
                self._failed.add(record.job)
            if self._live is None:
                self._write_lines(record)
            self._show()

    @contextmanager
    def watch(self) -> Generator[None, None, None]:
        """Keeps reading records and showing the progress within the block."""
        over = threading.Event()

        def poll() -> None:
            pause = _PERIOD
            while not over.wait(pause):
                start = time.monotonic()
                for number in [*self._open] if self._polls else ():
                    with suppress(UnreadableError, SweepError):  # reported when the job has ended
                        record = self._resume_filter.records.read(number)
                        if record is not None:
                            self.on_change(record)
                self._show()
                pause = pause_after(time.monotonic() - start)

        thread = threading.Thread(target=poll, daemon=True)
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
        # Skipped jobs include some that did not complete.
        left_out, unfinished = self._resume_filter.left_out, self._resume_filter.unfinished
        failed = unfinished + len(self._failed)
        parts = [f"{left_out - unfinished + self._completed}{self._of_total} done"]
        if failed:
            parts.append(f"{failed} failed")
        parts.append(f"{len(self._running)} running")
        if (best := self._best.record) is not None:
            order = self._best.ranking
            value, job = (
                dict(metrics(best.value))[order.metric],
                describe_job(best.job, best.overrides),
            )
            parts.append(
                f"{order.extreme} {order.metric}={format_cell(value)} ({format_cell(job)})"
            )
        return parts

    @property
    def _of_total(self) -> str:
        return "" if self._total is None else f"/{self._total}"

    def _write_lines(self, record: Record) -> None:
        """Writes a line about a job, unless it failed, which is logged; at times also a summary."""
        if record.status is Status.COMPLETED:
            ended = self._resume_filter.left_out + self._completed + len(self._failed)
            first = self._best.ranking.metric
            found = sorted(metrics(record.value), key=lambda metric: metric[0] != first)
            returned = ", ".join(f"{name}={format_cell(value)}" for name, value in found)
            seconds = "" if record.duration is None else f" in {record.duration:.1f} s"
            place = f"[{ended}{self._of_total}]"
            more = f": {format_cell(returned)}" if returned else ""
            write_stderr(
                f"{place} {describe_job(record.job, record.overrides)} completed{seconds}{more}"
            )
        if time.monotonic() - self._last_line >= _OFTEN:
            self._last_line = time.monotonic()
            write_stderr(", ".join(self.parts()))

    def _show(self) -> None:
        with self._lock:
            if self._live is not None:
                ended = self._completed + len(self._failed)
                self._live.show(self.parts(), ended, self._resume_filter.left_out)


def pause_after(seconds: float) -> float:
    """How long to wait before reading records again, after a reading that took some seconds.

    Reading many records from a slow file system must not take most of the time.
    """
    return max(_PERIOD, _PAUSE_FACTOR * seconds)


class _LiveLine:
    """A line in the terminal that shows the progress while nothing else is written."""

    def __init__(self, total: int | None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._terminal, self._streams = sys.stderr, (sys.stdout, sys.stderr)
        self._lock, self._pid = threading.RLock(), os.getpid()
        self._is_shown = False
        self._at_start = True  # whether the cursor is at the start of a line
        self._console = Console(file=sys.stderr)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(_BAR, style="default", complete_style="green", finished_style="green"),
            TimeRemainingColumn(),
            console=self._console,
            speed_estimate_period=float("inf"),
        )
        self._task = self._progress.add_task("", total=total)
        sys.stdout, sys.stderr = (
            _Stream(stream, self) if is_terminal(stream) else stream for stream in self._streams
        )

    def show(self, parts: list[str], ended: int, left_out: int) -> None:
        """Draws the line, unless another line is unfinished or the terminal is in use.

        Args:
            parts: the text, in parts.
            ended: how many jobs have ended in this run.
            left_out: how many jobs were skipped.
        """
        task = self._progress.tasks[0]
        task.completed = max(task.completed, left_out)
        # In a narrow terminal the text is shortened, rather than the bar and the time.
        text = format_cell(", ".join(parts), max(self._console.width - _BAR - len(" -:--:-- "), 4))
        self._progress.update(self._task, completed=left_out + ended, description=text)
        with self._lock, suppress(OSError, ValueError):  # the terminal may be gone
            if self._at_start and os.tcgetpgrp(self._terminal.fileno()) == os.getpgrp():
                with self._console.capture() as capture:
                    self._console.print(self._progress.get_renderable(), no_wrap=True)
                self._terminal.write(_ERASE + capture.get().partition("\n")[0].rstrip())
                self._terminal.flush()
                self._is_shown = True

    def write(self, stream: TextIO, text: str) -> int:
        """Writes to the terminal in place of the line."""
        if os.getpid() != self._pid:  # a job's fork, perhaps made while the lock was held
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
        """Removes the line and restores the streams."""
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
