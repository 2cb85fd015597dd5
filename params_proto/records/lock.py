"""Leases: files that show that a process is working on something, as long as it is alive.

The record of a running job is a lease, as are a claim to an attempt and the file of a process that
runs a sweep, `.sweep/running/node7-4242.json`. Each names the process that holds it. Whether a
process on this machine is alive, the system knows. A process on another machine touches its leases
every 30 seconds, and counts as dead after five minutes without a heartbeat. This needs neither file
locks nor links, which shared file systems may lack.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.records.manifest import RUNNING_DIR, STATE_DIR, write_file
from params_proto.records.process import Process, age, this_process

log = logging.getLogger(__name__)

WORKERS_SHARD = "workers"  # the shard in the lease that the workers of a sweep share
HEARTBEAT = 30.0  # seconds between heartbeats
STALE = 300.0  # seconds without heartbeat after which a process on another machine counts as dead
POLL = 0.2  # seconds between checks of other processes

_HEARTBEAT_NAME = "params_proto heartbeat"


def is_held(lease: Path, process: Process) -> bool:
    """Whether the process that holds a lease is alive, as far as this machine can tell."""
    return process.is_alive if process.is_local else age(lease) < STALE


@cache
def _heartbeat(pid: int) -> tuple[set[Path], set[int]]:
    """The leases that this process touches, and the parents without which it exits.

    They are kept by process id, because a fork does not have its parent's thread.
    """
    leases, parents = set[Path](), set[int]()

    def beat() -> None:
        while True:
            time.sleep(HEARTBEAT)
            if parents and os.getppid() not in parents and not leases:
                os._exit(1)
            for lease in tuple(leases):
                with suppress(OSError):  # the file is gone or the disk temporarily unavailable
                    os.utime(lease)

    name = f"{_HEARTBEAT_NAME} {pid}"
    threading.Thread(target=beat, name=name, daemon=True).start()
    return leases, parents


def is_heartbeat(thread: threading.Thread) -> bool:
    """Whether a thread touches leases: it holds no lock that a fork would have to release."""
    return thread.name.startswith(_HEARTBEAT_NAME)


@contextmanager
def keep_alive(lease: Path) -> Generator[None, None, None]:
    """Touches a lease of this process every 30 seconds."""
    leases, _ = _heartbeat(os.getpid())
    leases.add(lease)
    try:
        yield
    finally:
        leases.discard(lease)


def end_with_parent(parent: int) -> None:
    """Ends this process soon after its parent, once it holds no lease.

    A joblib worker whose parent was killed would wait for more jobs forever.
    """
    if os.getppid() == parent:
        _, parents = _heartbeat(os.getpid())
        parents.add(parent)


# --- the processes that run a sweep


class _Runner(NamedTuple):
    """A process that runs a sweep or waits for its turn."""

    lease: Path
    process: Process
    shard: str | None
    waits: bool
    touched: int


@contextmanager
def sweep_lease(
    directory: Path, shard: str | None, *, wait_for_stale: bool = False
) -> Generator[None, None, None]:
    """Keeps other processes from running the sweep in a directory; raises if one does.

    Args:
        directory: the directory of the sweep.
        shard: the slice of the sweep, which may run with other slices; None for the whole sweep.
        wait_for_stale: wait for the next heartbeat of a process on another machine, as that machine
            may be lost: clusters requeue the jobs of a lost node.
    """
    me = this_process()
    lease = _own_lease(directory)
    with keep_alive(lease):
        try:
            try:
                # Each process announces itself before it looks for others. So if two start at the
                # same time, at least one of them sees the other.
                write_file(lease, json.dumps([*me, shard, "waits"]))
                _take_turn(directory, lease, shard, wait_for_stale)
                write_file(lease, json.dumps([*me, shard]))
            except OSError as error:
                raise SweepError(
                    f"{directory / STATE_DIR} cannot be written: {reason(error)}. It contains the"
                    " job records: remove what is in the way, or give the sweep another"
                    " hydra.sweep.dir."
                ) from error
            yield
        finally:
            with suppress(NotADirectoryError):  # the obstacle has been reported
                lease.unlink(missing_ok=True)


def share_lease(directory: Path, shard: str) -> None:
    """Lets other processes run the sweep, which this one holds a lease for but only watches."""
    write_file(_own_lease(directory), json.dumps([*this_process(), shard]))


def _own_lease(directory: Path) -> Path:
    me = this_process()
    # A job may change the working directory.
    folder = directory.absolute() / STATE_DIR / RUNNING_DIR
    return folder / f"{me.host}-{me.pid}.json"


def is_running_elsewhere(directory: Path) -> bool:
    """Whether other processes run shards of a sweep."""
    return any(_others(directory / STATE_DIR / RUNNING_DIR))


def _take_turn(directory: Path, own: Path, shard: str | None, wait_for_stale: bool) -> None:
    """Returns once no other process may run; raises if one does.

    If two processes wait, the one whose lease sorts first waits for the other, which either has
    seen this lease and withdraws, or has not and runs.
    """
    first_seen: dict[Path, int] = {}
    while others := [
        runner for runner in _others(own.parent) if shard is None or runner.shard is None
    ]:
        for runner in others:
            process = runner.process
            if runner.waits:
                is_refused = runner.lease < own
            elif process.is_local or not wait_for_stale:
                is_refused = True
            else:
                if not first_seen:
                    log.warning(
                        f"Process {process.pid} on {process.host} runs this sweep, or did when its"
                        f" machine was lost: waiting for its next heartbeat, {STALE:.0f} seconds at"
                        " most."
                    )
                is_refused = first_seen.setdefault(runner.lease, runner.touched) != runner.touched
            if is_refused:
                cure = (
                    f" Watch its workers (params-proto watch {directory}), or stop them"
                    f" (params-proto stop {directory}) before you resume it."
                    if runner.shard == WORKERS_SHARD
                    else " Wait for it or stop it, then resume with hydra.sweeper.resume=true, or"
                    " use another hydra.sweep.dir. Slices can run concurrently"
                    " (hydra.sweeper.slice)."
                )
                raise SweepError(
                    f"process {process.pid} on {process.host} runs the sweep in {directory}.{cure}"
                )
        time.sleep(POLL)


def _others(folder: Path) -> Iterator[_Runner]:
    """The other processes with a lease in a folder; leases of dead ones are removed."""
    for path in sorted(folder.glob("*.json")):
        try:
            host, pid, start_time, shard, *waits = json.loads(path.read_text())
            touched = path.stat().st_mtime_ns
        except (OSError, ValueError, TypeError):
            continue  # it is gone, or not a lease
        process = Process(host, pid, start_time)
        if process == this_process():
            continue
        if is_held(path, process):
            yield _Runner(path, process, shard, bool(waits), touched)
        else:
            path.unlink(missing_ok=True)
