"""A sign of life for other machines: the files of what runs are touched now and then."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from params_proto.records.store import HEARTBEAT

_beating: set[Path] = set()
_started: list[int] = []  # the process whose thread it is: a fork has none
_parents: set[int] = set()  # without which the process has nothing more to do


@contextmanager
def heartbeat(path: Path) -> Generator[None, None, None]:
    """Touches a file every 30 seconds.

    Args:
        path: of something that this process does.
    """
    if _started != [os.getpid()]:
        _started[:] = [os.getpid()]
        _parents.clear()
        _beating.clear()  # what the process before a fork does is its own
        threading.Thread(target=_beat, name="params_proto heartbeat", daemon=True).start()
    _beating.add(path)
    try:
        yield
    finally:
        _beating.discard(path)


def ends_with(parent: int) -> None:
    """Ends this process soon after its parent, once nothing that has a heartbeat is running.

    A worker of joblib's whose parent was killed would wait for more jobs for good.

    Args:
        parent: the number of the process that started this one.
    """
    if os.getppid() == parent:
        _parents.add(parent)


def _beat() -> None:
    while True:
        time.sleep(HEARTBEAT)
        if _parents and os.getppid() not in _parents and not _beating:
            os._exit(1)
        for path in tuple(_beating):
            with suppress(OSError):  # it is gone, or the disk is away: the next may reach it
                os.utime(path)
