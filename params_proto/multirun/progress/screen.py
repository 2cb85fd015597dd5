"""Which way of showing progress suits where standard error goes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from params_proto.multirun.progress.watching import Screen


def screen() -> Screen:
    """A live line in a terminal that can have one; else lines."""
    into = terminal()
    if into is not None:
        from params_proto.multirun.progress.live import SMALLEST, Live, in_foreground

        if os.get_terminal_size(into).lines >= SMALLEST and in_foreground(into):
            return Live(into)
    from params_proto.multirun.progress.lines import Lines

    return Lines()


def terminal(stream: TextIO | None = None) -> int | None:
    """The file descriptor of the terminal, if there is one that moves its cursor.

    Args:
        stream: what may be one, by default standard error.
    """
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return None
    try:
        into: Any = stream or sys.stderr
        return into.fileno() if into.isatty() else None
    except (OSError, ValueError, AttributeError):  # closed, or of a notebook
        return None


def has_colors(stream: TextIO) -> bool:
    """Whether a stream is a terminal with colors, which nobody has switched off.

    Args:
        stream: standard output or standard error.
    """
    return not os.environ.get("NO_COLOR") and terminal(stream) is not None
