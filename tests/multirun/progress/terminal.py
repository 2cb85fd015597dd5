"""A terminal that runs a program, and what a user sees in it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyte

WIDTH = 200


class Terminal:
    """Runs a program.

    Args:
        command: the program and its arguments.
        cwd: where.
        lines: of the terminal.
        width: its columns.
        environment: what the program's has beside this one's.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        *,
        lines: int = 12,
        width: int = WIDTH,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.HistoryScreen(width, lines, history=1000)
        self._unseen = b""
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        self._master, slave = pty.openpty()
        self._set_size(slave, lines)
        # pytest's workers have another terminal's size there.
        own = {name: text for name, text in os.environ.items() if name not in ("COLUMNS", "LINES")}
        # Of its own: the terminal is to be the one that it was started in.
        self.process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**own, "TERM": "xterm-256color", **(environment or {})},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def _set_size(self, terminal: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, self.screen.columns, 0, 0)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, size)

    def until(self, seen: Callable[[], bool], seconds: float = 60.0) -> None:
        """Reads until something can be seen."""
        deadline = time.monotonic() + seconds
        while not seen():
            assert time.monotonic() < deadline, "\n".join(self.screen.display)
            assert self._read(), "\n".join(self.screen.display)

    def to_the_end(self) -> int:
        """Reads to the end of the program, whose status it returns."""
        while self._read():
            pass
        os.close(self._master)
        return self.process.wait(60)

    def _read(self) -> bool:
        """Reads until a line is rewritten: on a busy machine, much output arrives together."""
        if not self._unseen:
            ready, _, _ = select.select([self._master], [], [], 0.2)
            if not ready:
                return self.process.poll() is None
            try:
                self._unseen = os.read(self._master, 65536)
            except OSError:  # as Linux says that the other side is closed
                return False
        end = self._unseen.find(b"\r", 1)
        end = len(self._unseen) if end < 0 else end
        found, self._unseen = self._unseen[:end], self._unseen[end:]
        self.raw += found
        self._stream.feed(found)
        return bool(found)

    @property
    def last(self) -> str:
        """The last line that can be seen."""
        return self.screen.display[-1].rstrip()

    @property
    def scrolled(self) -> list[str]:
        """All lines that have been written, including those scrolled out of sight."""
        gone = [
            "".join(line[at].data for at in range(self.screen.columns))
            for line in self.screen.history.top
        ]
        return [line.rstrip() for line in [*gone, *self.screen.display]]
