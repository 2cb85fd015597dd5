"""Which process runs a job, and whether it still lives."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class Process(NamedTuple):
    """A process, also of another machine.

    Args:
        host: the name of the machine.
        pid: its number there, which another process has when this one is gone.
        began: when it began, in a form of the system's own; None where that cannot be told.
    """

    host: str
    pid: int
    began: str | None

    @property
    def is_local(self) -> bool:
        """Whether it is one of this machine, so that the system knows of it."""
        return self.host == _host()

    @property
    def lives(self) -> bool:
        """Whether it is there, for one of this machine."""
        began = _began(self.pid)
        return began is not None and self.began in (None, began)


def this_process() -> Process:
    """The one that asks."""
    return _this(os.getpid())  # another one after a fork


@cache
def _this(pid: int) -> Process:
    return Process(_host(), pid, _began(pid))


@cache
def _host() -> str:
    return os.uname().nodename


def _began(pid: int) -> str | None:
    """When a process began, counted from the start of the machine: its clock may be set.

    psutil reckons with the clock. Source: proc_pid_stat(5), fields 3 and 22.
    """
    if not _PROC.joinpath("self/stat").exists():
        return _by_ps(pid)
    try:
        # The second field, the name, is in parentheses and may hold some.
        fields = _PROC.joinpath(str(pid), "stat").read_text().rpartition(")")[2].split()
    except (OSError, UnicodeDecodeError):
        return None
    dead = fields[0] in ("Z", "X")  # which only waits to be asked how it ended
    return None if dead else f"{_boot()}/{fields[19]}"


@cache
def _boot() -> str:
    return _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()


def _by_ps(pid: int) -> str | None:
    import subprocess  # where there is no /proc only

    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        # Whoever compares has another language, or another zone.
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    ).stdout.split(maxsplit=1)
    return None if len(found) < 2 or found[0].startswith("Z") else found[1].strip()


def age(path: Path) -> float:
    """Seconds since a file was touched, by the clock of its file system: machines have others.

    Args:
        path: the file. Where its folder cannot be written, the clock of this machine has to do.

    Returns:
        A very long time where the file is not there.
    """
    clock = path.with_name(f".clock.{os.getpid()}.tmp")
    try:
        touched = path.stat().st_mtime
    except OSError:
        return float("inf")
    try:
        clock.touch()
        return clock.stat().st_mtime - touched
    except OSError:
        return time.time() - touched
    finally:
        with suppress(OSError):
            clock.unlink()
