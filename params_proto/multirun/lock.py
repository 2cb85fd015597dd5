"""One process at a time runs the sweep of a directory; parts of it may run at once.

On one machine a file lock decides, which goes with its process. On a file system that machines
share a lock may be worth nothing, so there is a file for each process besides, which it touches now
and then: `.sweep/running/node7-4242.json`.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from fasteners import InterProcessReaderWriterLock  # pyright: ignore[reportMissingTypeStubs]

from params_proto.errors import SweepError
from params_proto.records.heartbeat import heartbeat
from params_proto.records.layout import LOCK, OWN, RUNNING
from params_proto.records.mode import make, opener
from params_proto.records.process import Process, age, this_process
from params_proto.records.store import STALE

log = logging.getLogger(__name__)

_LOOK = 1.0  # seconds between two looks at the signs of others
_UNSIGNED = 2.0  # seconds in which a process that has the lock has said so


@contextmanager
def locked(
    directory: Path, part: str | None, *, patient: bool = False
) -> Generator[None, None, None]:
    """Keeps other processes out of a sweep's directory.

    Args:
        directory: the sweep's, which is there.
        part: of the sweep, which may run beside other parts; None for all of it.
        patient: whether it waits for the sign of life of one on another machine, which may have
            been lost, as the node of a job that a cluster has put back into its queue.

    Raises:
        SweepError: another process is there. It names it.
    """
    # A job may change the working directory.
    own = directory.absolute() / OWN
    shared = part is not None
    lock = InterProcessReaderWriterLock(own / LOCK)
    sign = _sign(own)
    with ExitStack() as held:
        try:
            make(sign.parent)
            # The lock would make it in the mode of this process. To open and close it once it is
            # there would let go of the lock, as fcntl's are the process's.
            with suppress(FileExistsError), open(own / LOCK, "xb", opener=opener):
                pass
            deadline = time.monotonic() + _UNSIGNED
            while True:
                taken = _take(lock, shared)
                others = [one for one in _others(sign) if one.keeps_out(shared=shared)]
                # Whoever has just taken it is about to say so, or has ended since.
                if taken or others or time.monotonic() > deadline:
                    break
                time.sleep(_UNSIGNED / 100)
            # Which closes its file, also where another process has the lock.
            held.callback(lock.release_read_lock if shared else lock.release_write_lock)
            waited = taken and patient and bool(others)
            if waited:
                others = _told_again(sign, others, shared=shared)
            if not taken or others:
                raise _refused(directory, others[0].process if others else None)
            held.callback(sign.unlink, missing_ok=True)
            with open(sign, "w", opener=opener) as file:
                json.dump([*this_process(), part], file)
            if waited:  # as another one may have, on a third machine
                others = [one for one in _others(sign) if one.keeps_out(shared=shared)]
                if others and others[0].sign < sign:
                    raise _refused(directory, others[0].process)
        except OSError as error:
            raise SweepError(
                f"{directory / OWN} cannot be written: {error.strerror or error}. What becomes of"
                " the jobs is kept there: remove what is in the way, or give the sweep another"
                " hydra.sweep.dir."
            ) from error
        held.enter_context(heartbeat(sign))
        yield


def others(directory: Path) -> bool:
    """Whether other parts of a sweep run, too.

    Args:
        directory: the sweep's.
    """
    return next(_others(_sign(directory / OWN)), None) is not None


class _Other(NamedTuple):
    """A process that is there, the part that it runs, its sign, and when that was touched."""

    process: Process
    part: str | None
    sign: Path
    touched: int

    def keeps_out(self, *, shared: bool) -> bool:
        """Whether it leaves no room: parts run beside parts."""
        return not (shared and self.part is not None)


def _told_again(own: Path, others: Sequence[_Other], *, shared: bool) -> Sequence[_Other]:
    """Those that live, or may: one of another machine has to touch its sign once more."""
    if any(one.process.is_local for one in others):
        return others
    first = {one.sign: one.touched for one in others}
    log.warning(
        f"{_who(others[0].process)} runs this sweep, or did when its machine was lost: waiting for"
        f" its next sign of life, {STALE:.0f} seconds at most."
    )
    while others := [one for one in _others(own) if one.keeps_out(shared=shared)]:
        if any(one.touched != first.get(one.sign) for one in others):
            return others
        time.sleep(_LOOK)
    return []


def _sign(own: Path) -> Path:
    """By which this process says that it is there."""
    me = this_process()
    return own / RUNNING / f"{me.host}-{me.pid}.json"


def _take(lock: InterProcessReaderWriterLock, shared: bool) -> bool:
    take = lock.acquire_read_lock if shared else lock.acquire_write_lock
    try:
        return take(blocking=False)
    except threading.ThreadError as error:  # what it makes of an OSError
        log.info(f"This file system has no locks ({error}): other processes are told by signs.")
        return True


def _others(own: Path) -> Iterator[_Other]:
    """The processes that are there; signs of dead ones are removed."""
    for path in sorted(own.parent.glob("*.json")):
        try:
            *process, part = json.loads(path.read_text())
            other = _Other(Process(*process), part, path, path.stat().st_mtime_ns)
        except (OSError, ValueError, TypeError):
            continue  # it has gone since, or is being written, or is none of ours
        lives = other.process.lives if other.process.is_local else age(path) < STALE
        if not lives:
            path.unlink(missing_ok=True)
        elif path != own:
            yield other


def _who(other: Process | None) -> str:
    return "another process" if other is None else f"process {other.pid} on {other.host}"


def _refused(directory: Path, other: Process | None) -> SweepError:
    return SweepError(
        f"{_who(other)} runs the sweep in {directory}. Wait until it is done, or stop it, and"
        " resume that one with hydra.sweeper.resume=true; or give this one another hydra.sweep.dir."
        " Parts of one sweep may run at once, by hydra.sweeper.slice."
    )
