"""What /proc says about processes, and signals to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def workers(parent: int) -> list[int]:
    """The processes of joblib's workers."""
    return [pid for pid in children(parent) if b"popen_loky" in _command(pid)]


def end_below(folder: Path) -> None:
    """Ends processes left in a folder: joblib's workers wait forever for a dead parent."""
    for pid in _pids():
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").resolve().is_relative_to(folder):
                kill(pid)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Sends a signal to a process that may have ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_group(group: int, number: int = signal.SIGKILL) -> None:
    """Sends it to each of a group."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    return [pid for pid in _pids() if _stat(pid)[1:2] == [str(parent)]]


def variable(pid: int, name: str) -> str | None:
    """A variable of the environment that a process was started with."""
    with suppress(OSError):
        for one in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if one.startswith(f"{name}=".encode()):
                return one.partition(b"=")[2].decode()
    return None


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _stat(pid: int) -> list[str]:
    """Its state, parent, group and what follows; empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
