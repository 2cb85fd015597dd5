"""Which process runs a job, and whether it is alive."""

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
        start_time: when it began, in a form of the system's own; None where that is unknown.
    """

    host: str
    pid: int
    start_time: str | None

    @property
    def is_local(self) -> bool:
        """Whether it is one of this machine, so that the system knows of it."""
        return self.host == _host()

    @property
    def is_alive(self) -> bool:
        """Whether a process of this machine is there."""
        start_time = _start_time(self.pid)
        return start_time is not None and self.start_time in (None, start_time)


def this_process() -> Process:
    """The calling process, which is another one after a fork."""
    return _process(os.getpid())


@cache
def _process(pid: int) -> Process:
    return Process(_host(), pid, _start_time(pid))


@cache
def _host() -> str:
    return os.uname().nodename


def _start_time(pid: int) -> str | None:
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
    is_zombie = fields[0] in ("Z", "X")
    return None if is_zombie else f"{_boot()}/{fields[19]}"


@cache
def _boot() -> str:
    return _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()


def _by_ps(pid: int) -> str | None:
    import subprocess  # only where there is no /proc

    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        # The process that compares may have another language or time zone.
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    ).stdout.split(maxsplit=1)
    return None if len(found) < 2 or found[0].startswith("Z") else found[1].strip()


def age(path: Path) -> float:
    """Seconds since a file was touched, infinite if it is not there.

    The clock is that of the file system, as machines' clocks differ; where its folder cannot be
    written, that of this machine.
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
