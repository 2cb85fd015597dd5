"""A job in a process of its own: forked from the worker, or, where that is unsafe, started anew.

The process appends what it prints to `output.log` in the job's directory, and sends the record of
the job's end through a pipe. One that dies sends none.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import re
import select
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self

from params_proto.compose.internals import finish_interpreter
from params_proto.records import JobStore, Record, Status
from params_proto.records.lock import is_heartbeat
from params_proto.workers import job as running
from params_proto.workers import slurm

OUTPUT = "output.log"
SAVED = os.EX_TEMPFAIL  # the exit status of a job that has returned because it is `stopping`
VARIABLE = "PARAMS_PROTO_WORKER_JOB"
END_WITH = "PARAMS_PROTO_END_WITH"  # the process without which a worker ends, in its environment
_HARD = 2  # omp_pause_hard of OpenMP 5.0
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
# It reads a process group per line, an empty line for none, to the end of its worker. Clusters
# signal all processes.
_WATCHDOG = """
trap '' HUP INT TERM USR1 USR2
while read -r line; do group=$line; done
[ -z "$group" ] || kill -s KILL -- "-$group"
"""


@dataclass(frozen=True, eq=False)
class ClaimedJob(JobStore):
    """The store of a process that runs one job, which its worker has claimed and records.

    Args:
        directory: the sweep's.
        record: what `claim` returned to the worker.
        writer: where the record of the end goes, a file descriptor.
    """

    record: Record
    writer: int

    def claim(
        self, first: Record, rerun_after: int = 0, *, after: int | None = None
    ) -> Record | None:
        """The record of the attempt."""
        return self.record

    def keep_alive(self, record: Record) -> AbstractContextManager[None]:
        """Does nothing: the worker does."""
        return nullcontext()

    def finish(self, record: Record) -> bool:
        """Sends the record to the worker."""
        if running.is_stopping():  # perhaps before the worker knows, as Slurm signals all processes
            record = record._replace(status=Status.INTERRUPTED, value=None, error=None)
        with open(self.writer, "wb", closefd=False) as pipe:
            pipe.write(record.text().encode())
        return True


@dataclass(eq=False)
class JobProcess:
    """The process of a job, as its worker sees it.

    Args:
        pid: the process, which leads a group of its own.
        reader: the pipe's other end.
        supervisor: the worker's.
    """

    pid: int
    reader: int
    supervisor: Supervisor

    def __post_init__(self) -> None:
        self.received = bytearray()  # a record, or nothing
        os.set_blocking(self.reader, False)
        self.supervisor.watch(self.pid)

    def wait(self, seconds: float) -> int | None:
        """Waits for the end of the process, for some time or until the worker gets a signal.

        Returns:
            Its exit status, negative for a signal; None while it runs.
        """
        wakeup = self.supervisor.wakeup
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            readable, _, _ = select.select([self.reader, wakeup], [], [], max(0.0, seconds))
            if self.reader in readable and not self._receive():
                select.select([wakeup], [], [], max(0.0, min(seconds, 0.05)))
            if wakeup in readable:
                with suppress(BlockingIOError):
                    while os.read(wakeup, 512):  # empties it
                        pass
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        while self._receive():
            pass
        os.close(self.reader)
        self.supervisor.watch(None)
        return os.waitstatus_to_exitcode(status)

    def _receive(self) -> bool:
        with suppress(BlockingIOError):
            text = os.read(self.reader, 1 << 16)
            self.received += text
            return bool(text)
        return False

    def end(self, number: int, *, group: bool = True) -> None:
        """Sends a signal to its group, or to itself alone."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, number)


# --- the worker's side


class Supervisor:
    """What a worker has beside its job, within a `with` block: what wakes it up, and a watchdog.

    The watchdog is a shell that kills the process group of the job once the worker is dead, SIGKILL
    included: the job's own process ends with its worker, but not what that has started.

    Args:
        wakeup: a file descriptor that can be read as soon as the worker has got a signal.
    """

    def __enter__(self) -> Self:
        self.wakeup, writer = os.pipe()
        watched, self._watchdog = os.pipe()
        self._ends = (self.wakeup, writer, self._watchdog)
        for end in (self.wakeup, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG],
            cwd="/",
            stdin=watched,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(watched)
        return self

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(-1)
        for end in self._ends:
            os.close(end)
        self._shell.wait()

    def watch(self, group: int | None) -> None:
        """Has the watchdog know the process group of the job that runs; None if none does."""
        with suppress(BrokenPipeError):  # it has been killed
            os.write(self._watchdog, f"{group or ''}\n".encode())

    def close_in_job(self) -> None:
        """Leaves a fork without it: the watchdog waits for the last process that has its pipe."""
        signal.set_wakeup_fd(-1)
        os.close(self._watchdog)


def unsafe_to_fork() -> str | None:
    """Why a fork of this process might not work; None if it will."""
    if sys.platform == "darwin":
        return "macOS does not support it"
    main = threading.main_thread()
    others = [one.name for one in threading.enumerate() if not (one is main or is_heartbeat(one))]
    if others:
        return f"Python threads run, such as {others[0]}"
    if not _pause_openmp():
        return "OpenMP has started threads"
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA has been initialised"
    return None


def _pause_openmp() -> bool:
    """Ends the idle threads of GNU's OpenMP, which a fork would wait for; whether that is possible.

    OpenMP starts them again when they are needed.
    """
    libraries = set(re.findall(r"/\S*libgomp\S*", Path("/proc/self/maps").read_text()))
    pauses = [getattr(ctypes.CDLL(one), "omp_pause_resource_all", None) for one in libraries]
    return all(pause is not None and not pause(_HARD) for pause in pauses)


def fork(run: Callable[[int], None], output: Path, supervisor: Supervisor) -> JobProcess:
    """Runs a job in a fork of this process.

    Args:
        run: runs the job, and sends its record to a file descriptor.
        output: the job's directory.
        supervisor: the worker's.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # The worker's handlers are not the job's, which must not miss a signal.
    unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    with warnings.catch_warnings():
        # Python warns of any thread since 3.12; those that are known do no harm.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        with suppress(OSError):
            os.setpgid(pid, pid)  # before it may be sent a signal; the job does the same
        os.close(writer)
        return JobProcess(pid, reader, supervisor)
    os.close(reader)

    def job(writer: int) -> None:
        supervisor.close_in_job()
        _become_job(output)
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        run(writer)

    _run_and_exit(job, writer, parent)


def start(
    command: Sequence[str], job: Sequence[object], output: Path, supervisor: Supervisor
) -> JobProcess:
    """Runs a job in a fresh interpreter.

    Args:
        command: of the worker.
        job: what the process needs to know of the job.
        output: the job's directory.
        supervisor: the worker's.
    """
    reader, writer = os.pipe()
    with (output / OUTPUT).open("ab") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, VARIABLE: json.dumps([os.getpid(), writer, *job])},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writer],
            process_group=0,
        )
    os.close(writer)
    process.returncode = 0  # which is asked of the system here
    return JobProcess(process.pid, reader, supervisor)


# --- the job's side


def in_fresh_process(run: Callable[[int, Sequence[Any]], None]) -> None:
    """Runs the job that this process was started for, and ends it; returns if there is none."""
    given = os.environ.pop(VARIABLE, None)
    if given is None:
        return
    parent, writer, *job = json.loads(given)
    os.set_inheritable(writer, False)
    _run_and_exit(lambda writer: run(writer, job), writer, parent)


def _run_and_exit(run: Callable[[int], None], writer: int, parent: int) -> NoReturn:
    """Runs a job, and ends this process as Python does.

    It ends with its worker at once, so that no other worker runs the job beside it.
    """
    end_with(parent, signal.SIGKILL)
    signal.signal(slurm.WARNING, signal.SIG_IGN)  # Slurm warns all processes, not only the worker
    status = 1
    try:
        run(writer)
        status = SAVED if running.is_stopping() else 0
    except KeyboardInterrupt as error:
        status = 128 + getattr(error, "number", signal.SIGINT)
    except BaseException:
        logging.getLogger(__name__).exception("The job cannot run.")
    finally:
        with suppress(BaseException):
            finish_interpreter()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def end_with(parent: int, number: int) -> None:
    """Has this process get a signal when its parent ends, and ends it if that has happened."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, number)
    if os.getppid() != parent:
        os._exit(1)


def _become_job(output: Path) -> None:
    """Gives a fork what it must not share with its worker: signals, output, random numbers."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(output / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    with suppress(AttributeError):  # a stream of the user's own
        sys.stdout.reconfigure(line_buffering=True)  # pyright: ignore
    with suppress(AttributeError):  # no NumPy, or an old one
        numpy: Any = sys.modules.get("numpy.random")
        if numpy.get_bit_generator().seed_seq is not None:  # the app has not seeded it
            numpy.seed()  # as Python's own generator does in any fork
