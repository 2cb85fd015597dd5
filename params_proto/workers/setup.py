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
import os
import shutil
import subprocess
import time
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
from params_proto.records.lock import is_running_elsewhere
from params_proto.records.manifest import (
    FAILED,
    OWN,
    UnreadableError,
    check_types,
    create_file,
    read_object,
    write_file,
)
from params_proto.records.process import Process, this_process

WORKERS = "workers"
OPTION = "hydra.sweeper.work"
_CONFIG = "worker"
_PACKAGE = "hydra-params-proto"
_ASK = 5.0  # seconds between two questions to Slurm, which answers all users of a cluster


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
    **{"failures": (str,), "retries": (int,), "max_failures": (int, type(None))},
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
        engine: `local` or `slurm`.
        name: of a Slurm array its job id.
        process: of a local worker.
    """

    engine: str
    name: str = ""
    process: Process | None = None

    @property
    def is_alive(self) -> bool:
        """Whether it runs or will run, as far as this machine can tell."""
        if self.process is not None:
            return self.process.is_local and self.process.is_alive
        return bool(self.name) and _is_queued(self.name, int(time.monotonic() / _ASK))


def note_started(directory: Path, started: Started) -> None:
    """Notes what was started, for those that watch or stop the sweep."""
    with suppress(OSError):  # the disk is full, and the records will say so
        create_file(folder(directory) / "started.jsonl", "a", json.dumps(started) + "\n")


def all_started(directory: Path) -> Iterator[Started]:
    """What was started for a sweep."""
    lines: list[str] = []
    with suppress(FileNotFoundError):
        lines = (folder(directory) / "started.jsonl").read_text().splitlines()
    for line in lines:
        with suppress(ValueError):  # the disk was full as the line was written
            engine, name, process = json.loads(line)
            yield Started(engine, name, process and Process(*process))


def queued(array: str, *options: str) -> list[str] | None:
    """The states of the tasks of a Slurm array that wait or run, by `squeue`.

    Returns:
        None if Slurm cannot say: it is not on this machine, or does not answer.
    """
    command = ["squeue", "--noheader", "--array", f"--jobs={array}", "--format=%T", *options]
    try:
        found = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    if found.returncode and "Invalid job id" not in found.stderr:  # which it says of old ones
        return None
    return found.stdout.split()


@lru_cache(maxsize=16)
def _is_queued(array: str, moment: int) -> bool:
    """Whether a Slurm array has tasks left, asked once for each moment of some seconds."""
    states = queued(array)
    return bool(states) or (states is None and shutil.which("squeue") is not None)


def has_workers(directory: Path) -> bool:
    """Whether workers of a sweep run, or are about to."""
    return is_running_elsewhere(directory) or any(one.is_alive for one in all_started(directory))


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


def own_log(directory: Path) -> Path:
    """The log of this worker."""
    me = this_process()
    return folder(directory) / f"{me.host}-{os.getpid()}.log"


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
