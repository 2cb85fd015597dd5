"""Ends jobs early: on Ctrl-C and SIGTERM, handled alike, and by `hydra.sweeper.timeout`."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from params_proto.errors import SweepError

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_RUNS_IN_THREADS = (
    "hydra.sweeper.timeout: this launcher runs its jobs in threads, which cannot be stopped."
    " Leave it out, or choose a launcher that runs them in processes."
)


class Interrupt(KeyboardInterrupt):
    """A signal as an exception, which libraries let through as they do Ctrl-C's.

    Args:
        number: the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(eq=False)
class Interrupts:
    """Raises signals as `Interrupt` and keeps the last one, as a job may catch the exception.

    Args:
        last: the last signal.
        previous: the replaced handlers, by signal.
    """

    last: Interrupt | None = None
    previous: dict[int, Any] = field(default_factory=dict[int, Any])
    _pid: int = field(default_factory=os.getpid)

    def install(self) -> None:
        """Handles the signals, also after a job has installed its own handler."""
        if _is_main_thread() and os.getpid() == self._pid:
            for number in self.previous:
                signal.signal(number, self)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal."""
        if os.getpid() != self._pid:  # a job's fork ends as it would without a sweep
            signal.signal(number, self.previous[number])
            os.kill(os.getpid(), number)
            return
        self.last = Interrupt(number)
        raise self.last


@contextmanager
def interrupts(*, in_worker: bool = False) -> Generator[Interrupts, None, None]:
    """Turns signals into exceptions in the main thread, the only one where Python can.

    A launcher's worker handles only Ctrl-C, as Python does by default; SIGTERM ends it.
    """
    handler = Interrupts()
    if _is_main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            known = signal.getsignal(number)
            ignored = known is signal.SIG_IGN  # such as in a shell's background job
            if known is signal.default_int_handler or not (in_worker or ignored):
                handler.previous[number] = known
        handler.install()
    try:
        yield handler
    finally:
        for number, known in handler.previous.items():
            signal.signal(number, known)


@contextmanager
def interruptible(handler: Interrupts | None) -> Generator[None, None, None]:
    """Raises `Interrupt` at the end of the block if a job has caught the exception of a signal.

    `handler` belongs to the sweep's process; None in a launcher's worker.
    """
    with nullcontext(handler) if handler is not None else interrupts(in_worker=True) as signals:
        try:
            yield
        except SystemExit:
            if signals.last is None:
                raise
        finally:
            signals.install()
        if signals.last is not None:
            raise signals.last


@contextmanager
def exit_on_interrupt(message: str | None = None) -> Generator[None, None, None]:
    """Exits on Ctrl-C without a traceback, with the signal's exit status."""
    try:
        yield
    except KeyboardInterrupt as error:
        if message is not None:
            log.warning(message)
        raise SystemExit(128 + getattr(error, "number", signal.SIGINT)) from None


@contextmanager
def time_limit(seconds: float) -> Generator[None, None, None]:
    """Raises TimeoutError in the block after `seconds`, again after as long, and at its end.

    It is repeated because the block may catch it. It works in the main thread only, where signals
    arrive.
    """
    if not _is_main_thread():
        raise SweepError(_RUNS_IN_THREADS)
    raised: list[TimeoutError] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        error = TimeoutError(f"the job took longer than hydra.sweeper.timeout={seconds:g} seconds")
        raised.append(error)
        raise error

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    except SystemExit:  # a job may have turned the error into it
        if not raised:
            raise
    except TimeoutError as error:
        trace = error.__traceback__ if error in raised else None
        while trace is not None and trace.tb_next is not None:
            if trace.tb_next.tb_frame.f_code is stop.__code__:  # the job's own frames end here
                trace.tb_next = None
            trace = trace.tb_next
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)
    if raised:
        raise raised[-1]


def refuse_timeout(seconds: float, config: DictConfig) -> None:
    """Raises if the launcher has its own time limit, or runs jobs in threads."""
    launcher = config.hydra.launcher
    if "timeout_min" in launcher:
        raise SweepError(
            f"hydra.sweeper.timeout={seconds:g}: this launcher ends jobs itself, after"
            f" hydra.launcher.timeout_min={launcher.timeout_min} minutes. Set that instead."
        )
    of_joblib = {launcher.get(option) for option in ("backend", "prefer", "require")}
    in_threads = bool(of_joblib & {"threading", "threads", "sharedmem"})
    if in_threads or (is_basic_launcher(config) and not _is_main_thread()):
        raise SweepError(_RUNS_IN_THREADS)


def is_basic_launcher(config: DictConfig) -> bool:
    """Whether the launcher runs its jobs in this process, one after the other."""
    return str(config.hydra.launcher.get("_target_")).endswith(".BasicLauncher")


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
