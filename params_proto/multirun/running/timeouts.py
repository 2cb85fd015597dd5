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
    if threading.current_thread() is not threading.main_thread():
        raise SweepError(
            "hydra.sweeper.timeout: this launcher runs its jobs in threads, which cannot be"
            " stopped. Leave it out, or choose a launcher that runs them in processes."
        )

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


def refuse_two_limits(seconds: float | None, config: DictConfig) -> None:
    """Refuses a limit beside that of the launcher.

    Args:
        seconds: `hydra.sweeper.timeout`.
        config: the composed config of the multirun.

    Raises:
        SweepError: the launcher has one.
    """
    if seconds is not None and "timeout_min" in config.hydra.launcher:
        raise SweepError(
            f"hydra.sweeper.timeout={seconds:g}: this launcher ends jobs itself, after"
            f" hydra.launcher.timeout_min={config.hydra.launcher.timeout_min} minutes. Give that"
            " one instead."
        )
