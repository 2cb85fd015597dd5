"""Watching the workers of a sweep until it ends, from whichever process sees its directory."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from params_proto.analysis.ranking import Ranking
from params_proto.errors import with_period
from params_proto.multirun.errors import describe_job
from params_proto.multirun.progress import Progress
from params_proto.multirun.resume import Best, ResumeFilter
from params_proto.records import JobStore, Record, Status
from params_proto.workers.queue import Queue, State
from params_proto.workers.setup import has_workers, read_setup

log = logging.getLogger(__name__)

_PERIOD = 0.5  # seconds between two looks at the records
_PAUSE = 20  # after a look, at least so many times the time that it took


@dataclass(eq=False)
class Watch:
    """The jobs of a sweep as their records change.

    Args:
        directory: the sweep's.
        ranking: what makes one job the best.
        progress: whether to show it.
        has_workers: whether workers of a directory run, or are about to.
    """

    directory: Path
    ranking: Ranking
    progress: bool = True
    has_workers: Callable[[Path], bool] = has_workers
    failures: dict[int, Record] = field(default_factory=dict[int, Record], init=False)
    completed: int = field(default=0, init=False)
    left: set[int] = field(default_factory=set[int], init=False)

    def run(self) -> None:
        """Returns when no job is left, or no worker."""
        setup = read_setup(self.directory)
        queue = Queue(self.directory, setup.retries)
        before = ResumeFilter(JobStore(self.directory), Best(self.ranking))
        self.left = set(queue.numbers)
        attempts = self._look(queue, None, before)
        progress = Progress(len(queue.numbers), before, live=True)
        progress.on_launch(attempts)
        with progress.watch() if self.progress else nullcontext():
            while self.left:
                start = time.monotonic()
                has_more = self.has_workers(self.directory)  # before: one may end meanwhile
                queue.refresh()
                self._look(queue, progress, before)
                if not has_more:
                    break
                time.sleep(max(_PERIOD, _PAUSE * (time.monotonic() - start)))
            if setup.launch.has_too_many_failures:  # the retries that were left do not run
                self._look(Queue(self.directory), progress, before)

    def _look(
        self, queue: Queue, progress: Progress | None, before: ResumeFilter
    ) -> dict[int, int]:
        """Looks at the jobs that are not known to be done; how many attempts each has had."""
        attempts = dict.fromkeys(self.left, 0)
        for number in queue.started(self.left):
            state, record = queue.look(number)
            if record is None:
                continue
            attempts[number] = record.attempt
            if progress is not None:
                progress.on_change(record)
            if state is not State.DONE:
                continue
            del attempts[number]
            self.left.discard(number)
            if record.status is Status.COMPLETED:
                self.completed += 1
            else:
                self.failures[number] = record
            if progress is None:
                before.left_out += 1
                before.unfinished += record.status is not Status.COMPLETED
                before.best.update(record)
            elif record.status is not Status.COMPLETED:
                what = f"{describe_job(record.job, record.overrides)} {record.status.value}"
                why = with_period(f"{what}: {record.reason}")
                log.error(f"{why} Its directory: {self.directory / record.dir}")
        return attempts
