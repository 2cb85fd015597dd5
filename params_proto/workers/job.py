"""`params_proto.job()`: what a running job can find out about itself."""

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
    """The job running in this process.

    Args:
        number: the job's number in its sweep; 0 outside a sweep.
        attempt: 1 for the first attempt, 2 for the second, and so on.
        directory: the job's directory, the same for every attempt.
        deadline: when the job runs out of time, in the seconds of `time.monotonic`; None without a
            limit.
        stopping: whether the job has been asked to stop: save a checkpoint and return.

    >>> RunningJob(number=3).attempt
    1
    """

    number: int = 0
    attempt: int = 1
    directory: Path = field(default_factory=Path.cwd)
    deadline: float | None = None
    stopping: bool = False

    @property
    def time_left(self) -> float | None:
        """Seconds until `hydra.sweeper.timeout` or the worker's time limit ends the job.

        None without a limit.

        >>> RunningJob(deadline=time.monotonic() - 1).time_left
        0.0
        """
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def latest(self, pattern: str) -> Path | None:
        """The most recently modified file in the job's directory that matches a pattern.

        Args:
            pattern: a pattern for `Path.glob`, such as `*.ckpt` or `**/step-*.pt`.

        Returns:
            The path; None if no file matches.

        Raises:
            ValueError: the pattern is empty.
            NotImplementedError: the pattern is an absolute path.

        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     Path(folder, "step-1.ckpt").touch()
        ...     RunningJob(directory=Path(folder)).latest("*.ckpt").name
        'step-1.ckpt'
        """
        newest: tuple[float, Path] | None = None
        for path in self.directory.glob(pattern):
            with suppress(OSError):  # it has just been removed
                newest = max(newest or (0.0, path), (path.stat().st_mtime, path))
        return None if newest is None else newest[1]

    def _on_sigterm(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


_running_job: RunningJob | None = None  # only in a worker's job process
_handles_sigterm = False


def set_running_job(job: RunningJob) -> None:
    """Sets the job that this process, started by a worker, runs."""
    global _running_job, _handles_sigterm
    _running_job, _handles_sigterm = job, False


def is_stopping() -> bool:
    """Whether this process runs a worker's job that has been asked to stop and knows it."""
    return _running_job is not None and _running_job.stopping


def job() -> RunningJob:
    """The job running in this process, for training that saves checkpoints and resumes from them.

    Under a worker, after the first call, the signal that would end the job sets `stopping` instead.
    Make that call in the main thread, before training starts. The job is killed
    `hydra.sweeper.grace` seconds after the signal.

    Returns:
        The job; outside a sweep, number 0 and attempt 1 in the working directory.

    >>> from params_proto import job
    >>> job().number, job().attempt, job().latest("*.ckpt"), job().time_left, job().stopping
    (0, 1, None, None, False)
    """
    global _handles_sigterm
    if _running_job is not None:
        if not _handles_sigterm and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, _running_job._on_sigterm)  # pyright: ignore
            _handles_sigterm = True
        return _running_job
    from hydra.core.hydra_config import HydraConfig

    if not HydraConfig.initialized():
        return RunningJob()
    hydra: Any = HydraConfig.get()
    directory = Path(str(hydra.runtime.output_dir))
    number = hydra.job.get("num")  # None in a run without -m
    if number is None:
        return RunningJob(directory=directory)
    from params_proto.records import JobStore

    record = JobStore(Path(hydra.runtime.cwd, str(hydra.sweep.dir))).read(int(number))
    return RunningJob(int(number), record.attempt if record else 1, directory)
