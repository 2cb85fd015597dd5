"""Progress in a terminal: one live line, above which all else scrolls.

The line is the terminal's last, which is taken out of the region that scrolls (DECSTBM, as in the
VT100 User Guide). So it is left alone by what jobs write, in whichever process, and leaves that
alone: no stream has to be wrapped.
"""

from __future__ import annotations

import os
from contextlib import suppress
from io import StringIO

from rich.console import Console
from rich.text import Text

from params_proto.multirun.progress.tally import Tally
from params_proto.multirun.progress.text import told
from params_proto.records import Record

_SAVE, _RESTORE, _WIPE = "\x1b7", "\x1b8", "\x1b[2K"
# A line is below the cursor then, for which all scrolls if need be. A job may not be done with what
# it writes there, so the cursor keeps its column (IND), which a newline would not.
_ROOM = "\x1bD\x1b[A"
_WIPE_BELOW = "\x1b[B\r\x1b[J"
_ALL = "\x1b[r"  # lets the whole screen scroll
_STYLES = {"done": "green", "failed": "red", "running": "cyan", "lowest": "bold", "highest": "bold"}
SMALLEST = 3  # lines of a terminal that has one to give away


class Live:
    """Keeps the last line of a terminal.

    Args:
        terminal: its file descriptor.
    """

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._size: os.terminal_size | None = None

    def ended(self, record: Record, tally: Tally) -> None: ...

    def show(self, tally: Tally, now: float) -> None:
        """Draws the line, unless the terminal is another program's for now."""
        if not in_foreground(self._terminal):
            return
        size = os.get_terminal_size(self._terminal)
        begin = "" if size == self._size else self._reserved(size)
        self._size = size
        line = _drawn(told(tally, now), size.columns - 1)
        self._write(f"{begin}{_SAVE}{_at(size.lines)}{_WIPE}{line}{_RESTORE}")

    def close(self) -> None:
        """Gives the line back."""
        if self._size is not None:
            last = f"{_at(self._size.lines)}{_WIPE}"
            self._write(f"{_SAVE}{_ALL}{last}{_RESTORE}")
            self._size = None

    def _reserved(self, size: os.terminal_size) -> str:
        """Takes the last line out of the region that scrolls; the cursor stays above it."""
        region = f"{_SAVE}\x1b[1;{size.lines - 1}r{_RESTORE}"
        if self._size is None:
            return f"{_ROOM}{region}"
        # Another size: where the line is by now depends on the terminal, but that is below the
        # cursor. This may be in the last line, out of which the region would not take it.
        everything = f"{_SAVE}{_ALL}{_RESTORE}"
        return f"{everything}{_ROOM}{_SAVE}{_WIPE_BELOW}{_RESTORE}{region}"

    def _write(self, text: str) -> None:
        with suppress(OSError):  # a terminal that is gone
            os.write(self._terminal, text.encode())


def in_foreground(terminal: int) -> bool:
    """Whether a terminal shows this process; after Ctrl-Z or with & it is the shell's."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # it is not the one that this process was started in, and so nobody else's
        return True


def _at(line: int) -> str:
    return f"\x1b[{line};1H"


def _drawn(parts: list[str], width: int) -> str:
    """The parts in their colours, where the terminal has any, and no wider than it."""
    line = Text(", ").join(Text(part, _style(part)) for part in parts)
    line.truncate(width, overflow="ellipsis")
    console = Console(file=StringIO(), force_terminal=True, width=width)
    with console.capture() as capture:
        console.print(line, end="", no_wrap=True, highlight=False)
    return capture.get()


def _style(part: str) -> str:
    return next((style for word, style in _STYLES.items() if word in part.split()), "")
