"""Workers of joblib's that died while they sent a result.

joblib reads results from a pipe that all its workers hold open, and it itself: where one of them is
killed in the middle of a result, neither the rest comes nor an end, and it waits for ever. Here it
is given the end, so that it sees the death as it does any other.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from params_proto.multirun.running.stopping import LOOK

if TYPE_CHECKING:
    from hydra.plugins.launcher import Launcher

_PATIENCE = 10.0  # seconds in which joblib takes a worker that died for dead, if it sees it


@contextmanager
def results_come_or_end(launcher: Launcher) -> Generator[None, None, None]:
    """Within, joblib waits for no result that is never sent to its end.

    Args:
        launcher: what runs the jobs; of another one than joblib's nothing is done.
    """
    if type(launcher).__name__ != "JoblibLauncher":
        yield
        return
    over = threading.Event()
    threading.Thread(target=_watch, args=(over,), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _watch(over: threading.Event) -> None:
    dead: dict[int, float] = {}  # since when
    while not over.wait(LOOK):
        executor: Any = getattr(sys.modules.get(_LOKY), "_executor", None)
        workers: Mapping[int, Any] = dict(getattr(executor, "_processes", None) or {})
        now = time.monotonic()
        dead = {pid: dead.get(pid, now) for pid, one in workers.items() if not one.is_alive()}
        if any(now - since > _PATIENCE for since in dead.values()):
            _end_results(executor, workers)
            dead = {}


def _end_results(executor: Any, workers: Mapping[int, Any]) -> None:
    """Closes the pipe wherever it can be written to."""
    for pid in workers:
        with suppress(OSError):  # it is gone
            os.kill(pid, signal.SIGKILL)
    with suppress(AttributeError, OSError):  # of another joblib, or closed by it since
        executor._result_queue._writer.close()


_LOKY = "joblib.externals.loky.reusable_executor"
