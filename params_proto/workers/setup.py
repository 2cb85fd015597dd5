"""What the workers of a sweep share beside the records: the files in `.sweep/workers/`.

setup.json       how to start a worker, and the limits of the jobs: `Setup`
jobs.jsonl       the jobs to run, a line each; see `workers.queue`
started.jsonl    what has been started: processes of a machine, arrays of Slurm; see `Started`
stop             while it is there, no further job starts; its content `now` ends those that run
ended            made by the worker that finds that no job is left
HOST-PID.log     the log of a worker
worker.yaml      the primary config of a worker's command, which needs nothing of the app's
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
    FAILED,
    OWN,
    WORKERS,
    UnreadableError,
    check_types,
    create_file,
    read_object,
    write_file,
)
from params_proto.records.process import Process, age
from params_proto.workers import slurm

OPTION = "hydra.sweeper.work"
_CONFIG = "worker"
_PACKAGE = "hydra-params-proto"
_ASK = 5.0  # seconds between two questions to Slurm, which answers all users of a cluster
# Hours without a sign of any worker for which a queued one is waited for, if Slurm cannot be asked.
_QUEUED = 24


def folder(directory: Path) -> Path:
    """The folder of the workers' files in a sweep's directory."""
    return directory / OWN / WORKERS


class Setup(NamedTuple):
    """How to start a worker, and the limits of the jobs: `.sweep/workers/setup.json`.

    Args:
        version: of this package, which all workers of a sweep share.
        command: of a worker, up to its options.
        argv: `sys.argv` of the command that started the sweep, which the jobs see.
        search_path: where that looked for configs, `PROVIDER=PATH`.
        overrides: what it was given for Hydra itself.
        cwd: the working directory of the command that started the sweep, and of the workers.
        directory: the sweep's, as that command named it.
        configs: the name of the folder with the config files as they were.
        failures: the folder that counts the failures, by a file for each.
        retries: how many times to rerun a job that failed or crashed.
        max_failures: start no further job once more than this many have failed; None for no limit.
        timeout: seconds that a job may take; None for no limit.
        grace: seconds between SIGTERM and SIGKILL.
        gpus: the sweep's own choice of GPUs, as options of `params-proto work`.
        detached: whether no command waits for the end, so that the last worker ends the multirun.
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
    version: str = version(_PACKAGE)

    def write(self) -> None:
        """Writes it, and lifts a stop.

        Raises:
            SweepError: it cannot be written.
        """
        there = folder(self.path)
        try:
            write_file(there / f"{_CONFIG}.yaml", "hydra: {mode: MULTIRUN}\n")
            write_file(there / "setup.json", json.dumps(self._asdict(), indent=1) + "\n")
            (there / "stop").unlink(missing_ok=True)
        except OSError as error:
            raise SweepError(f"{there} cannot be written: {reason(error)}.") from error

    @property
    def path(self) -> Path:
        """The sweep's directory, absolute."""
        return Path(self.cwd, self.directory)

    @property
    def launch(self) -> Launch:
        """What counts the failures."""
        return Launch(max_failures=self.max_failures, failures=self.path / OWN / self.failures)

    def with_new_count(self) -> Setup:
        """With no failures yet, if there have been too many."""
        is_over = self.launch.has_too_many_failures
        return self._replace(failures=f"{FAILED}/{uuid4().hex}") if is_over else self

    @property
    def worker_command(self) -> list[str]:
        """The command of a worker. The app's configs may have changed since the sweep began."""
        configs = ["--config-path", str(folder(self.path)), "--config-name", _CONFIG]
        options = ["hydra/sweeper=params_proto", assignment(OPTION, self.directory)]
        return [*self.command, *configs, *options]


_TYPES: dict[str, tuple[type, ...]] = {
    **{"command": (list,), "argv": (list,), "search_path": (list,), "overrides": (list,)},
    **{"cwd": (str,), "directory": (str,), "configs": (str,)},
    **{"failures": (str,), "gpus": (list,)},
    **{"retries": (int,), "max_failures": (int, type(None))},
    **{"timeout": (int, float, type(None)), "grace": (int, float), "detached": (bool,)},
    **{"version": (str,)},
}


def read_setup(directory: Path) -> Setup:
    """Reads it from a sweep's directory.

    Raises:
        SweepError: it is not there, or not what was written, or another version's.
    """
    path = folder(directory) / "setup.json"
    try:
        values = read_object(path.read_bytes())
        check_types(values, _TYPES)
    except FileNotFoundError as error:
        raise SweepError(_no_workers(directory)) from error
    except (OSError, UnreadableError) as error:
        raise SweepError(f"{path} cannot be read: {error}.") from error
    setup = Setup(**{name: values[name] for name in Setup._fields})
    if setup.version != version(_PACKAGE):
        raise SweepError(
            f"the workers of {directory} run {_PACKAGE} {setup.version}, and this is"
            f" {version(_PACKAGE)}: use an environment with that version."
        )
    return setup


def finish_command(directory: Path, *, rerun: bool = False) -> str:
    """The command that runs what is left of a sweep.

    Args:
        directory: the sweep's.
        rerun: whether jobs have failed, and are to run again.
    """
    again = ["--rerun", "failed,crashed"] if rerun else []
    gpus = read_setup(directory).gpus
    return shlex.join(["params-proto", "work", str(directory), *again, *gpus])


def _no_workers(directory: Path) -> str:
    if not directory.is_dir():
        return f"{directory} is not there, or this machine does not see it."
    if not (directory / OWN).is_dir():
        return f"{directory} does not contain a sweep."
    return (
        f"the sweep in {directory} was started without workers. Resume it with them:"
        f" hydra.sweeper.resume={directory} hydra.sweeper.workers=1."
    )


# --- what has been started


class Started(NamedTuple):
    """A worker, or an array of them, as the command that started it knows it.

    Args:
        process: of a worker that is a process of a machine.
        array: of a Slurm array its job id.
        gpu: the one that the worker has for itself.
    """

    process: Process | None = None
    array: str = ""
    gpu: str = ""

    @property
    def is_alive(self) -> bool | None:
        """Whether it runs or waits in a queue; None if this machine cannot tell."""
        if self.process is not None:
            return self.process.is_alive if self.process.is_local else None
        states = _task_states(self.array, int(time.monotonic() / _ASK))
        return None if states is None else bool(states)


def note_started(directory: Path, started: Started) -> None:
    """Notes what was started, for those that watch or stop the sweep."""
    with suppress(OSError):  # the disk is full, and the records will say so
        create_file(_notes(directory), "a", json.dumps(started._asdict()) + "\n")


def all_started(directory: Path) -> Iterator[Started]:
    """What was started for a sweep."""
    lines: list[str] = []
    with suppress(FileNotFoundError):
        lines = _notes(directory).read_text().splitlines()
    for line in lines:
        with suppress(ValueError):  # the disk was full as the line was written
            started = Started(**json.loads(line))
            yield started._replace(process=started.process and Process(*started.process))


@lru_cache(maxsize=16)
def _task_states(array: str, moment: int) -> list[str] | None:
    """The states of the tasks of a Slurm array, asked once for each moment of some seconds."""
    return slurm.task_states(array)


def _notes(directory: Path) -> Path:
    return folder(directory) / "started.jsonl"


def gpus_in_use(directory: Path) -> Counter[str]:
    """How many workers of this machine have each GPU."""
    return Counter(one.gpu for one in all_started(directory) if one.gpu and one.is_alive)


def has_workers(directory: Path) -> bool:
    """Whether workers of a sweep run, or are about to.

    Where this machine cannot tell, they have some time to show: a day if they may be in a queue,
    five minutes if they are processes of another machine.
    """
    started = list(all_started(directory))
    if is_running_elsewhere(directory) or any(one.is_alive for one in started):
        return True
    unknown = [one for one in started if one.is_alive is None]
    is_queue = any(one.array for one in unknown) and is_stopped(directory) is None
    return bool(unknown) and _silence(directory) < (_QUEUED * 3600 if is_queue else STALE)


def _silence(directory: Path) -> float:
    """Seconds since workers were started, or one has written to its log."""
    signs = (_notes(directory), last_log(directory))
    return min(age(sign) for sign in signs if sign is not None)


# --- stopping


def stop(directory: Path, *, now: bool) -> None:
    """Has the workers start no more jobs, or end those that run as well.

    Raises:
        SweepError: the file cannot be written.
    """
    try:
        write_file(folder(directory) / "stop", "now" if now else "")
    except OSError as error:
        raise SweepError(f"{folder(directory)} cannot be written: {reason(error)}.") from error


def is_stopped(directory: Path) -> str | None:
    """`now` if the jobs are to end, an empty text if no more are to start; None otherwise."""
    try:
        return (folder(directory) / "stop").read_text()
    except OSError:
        return None


def is_first_to_end(directory: Path) -> bool:
    """Whether this process is the first to find that no job is left."""
    try:
        create_file(folder(directory) / "ended", "x")
    except OSError:
        return False
    return True


def has_ended(directory: Path) -> bool:
    """Whether a worker has found that no job is left."""
    return (folder(directory) / "ended").exists()


def last_log(directory: Path) -> Path | None:
    """The log that was written to last since workers were started; None if there is none.

    A worker that cannot even start on its node may leave one of submitit's.
    """
    there = folder(directory)
    started = (there / "setup.json").stat().st_mtime
    for logs in there.glob("*.log"), directory.glob(".submitit/*/*_log.err"):
        found = [(one.stat(), one) for one in logs]
        written = {one: stat.st_mtime for stat, one in found if stat.st_size}
        if written and max(written.values()) >= started:
            return max(written, key=lambda one: written[one])
    return None
