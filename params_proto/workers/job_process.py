"""Runs a job in its own process: a fork of the worker or, where forking is unsafe, a spawned one.

The process appends its output to `output.log` in the job's directory, and when the job has ended it
sends the job's record through a pipe. A process that dies sends no record.
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
from params_proto.workers import slurm
from params_proto.workers.job import is_stopping

OUTPUT = "output.log"
EXIT_STOPPED = os.EX_TEMPFAIL  # exit status of a job that returned because it was `stopping`
_JOB_VARIABLE = "PARAMS_PROTO_WORKER_JOB"  # what a spawned process needs to know, as JSON
PARENT_VARIABLE = "PARAMS_PROTO_WORKER_PARENT"  # pid of the process with which a worker exits
_OMP_PAUSE_HARD = 2  # omp_pause_hard of OpenMP 5.0
_PR_SET_PDEATHSIG = 1  # of prctl(2)
# Reads the current job's process group, one per line (an empty line for none), until the worker
# exits. It ignores signals, because clusters send them to every process.
_WATCHDOG = """
trap '' HUP INT TERM USR1 USR2
while read -r line; do group=$line; done
[ -z "$group" ] || kill -s KILL -- "-$group"
"""


@dataclass(frozen=True, eq=False)
class ClaimedJobStore(JobStore):
    """The `JobStore` of a job process, whose worker has already claimed the job and will record it.

    Args:
        directory: the sweep's directory.
        record: the worker's claim to the job.
        writer: file descriptor of the pipe that takes the final record.
    """

    record: Record
    writer: int

    def claim(
        self, first: Record, rerun_after: int = 0, *, after: int | None = None
    ) -> Record | None:
        """Returns the worker's claim."""
        return self.record

    def keep_alive(self, record: Record) -> AbstractContextManager[None]:
        """Does nothing: the worker keeps the record alive."""
        return nullcontext()

    def finish(self, record: Record) -> bool:
        """Sends the record to the worker."""
        if is_stopping():  # Slurm signals all processes, so the worker may not know yet
            record = record._replace(status=Status.INTERRUPTED, value=None, error=None)
        with open(self.writer, "wb", closefd=False) as pipe:
            pipe.write(record.text().encode())
        return True


@dataclass(eq=False)
class JobProcess:
    """A job's process, as seen by its worker.

    Args:
        pid: the process id, which is also that of its process group.
        reader: file descriptor of the pipe that delivers the final record.
        supervisor: the worker's supervisor.
    """

    pid: int
    reader: int
    supervisor: Supervisor

    def __post_init__(self) -> None:
        self.received = bytearray()  # the final record, if it has been sent
        os.set_blocking(self.reader, False)
        self.supervisor.watch(self.pid)

    def wait(self, seconds: float) -> int | None:
        """Waits until the process exits, the worker receives a signal, or the time is up.

        Returns:
            The exit status, negative for a signal; None if the process is still running.
        """
        wakeup = self.supervisor.wakeup
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            readable, _, _ = select.select([self.reader, wakeup], [], [], max(0.0, seconds))
            if self.reader in readable and not self._receive():
                select.select([wakeup], [], [], max(0.0, min(seconds, 0.05)))
            if wakeup in readable:
                with suppress(BlockingIOError):
                    while os.read(wakeup, 512):  # drain it
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
            chunk = os.read(self.reader, 1 << 16)
            self.received += chunk
            return bool(chunk)
        return False

    def send_signal(self, number: int, *, group: bool = True) -> None:
        """Sends a signal to its process group, or to the process alone."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, number)


# --- the worker's side


class Supervisor:
    """Supervises a worker's jobs within a `with` block.

    It wakes the worker up when a signal arrives, and runs a watchdog: a shell that kills the job's
    process group when the worker dies, even of SIGKILL. The kernel kills only the job's own process
    then, not those that it has started.

    Args:
        wakeup: a file descriptor that becomes readable when the worker receives a signal.
    """

    def __enter__(self) -> Self:
        self.wakeup, writer = os.pipe()
        watchdog_input, self._watchdog = os.pipe()
        self._descriptors = (self.wakeup, writer, self._watchdog)
        for descriptor in (self.wakeup, writer):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _WATCHDOG],
            cwd="/",
            stdin=watchdog_input,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(watchdog_input)
        return self

    def __exit__(self, *error: object) -> None:
        signal.set_wakeup_fd(-1)
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._shell.wait()

    def watch(self, group: int | None) -> None:
        """Tells the watchdog the process group of the current job; None if there is none."""
        with suppress(BrokenPipeError):  # the watchdog has been killed
            os.write(self._watchdog, f"{group or ''}\n".encode())

    def close_in_job(self) -> None:
        """Closes it in a fork: the watchdog waits until no process has its pipe open."""
        signal.set_wakeup_fd(-1)
        os.close(self._watchdog)


def reason_not_to_fork() -> str | None:
    """Why forking this process would be unsafe; None if it is safe."""
    if sys.platform == "darwin":
        return "forking is unsafe on macOS"
    main = threading.main_thread()
    threads = [
        thread.name
        for thread in threading.enumerate()
        if not (thread is main or is_heartbeat(thread))
    ]
    if threads:
        return f"Python threads are running, such as {threads[0]}"
    if not _pause_openmp():
        return "OpenMP threads are running"
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA is already initialised"
    return None


def _pause_openmp() -> bool:
    """Ends the idle threads of GNU OpenMP, which a fork would wait for; returns whether it could.

    OpenMP starts them again when it needs them.
    """
    libraries = set(re.findall(r"/\S*libgomp\S*", Path("/proc/self/maps").read_text()))
    pauses = [getattr(ctypes.CDLL(path), "omp_pause_resource_all", None) for path in libraries]
    return all(pause is not None and not pause(_OMP_PAUSE_HARD) for pause in pauses)


def fork_job(run: Callable[[int], None], output: Path, supervisor: Supervisor) -> JobProcess:
    """Runs a job in a fork of this process.

    Args:
        run: runs the job and writes its final record to a file descriptor.
        output: the job's directory.
        supervisor: the worker's supervisor.
    """
    reader, writer = os.pipe()
    parent = os.getpid()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Until the job installs its own handlers, the worker's would swallow a signal to it.
    unmasked = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    with warnings.catch_warnings():
        # Since 3.12, Python warns about any other thread; the remaining ones are harmless.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        with suppress(OSError):
            os.setpgid(pid, pid)  # before any signal is sent; the job does the same
        os.close(writer)
        return JobProcess(pid, reader, supervisor)
    os.close(reader)

    def job(writer: int) -> None:
        supervisor.close_in_job()
        _set_up_fork(output)
        signal.pthread_sigmask(signal.SIG_SETMASK, unmasked)
        run(writer)

    _run_and_exit(job, writer, parent)


def spawn_job(
    command: Sequence[str], job: Sequence[object], output: Path, supervisor: Supervisor
) -> JobProcess:
    """Runs a job in a fresh interpreter.

    Args:
        command: the worker's command.
        job: what the process needs to know about the job, as JSON values.
        output: the job's directory.
        supervisor: the worker's supervisor.
    """
    reader, writer = os.pipe()
    with (output / OUTPUT).open("ab") as log:
        process = subprocess.Popen(
            command,
            env={**os.environ, _JOB_VARIABLE: json.dumps([os.getpid(), writer, *job])},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[writer],
            process_group=0,
        )
    os.close(writer)
    process.returncode = 0  # keep Popen from waiting: JobProcess does
    return JobProcess(process.pid, reader, supervisor)


# --- the job's side


def run_spawned_job(run: Callable[[int, Sequence[Any]], None]) -> None:
    """Runs the job that this process was spawned for, and exits; returns if it was not."""
    variable = os.environ.pop(_JOB_VARIABLE, None)
    if variable is None:
        return
    parent, writer, *job = json.loads(variable)
    os.set_inheritable(writer, False)
    _run_and_exit(lambda writer: run(writer, job), writer, parent)


def _run_and_exit(run: Callable[[int], None], writer: int, parent: int) -> NoReturn:
    """Runs a job, then exits as the Python interpreter does.

    The process dies with its worker, so that it cannot run beside another worker's attempt.
    """
    die_with_parent(parent, signal.SIGKILL)
    signal.signal(slurm.WARNING, signal.SIG_IGN)  # Slurm sends it to every process
    status = 1
    try:
        run(writer)
        status = EXIT_STOPPED if is_stopping() else 0
    except KeyboardInterrupt as error:
        status = 128 + getattr(error, "number", signal.SIGINT)
    except BaseException:
        logging.getLogger(__name__).exception("The job could not run.")
    finally:
        with suppress(BaseException):
            finish_interpreter()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def die_with_parent(parent: int, number: int) -> None:
    """Has the kernel send this process a signal when its parent dies; exits if it already has."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def _set_up_fork(output: Path) -> None:
    """Gives a fork its own process group, signal handlers, output and random numbers."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(output / OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    with suppress(AttributeError):  # the user has replaced the stream
        sys.stdout.reconfigure(line_buffering=True)  # pyright: ignore
    with suppress(AttributeError):  # no NumPy, or an old one
        numpy: Any = sys.modules.get("numpy.random")
        if numpy.get_bit_generator().seed_seq is not None:  # the app has not seeded it
            numpy.seed()  # as Python's own generator does in any fork
