"""Watches a sweep that workers run, from any process that sees its directory."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from params_proto.analysis.ranking import Ranking
from params_proto.multirun.errors import describe_failure
from params_proto.multirun.progress import Progress, pause_after
from params_proto.multirun.resume import Best, ResumeFilter
from params_proto.records import JobStore, Record, Status
from params_proto.workers.queue import JobQueue, QueueState
from params_proto.workers.workers_dir import has_workers, read_setup

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Watcher:
    """Follows the records of a sweep's jobs, and shows the progress.

    Args:
        directory: the sweep's directory.
        ranking: what ranks the jobs.
        progress: whether to show the progress.
        has_workers: tells whether the sweep in a directory has workers, running or queued.
    """

    directory: Path
    ranking: Ranking
    progress: bool = True
    has_workers: Callable[[Path], bool] = has_workers
    failures: dict[int, Record] = field(default_factory=dict[int, Record], init=False)
    completed: int = field(default=0, init=False)
    remaining: set[int] = field(default_factory=set[int], init=False)

    def run(self) -> None:
        """Watches until no job or no worker is left. Starts over when jobs are queued meanwhile."""
        setup, has_more = read_setup(self.directory), False
        queue = JobQueue(self.directory, setup.retries)
        before = ResumeFilter(JobStore(self.directory), Best(self.ranking))
        self.remaining, self.completed = set(queue.numbers), 0
        self.failures.clear()
        attempts = self._check(queue, None, before)
        progress = Progress(len(queue.numbers), before, live=True)
        progress.on_launch(attempts)
        with progress.watch() if self.progress else nullcontext():
            while self.remaining:
                start = time.monotonic()
                # Checked first, because a worker may finish a job and exit while records are read.
                has_workers = self.has_workers(self.directory)
                has_more = queue.refresh()
                self._check(queue, progress, before)
                if has_more or not has_workers:
                    break
                time.sleep(pause_after(time.monotonic() - start))
            if setup.launch.has_too_many_failures:  # failed jobs are done: no retries will run
                self._check(JobQueue(self.directory), progress, before)
        if has_more:
            self.run()

    def _check(
        self, queue: JobQueue, progress: Progress | None, before: ResumeFilter
    ) -> dict[int, int]:
        """Checks the remaining jobs; returns the ended attempts of those that are not done."""
        attempts = dict.fromkeys(self.remaining, 0)
        for number in queue.started(self.remaining):
            state, record = queue.state(number)
            if record is None:
                continue
            attempts[number] = record.attempt - (record.status is Status.RUNNING)
            if (
                progress is not None
                and self.progress
                # The end of an attempt that will be repeated is not the end of the job.
                and (state is QueueState.DONE or record.status is Status.RUNNING)
            ):
                progress.on_change(record)
            if state is not QueueState.DONE:
                continue
            del attempts[number]
            self.remaining.discard(number)
            if record.status is Status.COMPLETED:
                self.completed += 1
            else:
                self.failures[number] = record
            if progress is None:
                before.left_out += 1
                before.unfinished += record.status is not Status.COMPLETED
                before.best.update(record)
            elif record.status is not Status.COMPLETED:
                log.error(describe_failure(record, self.directory))
        return attempts
