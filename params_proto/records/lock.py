"""Leases: files by which a process says that it does something, as long as it is alive.

The record of a running job is one, as are a claim to the next attempt and the file of a process
that runs a sweep, `.sweep/running/node7-4242.json`. Who holds a lease is in the file. For a process
of this machine the system says whether it is alive. One of another machine touches its files every
30 seconds, and counts as dead when it has not for five minutes: that needs neither file locks nor
links, which shared file systems may lack.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.records.manifest import OWN, RUNNING, draft, make_folder
from params_proto.records.process import Process, age, this_process

log = logging.getLogger(__name__)

HEARTBEAT = 30.0  # seconds between two touches
STALE = 300.0  # seconds without one, after which a process of another machine counts as dead

_LOOK = 0.1  # seconds between two looks at processes that take their turn
_LOOK_AFAR = 1.0  # at those of other machines


def is_held(lease: Path, process: Process) -> bool:
    """Whether the process that holds a lease is alive, as far as this machine can tell."""
    return process.is_alive if process.is_local else age(lease) < STALE


class _Pulse(NamedTuple):
    """What a process keeps alive, and the parents without which it has nothing more to do."""

    leases: set[Path]
    parents: set[int]


@cache
def _pulse(pid: int) -> _Pulse:
    """That of this process: a fork has its own number, and needs a thread of its own."""
    pulse = _Pulse(set(), set())
    threading.Thread(
        target=_beat, args=[pulse], name=f"params_proto heartbeat {pid}", daemon=True
    ).start()
    return pulse


def _beat(pulse: _Pulse) -> None:
    while True:
        time.sleep(HEARTBEAT)
        if pulse.parents and os.getppid() not in pulse.parents and not pulse.leases:
            os._exit(1)
        for lease in tuple(pulse.leases):
            with suppress(OSError):  # it is gone, or the disk is away: the next may reach it
                os.utime(lease)


@contextmanager
def keep_alive(lease: Path) -> Generator[None, None, None]:
    """Touches a lease of this process every 30 seconds."""
    leases = _pulse(os.getpid()).leases
    leases.add(lease)
    try:
        yield
    finally:
        leases.discard(lease)


def end_with_parent(parent: int) -> None:
    """Ends this process soon after its parent, once it keeps no lease alive.

    A worker of joblib's whose parent was killed would wait for more jobs for good.
    """
    if os.getppid() == parent:
        _pulse(os.getpid()).parents.add(parent)


# --- the processes that run a sweep


class _Runner(NamedTuple):
    """A process that runs a sweep, or waits for its turn."""

    lease: Path
    process: Process
    shard: str | None
    waits: bool
    touched: int


@contextmanager
def sweep_lease(
    directory: Path, shard: str | None, *, wait_for_stale: bool = False
) -> Generator[None, None, None]:
    """Keeps other processes from running the sweep of a directory.

    Args:
        directory: the sweep's, which is there.
        shard: the slice of the sweep, which may run beside other slices; None for all of it.
        wait_for_stale: whether to wait for the heartbeat of a process on another machine, which may
            have been lost, as the node of a job that a cluster has put back into its queue.

    Raises:
        SweepError: another process runs the sweep. It names it.
    """
    lease = _lease(directory.absolute())  # a job may change the working directory
    with ExitStack() as held:
        try:
            make_folder(lease.parent)
            held.callback(lease.unlink, missing_ok=True)
            _write(lease, shard, waits=True)
            held.enter_context(keep_alive(lease))
            _take_turn(directory, lease, shard, wait_for_stale)
            _write(lease, shard, waits=False)
        except OSError as error:
            raise SweepError(
                f"{directory / OWN} cannot be written: {reason(error)}. It holds the status of the"
                " jobs: remove what is in the way, or give the sweep another hydra.sweep.dir."
            ) from error
        yield


def runs_elsewhere(directory: Path) -> bool:
    """Whether other processes run shards of a sweep."""
    own = _lease(directory)
    return any(one.lease != own for one in _runners(own.parent))


def _take_turn(directory: Path, own: Path, shard: str | None, wait_for_stale: bool) -> None:
    """Returns when no other process may run, and raises if one does.

    A process announces itself before it looks at the others, so that of two at least one sees the
    other. Of two that wait, the one whose lease sorts first waits for the other: that has either
    seen it, and withdraws, or has not, and runs.
    """
    first_seen: dict[Path, int] = {}
    while others := [
        one
        for one in _runners(own.parent)
        if one.lease != own and (shard is None or one.shard is None)
    ]:
        for one in others:
            if one.waits:
                is_refused = one.lease < own
            elif one.process.is_local or not wait_for_stale:
                is_refused = True
            else:
                if not first_seen:
                    log.warning(
                        f"Process {one.process.pid} on {one.process.host} runs this sweep, or did"
                        " when its machine was lost: waiting for its next heartbeat,"
                        f" {STALE:.0f} seconds at most."
                    )
                is_refused = first_seen.setdefault(one.lease, one.touched) != one.touched
            if is_refused:
                raise SweepError(
                    f"process {one.process.pid} on {one.process.host} runs the sweep in"
                    f" {directory}. Wait until it is done, or stop it, and resume that one with"
                    " hydra.sweeper.resume=true; or give this one another hydra.sweep.dir. Slices"
                    " of one sweep may run at once, by hydra.sweeper.slice."
                )
        time.sleep(_LOOK_AFAR if first_seen else _LOOK)


def _lease(directory: Path) -> Path:
    me = this_process()
    return directory / OWN / RUNNING / f"{me.host}-{me.pid}.json"


def _write(lease: Path, shard: str | None, *, waits: bool) -> None:
    text = json.dumps([*this_process(), shard, *(["waits"] if waits else [])])
    with draft(lease, text) as made:
        os.replace(made, lease)


def _runners(folder: Path) -> Iterator[_Runner]:
    """The processes that have a lease in a folder; those of dead ones are removed."""
    for path in sorted(folder.glob("*.json")):
        try:
            host, pid, start_time, shard, *waits = json.loads(path.read_text())
            touched = path.stat().st_mtime_ns
        except (OSError, ValueError, TypeError):
            continue  # it is gone, or not one of ours
        process = Process(host, pid, start_time)
        if is_held(path, process):
            yield _Runner(path, process, shard, bool(waits), touched)
        else:
            path.unlink(missing_ok=True)
