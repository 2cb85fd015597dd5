"""Which way of showing progress suits where standard error goes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

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


def terminal() -> int | None:
    """The file descriptor of the terminal, if standard error is one that moves its cursor."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return None
    try:
        return sys.stderr.fileno() if sys.stderr.isatty() else None
    except (OSError, ValueError, AttributeError):  # closed, or of a notebook
        return None
