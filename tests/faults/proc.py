"""Processes and their relations, read from /proc, and signals to them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def workers(parent: int) -> list[int]:
    """The process ids of joblib's workers."""
    return [pid for pid in children(parent) if b"popen_loky" in _command(pid)]


def kill_below(folder: Path) -> None:
    """Kills all processes working in a folder: joblib's workers wait forever for a dead parent."""
    for pid in _pids():
        with suppress(OSError):
            if Path(f"/proc/{pid}/cwd").resolve().is_relative_to(folder):
                kill(pid)


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Sends a signal to a process, unless it has ended."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def kill_group(group: int, number: int = signal.SIGKILL) -> None:
    """Sends a signal to a process group, unless it has ended."""
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def children(parent: int) -> list[int]:
    """The child processes of a process."""
    return [pid for pid in _pids() if _stat(pid)[1:2] == [str(parent)]]


def variable(pid: int, name: str) -> str | None:
    """An environment variable of a process, as of its start."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if line.startswith(f"{name}=".encode()):
                return line.partition(b"=")[2].decode()
    return None


def _pids() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _stat(pid: int) -> list[str]:
    """The state, parent, process group and further fields; empty if the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
