"""Where workers run: as processes of this machine, as an array of Slurm, or as tasks of Ray."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from omegaconf import OmegaConf

from params_proto._text import counted
from params_proto.errors import SweepError
from params_proto.records.process import process_of, this_process
from params_proto.workers.setup import Setup, Started, all_started, folder, note_started, queued
from params_proto.workers.worker import TIME_LIMIT

if TYPE_CHECKING:
    from omegaconf import DictConfig


class Engine(Protocol):
    """Starts workers."""

    def start(self, setup: Setup, environments: Sequence[Mapping[str, str]]) -> str:
        """Starts a worker for each environment.

        Args:
            setup: of the workers.
            environments: the variables of each, beside those of this process.

        Returns:
            What was started, as a user would call it.

        Raises:
            SweepError: nothing could be started.
        """
        ...


def engine_of(config: DictConfig) -> Engine:
    """The engine of the launcher in a composed config.

    Raises:
        SweepError: the launcher has none.
    """
    launcher = cast("dict[str, Any]", OmegaConf.to_container(config.hydra.launcher, resolve=True))
    kind = str(launcher.pop("_target_")).rpartition(".")[2]
    if kind == "BasicLauncher":
        return LocalEngine()
    if "submitit_folder" in launcher:
        return SubmititEngine("slurm" if kind == "SlurmLauncher" else "local", launcher)
    raise SweepError(
        f"hydra.sweeper.workers: {kind} starts its own processes. Leave hydra/launcher out for"
        " workers on this machine, or choose submitit_slurm for workers on a cluster."
    )


@dataclass(eq=False)
class LocalEngine:
    """Processes of this machine, which outlive the one that starts them."""

    def start(self, setup: Setup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        logs = folder(setup.path)
        for number, environment in enumerate(environments):
            draft = logs / f"starting-{os.getpid()}-{number}.log"
            try:
                with draft.open("wb") as output:
                    process = subprocess.Popen(
                        setup.worker_command,
                        cwd=setup.cwd,
                        env={**os.environ, **environment},
                        stdin=subprocess.DEVNULL,
                        stdout=output,
                        stderr=output,
                        start_new_session=True,
                    )
                draft.rename(logs / f"{this_process().host}-{process.pid}.log")
            except OSError as error:
                raise SweepError(f"a worker cannot be started: {error}.") from error
            process.returncode = 0  # nobody needs to wait for it
            note_started(setup.path, Started("local", process=process_of(process.pid)))
        return f"{counted(len(environments), 'worker')} on this machine"


@dataclass(frozen=True)
class _Worker:
    """What submitit runs in a task: the worker takes the place of its process.

    Args:
        command: of the worker.
        cwd: where it runs.
        environment: variables beside those of the process.
    """

    command: list[str]
    cwd: str
    environment: Mapping[str, str]

    def __call__(self) -> None:
        os.chdir(self.cwd)
        os.execvpe(self.command[0], self.command, {**os.environ, **self.environment})


@dataclass(eq=False)
class SubmititEngine:
    """Tasks of one Slurm array, or processes of submitit's own, by the options of its launcher.

    Args:
        cluster: `slurm` or `local`, as submitit calls it.
        options: those of the launcher.
    """

    cluster: str
    options: dict[str, Any] = field(default_factory=dict[str, Any])

    def start(self, setup: Setup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        import submitit

        base: Any = import_module("hydra_plugins.hydra_submitit_launcher.config").BaseQueueConf
        options = dict(self.options)
        if options["nodes"] * options["tasks_per_node"] > 1:
            raise SweepError(
                "hydra.launcher.tasks_per_node and nodes: a worker is one task. Leave them out, and"
                " give hydra.sweeper.workers as many as are to run."
            )
        limit = {TIME_LIMIT: str(60 * options["timeout_min"])} if self.cluster == "slurm" else {}
        general = {one.name for one in fields(base)}
        where = options.pop("submitit_folder")
        timeouts = options.pop("max_num_timeout", 0)
        try:
            executor = submitit.AutoExecutor(
                folder=where, cluster=self.cluster, slurm_max_num_timeout=timeouts
            )
            executor.update_parameters(
                **{
                    name if name in general else f"{self.cluster}_{name}": value
                    for name, value in options.items()
                }
            )
            with executor.batch():
                jobs = [
                    executor.submit(_Worker(setup.worker_command, setup.cwd, {**limit, **one}))
                    for one in environments
                ]
        except Exception as error:  # submitit's own, or of the system
            reason = str(error).strip()
            raise SweepError(f"no worker could be submitted: {reason}") from error
        if self.cluster == "local":
            for job in jobs:
                pid = int(job.job_id)
                note_started(setup.path, Started("local", process=process_of(pid)))
            return f"{counted(len(jobs), 'worker')} on this machine"
        array = str(jobs[0].job_id).partition("_")[0]
        note_started(setup.path, Started("slurm", array))
        return f"{counted(len(jobs), 'worker')} as Slurm's job {array}"


def end_started(directory: Path) -> None:
    """Ends the workers that a sweep's commands have started, each after its grace period."""
    for one in all_started(directory):
        if one.process is not None:
            if one.is_alive:
                with suppress(ProcessLookupError):
                    os.kill(one.process.pid, signal.SIGTERM)
        elif one.is_alive:
            cancel(one.name)


def cancel_queued(directory: Path) -> int:
    """Cancels the workers that wait in a queue; how many."""
    waiting = 0
    for one in all_started(directory):
        if one.name and (tasks := queued(one.name, "--states=PENDING --array")):
            waiting += len(tasks)
            cancel(one.name, "--state=PENDING")
    return waiting


def cancel(array: str, *options: str) -> None:
    """Cancels the tasks of a Slurm array."""
    with suppress(OSError):
        subprocess.run(["scancel", *options, array], check=False)
