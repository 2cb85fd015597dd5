"""Ctrl-C and SIGTERM: both stop a sweep in the same, orderly way."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

log = logging.getLogger(__name__)

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PATIENCE = 15.0  # seconds that a launcher has to let a signal's exception through


class Interrupt(KeyboardInterrupt):
    """One of the signals: libraries let pass what they take for Ctrl-C.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interrupts:
    """What came: a job may have taken it for its own, and ended as if it were done."""

    def __init__(self) -> None:
        self.last: Interrupt | None = None
        # What handled the signals before.
        self.before: dict[int, Any] = {}
        # Ends the process where a launcher waits for workers that are gone.
        self.if_stuck: Callable[[int], None] | None = None
        self._over = threading.Event()
        self._home = os.getpid()

    def again(self) -> None:
        """Handles the signals once more, where a job has left a handler of its own."""
        if threading.current_thread() is threading.main_thread() and os.getpid() == self._home:
            for number in self.before:
                if signal.getsignal(number) is not self:
                    signal.signal(number, self)

    def note(self, came: Sequence[int]) -> None:
        """Notes signals that a job has handled itself.

        Args:
            came: while it ran.
        """
        if came and self.last is None:
            self.last = Interrupt(came[-1])

    def handled(self) -> None:
        """Says that the exception has come through."""
        self._over.set()

    def _watch(self, number: int, end: Callable[[int], None]) -> None:
        while not self._over.wait(_PATIENCE):
            end(number)

    def number_of(self, error: KeyboardInterrupt) -> int:
        """The signal behind what was raised."""
        if isinstance(error, Interrupt):
            return error.number
        return self.last.number if self.last else signal.SIGINT

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handles a signal."""
        if os.getpid() != self._home:  # of a child that a job has forked, which is the job's own
            signal.signal(number, self.before[number])
            os.kill(os.getpid(), number)
            return
        first, self.last = self.last is None, Interrupt(number)
        if first and self.if_stuck is not None:
            arguments = number, self.if_stuck
            threading.Thread(target=self._watch, args=arguments, daemon=True).start()
        raise self.last


@contextmanager
def interrupts() -> Generator[Interrupts, None, None]:
    """Turns the signals into exceptions, in the main thread; elsewhere Python cannot."""
    handler = Interrupts()
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            known = signal.getsignal(number)
            if known is not signal.SIG_IGN:  # as for a script that a shell put into its background
                handler.before[number] = known
                signal.signal(number, handler)
    try:
        yield handler
    finally:
        for number, known in handler.before.items():
            signal.signal(number, known)


@contextmanager
def noticed() -> Generator[list[int], None, None]:
    """Notes the signals that come, whoever handles them.

    A job may take Ctrl-C for its own and return, or have a handler for SIGTERM that writes a
    checkpoint and ends it by `sys.exit(0)`. A worker gets what comes to its group of processes.

    Returns:
        The signals, once the block has ended; none of those that something other than the sweep or
        Python handled before.
    """
    came: list[int] = []
    heeded = [number for number in _SIGNALS if _is_ours(signal.getsignal(number))]
    if threading.current_thread() is not threading.main_thread():
        yield came  # Python handles them in the main thread
        return
    ours, theirs = os.pipe()
    before = -1
    try:
        os.set_blocking(ours, False)
        os.set_blocking(theirs, False)
        # Python writes each signal there that it handles, before it calls a handler.
        before = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
        if before != -1:  # an event loop waits for them
            with suppress(ValueError, OSError):  # or has been closed
                signal.set_wakeup_fd(before)
        _noting.add(theirs)
        yield came
    finally:
        if before == -1:
            signal.set_wakeup_fd(-1)
        _noting.discard(theirs)
        with suppress(BlockingIOError):  # there is no more
            while written := os.read(ours, 4096):
                came += [number for number in written if number in heeded]
        os.close(ours)
        os.close(theirs)


# What comes to a child that a job has forked is the child's: none is handled between the fork and
# the moment when it has a pipe of its own, or none. Python would let it be lost, besides.


def _before_a_fork() -> None:
    _masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


def _in_the_parent() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


def _in_the_child() -> None:
    if _noting:
        signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, _masks.before)


_masks = threading.local()
_noting: set[int] = set()
os.register_at_fork(
    before=_before_a_fork, after_in_parent=_in_the_parent, after_in_child=_in_the_child
)


def _is_ours(handler: Any) -> bool:
    return isinstance(handler, Interrupts) or handler in (
        signal.SIG_DFL,
        signal.default_int_handler,
    )


@contextmanager
def quiet_about_interrupts(told: str | None = None) -> Generator[None, None, None]:
    """Ends the process at Ctrl-C without a traceback, where there is nothing to close.

    Args:
        told: what to say then.

    Raises:
        SystemExit: with the status of a process that the signal ended.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        number = error.number if isinstance(error, Interrupt) else signal.SIGINT
        if told is not None:
            log.warning(told)
        raise SystemExit(128 + number) from None
