"""What a job can know of itself: `params_proto.job()`."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any


@dataclass(eq=False)
class RunningJob:
    """The job that runs in this process.

    Args:
        number: the job's in its sweep; 0 outside a sweep.
        attempt: 1, and one more each time the job runs again.
        directory: the job's, the same in every attempt.
        deadline: when its time is over, on the clock of `time.monotonic`; None for no limit.
        stopping: whether a signal has arrived: save what is needed to continue, and return.
    """

    number: int = 0
    attempt: int = 1
    directory: Path = field(default_factory=Path.cwd)
    deadline: float | None = None
    stopping: bool = False

    @property
    def time_left(self) -> float | None:
        """Seconds until the job is ended, by `hydra.sweeper.timeout` or the limit of its worker.

        None if there is no limit.
        """
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def latest(self, pattern: str) -> Path | None:
        """The newest file of the job's directory that fits a pattern, by its modification time.

        Args:
            pattern: as for `Path.glob`: `*.ckpt`, `**/step-*.pt`.

        Returns:
            Its path; None if there is none.
        """
        newest: tuple[float, Path] | None = None
        for path in self.directory.glob(pattern):
            with suppress(OSError):  # it has been removed meanwhile
                newest = max(newest or (0.0, path), (path.stat().st_mtime, path))
        return None if newest is None else newest[1]

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


_of_worker: RunningJob | None = None
_notices = False


def begin(job: RunningJob) -> None:
    """Notes the job that a worker runs in this process."""
    global _of_worker, _notices
    _of_worker, _notices = job, False


def is_stopping() -> bool:
    """Whether the job that a worker runs in this process has been told to stop, and knows."""
    return _of_worker is not None and _of_worker.stopping


def job() -> RunningJob:
    """The job that runs in this process, for a training that saves and continues.

    Under a worker, from the first call on, the signal that would end the job sets `stopping`
    instead: make it in the main thread, before the training starts. `hydra.sweeper.grace` seconds
    after the signal the job is killed.

    Returns:
        The job; outside a sweep, number 0 and attempt 1 in the working directory.

    >>> from params_proto import job
    >>> job().number, job().attempt, job().latest("*.ckpt"), job().time_left, job().stopping
    (0, 1, None, None, False)
    """
    global _notices
    if _of_worker is not None:
        if not _notices and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _of_worker._stop)  # pyright: ignore[reportPrivateUsage]
            _notices = True
        return _of_worker
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return RunningJob()
    hydra: Any = HydraConfig.get()
    here = Path(str(hydra.runtime.output_dir))
    number = hydra.job.get("num")  # None in a run without -m
    if number is None:
        return RunningJob(directory=here)
    from params_proto.records import JobStore

    record = JobStore(Path(hydra.runtime.cwd, str(hydra.sweep.dir))).read(int(number))
    return RunningJob(int(number), record.attempt if record else 1, here)
