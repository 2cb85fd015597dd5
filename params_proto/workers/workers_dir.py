"""The directory `.sweep/workers/`, in which the workers of a sweep share everything but records.

setup.json       how to start a worker, and the limits of the jobs: `WorkerSetup`
jobs.jsonl       the queued jobs, one per line; see `workers.queue`
started.jsonl    the workers that have been started, as processes or Slurm arrays: `WorkerHandle`
stop             while this file exists, no more jobs start; if it contains `now`, running jobs end
ended            created by the first worker that finds no job left
HOST-PID.log     the log of a worker
worker.yaml      the primary config of a worker's command, which does not depend on the app's
"""

from __future__ import annotations

import json
import shlex
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.multirun.job_runner import Launch
from params_proto.overrides.render import assignment
from params_proto.records.lock import STALE, is_running_elsewhere
from params_proto.records.manifest import (
    FAILED_DIR,
    STATE_DIR,
    WORKERS_DIR,
    UnreadableError,
    check_types,
    create_file,
    read_object,
    write_file,
)
from params_proto.records.process import Process, age
from params_proto.workers import slurm

_WORK_OPTION = "hydra.sweeper.work"
_CONFIG_NAME = "worker"
_HANDLES = "started.jsonl"
_DISTRIBUTION = "hydra-params-proto"
_SQUEUE_PERIOD = 5.0  # seconds between calls of squeue, which loads a scheduler that others use too
# Hours to wait for queued workers after the last sign of life of any worker, without squeue.
_MAX_QUEUE_HOURS = 24


def workers_dir(directory: Path) -> Path:
    """The directory `.sweep/workers/` in a sweep's directory."""
    return directory / STATE_DIR / WORKERS_DIR


class WorkerSetup(NamedTuple):
    """How to start a worker, and the limits of the jobs: `.sweep/workers/setup.json`.

    Args:
        version: the version of this package, which must be the same for all workers of a sweep.
        command: the command of a worker, without its options.
        argv: `sys.argv` of the command that started the sweep; the jobs see the same.
        search_path: the config search path of that command, as `PROVIDER=PATH`.
        overrides: the overrides of Hydra's own config in that command.
        cwd: the working directory of that command and of the workers.
        directory: the sweep's directory, as that command named it.
        configs: name of the folder with the frozen config files.
        failures: the folder in `.sweep` that counts failed jobs, with a file for each.
        retries: how many times to rerun a job that failed or crashed.
        max_failures: start no more jobs once more than this many have failed; None for no limit.
        timeout: seconds that a job may take; None for no limit.
        grace: seconds between SIGTERM and SIGKILL.
        gpus: the sweep's `gpus` and `jobs_per_gpu`, as options of `params-proto work`.
        detached: whether no command waits for the sweep, so that its last worker ends the multirun.
    """

    command: list[str]
    argv: list[str]
    search_path: list[str]
    overrides: list[str]
    cwd: str
    directory: str
    configs: str
    failures: str
    gpus: list[str]
    retries: int = 0
    max_failures: int | None = None
    timeout: float | None = None
    grace: float = 30.0
    detached: bool = False
    version: str = version(_DISTRIBUTION)

    def write(self) -> None:
        """Writes setup.json, and removes a stop request.

        Raises:
            SweepError: the files cannot be written.
        """
        folder = workers_dir(self.path)
        try:
            write_file(folder / f"{_CONFIG_NAME}.yaml", "hydra: {mode: MULTIRUN}\n")
            write_file(folder / "setup.json", json.dumps(self._asdict(), indent=1) + "\n")
            (folder / "stop").unlink(missing_ok=True)
        except OSError as error:
            raise SweepError(f"{folder} cannot be written: {reason(error)}.") from error

    @property
    def path(self) -> Path:
        """The absolute path of the sweep's directory."""
        return Path(self.cwd, self.directory)

    @property
    def launch(self) -> Launch:
        """Counts failed jobs, up to the limit."""
        return Launch(
            max_failures=self.max_failures, failures=self.path / STATE_DIR / self.failures
        )

    def with_failures_reset(self) -> WorkerSetup:
        """The same setup, with a new failure count if the limit has been exceeded."""
        is_exceeded = self.launch.has_too_many_failures
        return self._replace(failures=f"{FAILED_DIR}/{uuid4().hex}") if is_exceeded else self

    @property
    def worker_command(self) -> list[str]:
        """The complete command of a worker, which does not read the app's own configs."""
        configs = ["--config-path", str(workers_dir(self.path)), "--config-name", _CONFIG_NAME]
        options = ["hydra/sweeper=params_proto", assignment(_WORK_OPTION, self.directory)]
        return [*self.command, *configs, *options]


_TYPES: dict[str, tuple[type, ...]] = {
    "command": (list,),
    "argv": (list,),
    "search_path": (list,),
    "overrides": (list,),
    "cwd": (str,),
    "directory": (str,),
    "configs": (str,),
    "failures": (str,),
    "gpus": (list,),
    "retries": (int,),
    "max_failures": (int, type(None)),
    "timeout": (int, float, type(None)),
    "grace": (int, float),
    "detached": (bool,),
    "version": (str,),
}


def read_setup(directory: Path) -> WorkerSetup:
    """Reads setup.json from a sweep's directory.

    Raises:
        SweepError: the file is missing, damaged, or from another version of this package.
    """
    path = workers_dir(directory) / "setup.json"
    try:
        values = read_object(path.read_bytes())
        check_types(values, _TYPES)
    except FileNotFoundError as error:
        raise SweepError(_explain_missing_setup(directory)) from error
    except (OSError, UnreadableError) as error:
        raise SweepError(f"{path} cannot be read: {error}.") from error
    setup = WorkerSetup(**{name: values[name] for name in WorkerSetup._fields})
    if setup.version != version(_DISTRIBUTION):
        raise SweepError(
            f"the workers of {directory} use {_DISTRIBUTION} {setup.version}, but this environment"
            f" has {version(_DISTRIBUTION)}. Use one with version {setup.version}."
        )
    return setup


def finish_command(directory: Path, *, rerun: bool = False) -> str:
    """The command that finishes a sweep.

    Args:
        directory: the sweep's directory.
        rerun: whether to rerun failed and crashed jobs.
    """
    rerun_options = ["--rerun", "failed,crashed"] if rerun else []
    gpus = read_setup(directory).gpus
    return shlex.join(["params-proto", "work", str(directory), *rerun_options, *gpus])


def _explain_missing_setup(directory: Path) -> str:
    if not directory.is_dir():
        return f"{directory} does not exist, or is not visible from this machine."
    if not (directory / STATE_DIR).is_dir():
        return f"{directory} does not contain a sweep."
    return (
        f"the sweep in {directory} was started without workers. Resume it with workers:"
        f" hydra.sweeper.resume={directory} hydra.sweeper.workers=1."
    )


# --- the workers that have been started


class WorkerHandle(NamedTuple):
    """A worker process, or a Slurm array of workers, that an engine has started.

    Args:
        process: the worker's process, if it is not part of an array.
        array: the job id of the Slurm array, otherwise empty.
        gpu: the GPU assigned to the worker, if any.
    """

    process: Process | None = None
    array: str = ""
    gpu: str = ""

    @property
    def is_alive(self) -> bool | None:
        """Whether it is running or queued; None if this machine cannot tell."""
        if self.process is not None:
            return self.process.is_alive if self.process.is_local else None
        states = _task_states(self.array, int(time.monotonic() / _SQUEUE_PERIOD))
        return None if states is None else bool(states)


def save_handle(directory: Path, handle: WorkerHandle) -> None:
    """Saves a handle for the processes that watch or stop the sweep."""
    with suppress(OSError):  # the disk is full, which the records will show
        # The line before may be cut.
        create_file(workers_dir(directory) / _HANDLES, "a", f"\n{json.dumps(handle._asdict())}\n")


def read_handles(directory: Path) -> Iterator[WorkerHandle]:
    """The handles of all workers that have been started for a sweep."""
    lines: list[str] = []
    with suppress(FileNotFoundError):
        lines = (workers_dir(directory) / _HANDLES).read_text().splitlines()
    for line in lines:
        with suppress(ValueError):  # a full disk has cut the line
            handle = WorkerHandle(**json.loads(line))
            yield handle._replace(process=handle.process and Process(*handle.process))


@lru_cache(maxsize=16)
def _task_states(array: str, period: int) -> list[str] | None:
    """The states of a Slurm array's tasks; `period` limits how often squeue is called."""
    return slurm.task_states(array)


def gpus_in_use(directory: Path) -> Counter[str]:
    """How many live workers of a sweep on this machine have been assigned each GPU."""
    return Counter(
        handle.gpu for handle in read_handles(directory) if handle.gpu and handle.is_alive
    )


def has_workers(directory: Path) -> bool:
    """Whether workers of a sweep are running or queued.

    Where this machine cannot tell, it assumes so until there has been no sign of life for some
    time: a day if workers may be queued, five minutes if they are processes on another machine.
    """
    handles = list(read_handles(directory))
    if is_running_elsewhere(directory) or any(handle.is_alive for handle in handles):
        return True
    unknown = [handle for handle in handles if handle.is_alive is None]
    may_be_queued = any(handle.array for handle in unknown) and read_stop(directory) is None
    return bool(unknown) and _silence(directory) < (
        _MAX_QUEUE_HOURS * 3600 if may_be_queued else STALE
    )


def _silence(directory: Path) -> float:
    """Seconds since workers were last started or wrote to a log."""
    files = (workers_dir(directory) / _HANDLES, latest_log(directory))
    return min(age(file) for file in files if file is not None)


# --- stopping


def request_stop(directory: Path, *, now: bool) -> None:
    """Asks the workers of a sweep to start no more jobs.

    Args:
        directory: the sweep's directory.
        now: whether to interrupt running jobs as well.

    Raises:
        SweepError: the file cannot be written.
    """
    try:
        write_file(workers_dir(directory) / "stop", "now" if now else "")
    except OSError as error:
        raise SweepError(f"{workers_dir(directory)} cannot be written: {reason(error)}.") from error


def cancel_queued(directory: Path) -> int:
    """Cancels the sweep's workers that are queued in Slurm; returns how many."""
    cancelled = 0
    for handle in read_handles(directory):
        if handle.array and (tasks := slurm.task_states(handle.array, "--states=PENDING")):
            cancelled += len(tasks)
            slurm.cancel(handle.array, "--state=PENDING")
    return cancelled


def read_stop(directory: Path) -> str | None:
    """The stop request: `now` to interrupt running jobs, else empty; None if there is none."""
    try:
        return (workers_dir(directory) / "stop").read_text()
    except OSError:
        return None


def mark_ended(directory: Path) -> bool:
    """Marks a sweep as ended; returns whether this process was the first to do so."""
    try:
        create_file(workers_dir(directory) / "ended", "x")
    except OSError:
        return False
    return True


def has_ended(directory: Path) -> bool:
    """Whether a worker has found that no job is left."""
    return (workers_dir(directory) / "ended").exists()


def latest_log(directory: Path) -> Path | None:
    """The most recently written worker log since workers were started; None if there is none.

    A worker that could not even start on its node may have left only submitit's log.
    """
    folder = workers_dir(directory)
    started = (folder / "setup.json").stat().st_mtime
    for logs in folder.glob("*.log"), directory.glob(".submitit/*/*_log.err"):
        stats = [(log.stat(), log) for log in logs]
        written = {log: stat.st_mtime for stat, log in stats if stat.st_size}
        if written and max(written.values()) >= started:
            return max(written, key=lambda log: written[log])
    return None
