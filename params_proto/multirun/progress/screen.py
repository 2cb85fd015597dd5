"""Which way of showing progress suits where standard error goes."""

from __future__ import annotations

import os
import sys

from params_proto.multirun.progress.lines import Lines
from params_proto.multirun.progress.watching import Screen


def screen() -> Screen:
    """A live line in a terminal that can have one; else lines."""
    terminal = _terminal()
    if terminal is None:
        return Lines()
    from params_proto.multirun.progress.live import SMALLEST, Live, in_foreground

    if os.get_terminal_size(terminal).lines < SMALLEST or not in_foreground(terminal):
        return Lines()
    return Live(terminal)


def _terminal() -> int | None:
    """The file descriptor of the terminal, if standard error is one that moves its cursor."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return None
    try:
        return sys.stderr.fileno() if sys.stderr.isatty() else None
    except (OSError, ValueError, AttributeError):  # closed, or of a notebook
        return None
