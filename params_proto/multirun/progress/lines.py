"""Progress in a log: a line for each job, and now and then one about them all."""

from __future__ import annotations

import sys
import time

from params_proto.multirun.progress.tally import Tally
from params_proto.multirun.progress.text import told, told_of_job
from params_proto.records import Record, Status

_OFTEN = 30.0  # seconds between two lines about them all


class Lines:
    """Writes lines to standard error."""

    def __init__(self) -> None:
        self.last = time.monotonic()
        self._ended = False  # whether a job has since then

    def ended(self, record: Record, tally: Tally) -> None:
        """Writes a line about a job, but for one that failed: the log has that already."""
        self._ended = True
        if record.status is Status.COMPLETED:
            total = "" if tally.total is None else f"/{tally.total}"
            place = f"{tally.done + tally.failed}{total}"
            write(told_of_job(record, tally.best.ranking.metric, place))
        self.show(tally, time.monotonic())

    def show(self, tally: Tally, now: float) -> None:
        """Writes a line about all of them, if a job has ended, and none has been written lately."""
        if self._ended and now - self.last >= _OFTEN:
            self.last, self._ended = now, False
            write(", ".join(told(tally, now)))

    def close(self) -> None: ...


def write(text: str) -> None:
    """Writes lines to standard error, if there is anybody to read them."""
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        # The sweep does not end because a pipe, or a terminal, has: nothing depends on it.
        return
