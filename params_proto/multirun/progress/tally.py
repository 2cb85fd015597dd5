"""How many jobs of a sweep are done, how fast they are, and how long the others will take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from params_proto.multirun.resume import Best
from params_proto.records import Record, Status

_WAVES = 4  # after so many jobs on each worker, the rate says more than the jobs' own durations


@dataclass(eq=False)
class Tally:
    """The jobs of a sweep, counted as they begin and end.

    Args:
        total: how many there are; None where nobody has counted.
        best: of them, in earlier runs or in this one.
        start: when the first of them was launched, in seconds of any clock.
    """

    total: int | None
    best: Best
    start: float
    left_out: int = 0  # that need not run, as they have
    unfinished: int = 0  # and of these, those that did not complete
    completed: int = 0
    # When each began that runs.
    running: dict[int, float] = field(default_factory=dict[int, float])
    _failed: int = 0
    # Of those that were launched at once, as they may be launched again.
    _failed_now: set[int] = field(default_factory=set[int])
    _widest: int = 1
    _last: float = 0.0
    _seconds: float = 0.0

    def launched(self, attempts: Mapping[int, int]) -> None:
        """Notes that jobs are launched, some of them once more perhaps."""
        self._failed -= len(self._failed_now & attempts.keys())
        self._failed_now.clear()

    def began(self, job: int, now: float) -> None:
        """Notes that a job runs."""
        self.running.setdefault(job, now)
        self._widest = max(self._widest, len(self.running))

    def ended(self, record: Record, now: float) -> None:
        """Notes what became of a job."""
        self.running.pop(record.job, None)
        self._last = now
        self._seconds += record.duration or 0.0
        if record.status is not Status.COMPLETED:
            self._failed += 1
            self._failed_now.add(record.job)
            return
        self.completed += 1
        self.best.take(record)

    @property
    def done(self) -> int:
        """How many jobs are completed, in earlier runs or in this one."""
        return self.left_out - self.unfinished + self.completed

    @property
    def failed(self) -> int:
        """How many jobs have ended otherwise."""
        return self.unfinished + self._failed

    @property
    def rate(self) -> float | None:
        """Jobs a second in this run, until the last one ended; None before any has."""
        ended = self.completed + self._failed
        return ended / (self._last - self.start) if ended and self._last > self.start else None

    def left(self, now: float) -> float | None:
        """The seconds until all jobs are done, if that can be told.

        Jobs that run beside each other end in waves at first, from which no rate can be seen. Until
        each worker has had a few, it is told from how long a job takes, and how many run at once.

        Args:
            now: by the clock of `start`.
        """
        rate = self.rate
        if self.total is None or rate is None:
            return None
        ended = self.completed + self._failed
        todo = max(0, self.total - self.left_out - ended)
        if self._widest == 1 or ended >= _WAVES * self._widest:
            return max(0.0, self._last + todo / rate - now)
        mean = self._seconds / ended
        waiting = max(0, todo - len(self.running)) * mean
        begun = sum(max(0.0, mean - (now - began)) for began in self.running.values())
        return (waiting + begun) / self._widest
