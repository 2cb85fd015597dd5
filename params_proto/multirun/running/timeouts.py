"""`hydra.sweeper.timeout`: an end to jobs that take too long, by a signal in their process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from omegaconf import DictConfig

from params_proto.errors import SweepError

_IN_THREADS = (
    "hydra.sweeper.timeout: this launcher runs its jobs in threads, which cannot be stopped."
    " Leave it out, or choose a launcher that runs them in processes."
)
_AGAIN = 1.0  # seconds after which a job that took the error for something else gets it again


@contextmanager
def ends_after(seconds: float | None) -> Generator[None, None, None]:
    """Raises in what runs longer, wherever it is in Python's own code, and once more at its end.

    Args:
        seconds: None for no limit.

    Raises:
        TimeoutError: it ran longer.
        SweepError: it is not in the main thread, which alone gets signals.
    """
    if seconds is None:
        yield
        return
    if not _is_main_thread():
        raise SweepError(_IN_THREADS)

    last: list[TimeoutError] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        error = TimeoutError(f"the job took longer than hydra.sweeper.timeout={seconds:g} seconds")
        last[:] = [error]
        raise error

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    except SystemExit:  # which may say that all is well
        if not last:
            raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if last:
        raise last[0]  # which the job has taken for something else


def refuse_unsound(seconds: float | None, config: DictConfig) -> None:
    """Refuses a limit beside that of the launcher, or under one whose jobs cannot be stopped.

    Args:
        seconds: `hydra.sweeper.timeout`.
        config: the composed config of the multirun.

    Raises:
        SweepError: the launcher has a limit, or runs its jobs in threads.
    """
    if seconds is None:
        return
    launcher = config.hydra.launcher
    if "timeout_min" in launcher:
        raise SweepError(
            f"hydra.sweeper.timeout={seconds:g}: this launcher ends jobs itself, after"
            f" hydra.launcher.timeout_min={launcher.timeout_min} minutes. Give that one instead."
        )
    of_joblib = launcher.get("backend"), launcher.get("prefer"), launcher.get("require")
    if "threading" in of_joblib or "threads" in of_joblib or "sharedmem" in of_joblib:
        raise SweepError(_IN_THREADS)
    if str(launcher.get("_target_")).endswith(".BasicLauncher") and not _is_main_thread():
        raise SweepError(_IN_THREADS)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
