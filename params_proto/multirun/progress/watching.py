"""Sees what becomes of the jobs that were launched: told by this process, or by their records."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from params_proto.analysis.ranking import ALONE, named
from params_proto.analysis.rows import metrics
from params_proto.errors import SweepError, did_you_mean
from params_proto.multirun.progress.tally import Tally
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import UnreadableError

if TYPE_CHECKING:
    from params_proto.multirun.resume import ResumeFilter

log = logging.getLogger(__name__)

_PERIOD = 0.5  # seconds between two looks
_SHARE = 20  # of the time that a look takes, so much passes before the next one


class Screen(Protocol):
    """Where it is shown."""

    def ended(self, record: Record, tally: Tally) -> None:
        """Shows what became of a job."""
        ...

    def show(self, tally: Tally, now: float) -> None:
        """Shows how far the sweep is, which may not have changed."""
        ...

    def close(self) -> None:
        """Shows no more."""
        ...


@dataclass(eq=False)
class Progress:
    """How far a sweep is, as far as this process knows.

    Args:
        tally: of the jobs.
        records: of them.
        screen: where it is shown.
        busy: whether this process runs a job.
        remaining: what is left of a sweep that goes on; None for a new one.
    """

    tally: Tally
    records: JobStore
    screen: Screen
    busy: Callable[[], bool]
    remaining: ResumeFilter | None = None
    # The jobs of this launch that have not ended, and the attempts that each had before.
    _open: dict[int, int] = field(default_factory=dict[int, int])
    _has_looked: bool = False
    _here: bool = False  # whether this process has run a job since the last look
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def launched(self, attempts: Mapping[int, int]) -> None:
        """Notes that jobs are launched.

        Args:
            attempts: how many each job has had before, by number.
        """
        with self._lock:
            self._open = dict(attempts)
            self.tally.launched(attempts)
            if self.remaining is not None:
                self.tally.left_out = self.remaining.left_out
                self.tally.unfinished = self.remaining.unfinished

    def changed_here(self, record: Record) -> None:
        """Notes that a job of this process has begun or ended."""
        self._here = True
        self.changed(record)

    def changed(self, record: Record) -> None:
        """Notes what a record says, unless that is known, or of an earlier attempt."""
        with self._lock:
            before = self._open.get(record.job)
            if before is None or record.attempt <= before:
                return
            if record.status is Status.RUNNING:
                self.tally.began(record.job, time.monotonic())
                return
            del self._open[record.job]
            self.tally.ended(record, time.monotonic())
            self.screen.ended(record, self.tally)
            self._look_for_the_metric(record)

    def _look_for_the_metric(self, record: Record) -> None:
        """Says at the first job that returns something if it is not what makes one the best."""
        if self._has_looked:
            return
        names = [name for name, _ in metrics(record.value)]
        self._has_looked = bool(names)
        metric = self.tally.best.ranking.metric
        if names and metric != ALONE and named(metric, names) not in names:
            log.warning(
                f"hydra.sweeper.metric={metric}: job {record.job} has returned no {metric}."
                f"{did_you_mean(metric, names)}"
            )

    def look(self) -> None:
        """Reads the records of jobs that run elsewhere."""
        here, self._here = self._here, False
        if here or self.busy():
            return  # they are told as they begin and end
        for number in list(self._open):
            with suppress(UnreadableError, SweepError):  # which is told when the job has ended
                record = self.records.read(number)
                if record is not None:
                    self.changed(record)

    def show(self) -> None:
        """Shows how far it is."""
        with self._lock:
            self.screen.show(self.tally, time.monotonic())

    @contextmanager
    def watching(self) -> Generator[None, None, None]:
        """Within the block it keeps looking, and showing."""
        over = threading.Event()

        def watch() -> None:
            period = _PERIOD
            while not over.wait(period):
                start = time.monotonic()
                self.look()
                self.show()
                period = max(_PERIOD, _SHARE * (time.monotonic() - start))

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.screen.close()
