"""Identifies processes, and checks whether they are alive."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class Process(NamedTuple):
    """A process of this or another machine.

    Args:
        host: the name of its machine.
        pid: its process id there, which may be reused.
        start_time: when it started, in a system-specific form; None if unknown.
    """

    host: str
    pid: int
    start_time: str | None

    @property
    def is_local(self) -> bool:
        """Whether it is a process of this machine."""
        return self.host == os.uname().nodename

    @property
    def is_alive(self) -> bool:
        """Whether a process of this machine still runs."""
        start_time = _start_time(self.pid)
        return start_time is not None and self.start_time in (None, start_time)


def process_of(pid: int) -> Process:
    """A process of this machine, by its number."""
    return Process(os.uname().nodename, pid, _start_time(pid))


def this_process() -> Process:
    """The calling process; after a fork, the child."""
    return _process(os.getpid())


@cache
def _process(pid: int) -> Process:
    return process_of(pid)


def _start_time(pid: int) -> str | None:
    """When a process started, as time since the machine booted; None if unknown.

    psutil computes it from the clock, which can be set. Source: proc_pid_stat(5), fields 3 and 22.
    """
    if not _PROC.joinpath("self/stat").exists():
        return _start_time_by_ps(pid)
    try:
        # The second field, the program's name, is in parentheses and may contain parentheses.
        stat = _PROC.joinpath(str(pid), "stat").read_bytes().rpartition(b")")[2]
    except OSError:
        return None
    state, *fields = stat.decode().split()
    boot = _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    return None if state in ("Z", "X") else f"{boot}/{fields[18]}"  # a zombie has ended


def _start_time_by_ps(pid: int) -> str | None:
    import subprocess  # only without /proc

    found = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        # The comparing process may have another language or time zone.
        env={**os.environ, "LC_ALL": "C", "TZ": "UTC"},
    ).stdout.split(maxsplit=1)
    return None if len(found) < 2 or found[0].startswith("Z") else found[1].strip()


def age(path: Path) -> float:
    """Seconds since a file was touched, infinite if it does not exist.

    By the clock of the file system, because machines' clocks differ; if its folder cannot be
    written, by this machine's.
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
