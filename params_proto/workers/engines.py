"""Starts workers: as processes on this machine, as a Slurm array, or as Ray tasks."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, suppress
from dataclasses import fields
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, cast

from omegaconf import OmegaConf

from params_proto._files import write_stderr
from params_proto._text import pluralize
from params_proto.errors import SweepError, with_period
from params_proto.records.lock import POLL, is_running_elsewhere
from params_proto.records.process import process_of, this_process
from params_proto.workers import gpus, slurm
from params_proto.workers.job_process import PARENT_VARIABLE
from params_proto.workers.worker import MAX_TIMEOUTS, TIME_LIMIT
from params_proto.workers.workers_dir import (
    WorkerHandle,
    WorkerSetup,
    has_workers,
    request_stop,
    save_handle,
    workers_dir,
)

if TYPE_CHECKING:
    from omegaconf import DictConfig

_EXIT_TIME = 5.0  # seconds a worker may take to exit, on top of its job's grace period


def engine_for(config: DictConfig, grace: float) -> Engine:
    """The engine that corresponds to the launcher in a composed config.

    Args:
        config: the composed config.
        grace: how many seconds a job has to end after SIGTERM.

    Raises:
        SweepError: the launcher has no engine, or an option does not apply to workers.
    """
    launcher = cast("dict[str, Any]", OmegaConf.to_container(config.hydra.launcher, resolve=True))
    kind = str(launcher.pop("_target_")).rpartition(".")[2]
    if kind == "BasicLauncher":
        return LocalEngine()
    if "submitit_folder" in launcher:
        return SubmititEngine("slurm" if kind == "SlurmLauncher" else "local", launcher, grace)
    if kind == "RayLauncher":
        return RayEngine(launcher["ray"].get("init") or {}, launcher["ray"].get("remote") or {})
    raise SweepError(
        f"hydra.sweeper.workers: {kind} starts its own processes. Leave hydra/launcher out for"
        " workers on this machine, or choose submitit_slurm or ray for workers on a cluster."
    )


class _WorkerCommand(NamedTuple):
    """A command that runs one worker and appends all its output to the worker's own log.

    Args:
        command: the worker's command.
        cwd: its working directory.
        logs: the folder for its log.
        environment: variables to add to the environment of the process that starts it.
    """

    command: list[str]
    cwd: str
    logs: str
    environment: Mapping[str, str]

    @property
    def _shell_command(self) -> list[str]:
        """A shell that opens the log, which is named after its process id, and execs the worker."""
        log = f"{self.logs}/{this_process().host}"
        return ["/bin/sh", "-c", 'exec "$@" >>"$0-$$.log" 2>&1', log, *self.command]

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Starts the worker as a child process, in a session of its own."""
        return subprocess.Popen(
            self._shell_command,
            cwd=self.cwd,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __call__(self) -> NoReturn:
        """Replaces this process, a submitit task, with the worker."""
        os.chdir(self.cwd)
        command = self._shell_command
        os.execve(command[0], command, {**os.environ, **self.environment})


def _worker_commands(
    setup: WorkerSetup, environments: Sequence[Mapping[str, str]]
) -> list[_WorkerCommand]:
    logs = str(workers_dir(setup.path))
    return [
        _WorkerCommand(setup.worker_command, setup.cwd, logs, environment)
        for environment in environments
    ]


class Engine(ABC):
    """Starts workers, and terminates those it has started.

    Args:
        can_detach: whether its workers keep running after the command that started them exits. If
            so, it saves their handles in the sweep's directory.
    """

    can_detach = True

    def __init__(self) -> None:
        self._handles: list[WorkerHandle] = []

    @abstractmethod
    def start(self, setup: WorkerSetup, environments: Sequence[Mapping[str, str]]) -> str:
        """Starts one worker for each environment.

        Args:
            setup: the setup shared by the sweep's workers.
            environments: for each worker, variables to add to the environment of this process.

        Returns:
            What it has started, as a message for the user.

        Raises:
            SweepError: the workers could not be started.
        """

    def _add_handle(self, setup: WorkerSetup, handle: WorkerHandle) -> None:
        self._handles.append(handle)
        save_handle(setup.path, handle)

    def has_workers(self, directory: Path) -> bool:
        """Whether a sweep has workers, running or queued, whoever has started them."""
        return has_workers(directory)

    def wait(self, seconds: float = math.inf) -> None:
        """Waits until the workers it has started have exited."""
        deadline = time.monotonic() + seconds
        while any(handle.is_alive for handle in self._handles) and time.monotonic() < deadline:
            time.sleep(POLL)

    def terminate(self, setup: WorkerSetup) -> None:
        """Terminates the workers it has started, and waits until they and their jobs have exited.

        Another Ctrl-C kills them and their jobs.
        """
        try:
            self._signal(signal.SIGTERM)
            self.wait(setup.grace + _EXIT_TIME)
        except KeyboardInterrupt:
            self._signal(signal.SIGKILL, "--signal=KILL", "--full")
            raise

    def _signal(self, number: int, *scancel_options: str) -> None:
        """Sends a signal to its worker processes, and cancels its Slurm arrays."""
        for handle in self._handles:
            if handle.process is None:
                slurm.cancel(handle.array, *scancel_options)
            elif handle.is_alive:
                with suppress(ProcessLookupError):
                    os.kill(handle.process.pid, number)


class LocalEngine(Engine):
    """Runs workers as processes on this machine."""

    def start(self, setup: WorkerSetup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        for worker in _worker_commands(setup, environments):
            process = worker.start()
            process.returncode = 0  # it may outlive this process: keep Popen from waiting
            self._add_handle(
                setup,
                WorkerHandle(
                    process_of(process.pid), gpu=worker.environment.get(gpus.VARIABLE, "")
                ),
            )
        return f"Started {pluralize(len(environments), 'worker')} on this machine"


class SubmititEngine(Engine):
    """Runs workers as the tasks of one Slurm array, or as submitit's local processes.

    Args:
        cluster: submitit's name for the cluster, `slurm` or `local`.
        options: the options of hydra-submitit-launcher.
        grace: how many seconds a job has to end after SIGTERM.

    Raises:
        SweepError: an option does not apply to workers.
    """

    def __init__(self, cluster: str, options: Mapping[str, Any], grace: float) -> None:
        super().__init__()
        self._cluster, self._options = cluster, options
        self._limits: dict[str, str] = {}
        if options["nodes"] * options["tasks_per_node"] > 1:
            raise SweepError(
                "hydra.launcher.tasks_per_node and nodes: a worker is a single task. Leave them"
                " out, and set hydra.sweeper.workers to the number of workers."
            )
        if cluster == "slurm":
            # The job is interrupted at Slurm's warning, not at the time limit itself.
            minutes, warning = options["timeout_min"], options["signal_delay_s"]
            if not grace < warning < 60 * minutes:
                raise SweepError(
                    f"hydra.launcher.signal_delay_s={warning}: Slurm warns a worker this many"
                    f" seconds before its time limit, hydra.launcher.timeout_min={minutes}. It must"
                    " be less than the time limit, or no job has time to run, and more than the"
                    f" hydra.sweeper.grace={grace:g} seconds that a job has to end."
                )
            self._limits[TIME_LIMIT] = str(60 * minutes - warning)
            self._limits[MAX_TIMEOUTS] = str(options.get("max_num_timeout", 0))

    def start(self, setup: WorkerSetup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        workers = _worker_commands(
            setup, [{**self._limits, **environment} for environment in environments]
        )
        stderr = StringIO()  # sbatch's output, which an exception repeats
        try:
            with redirect_stderr(stderr):
                jobs = self._submit(workers)
        except Exception as error:  # submitit's own, or the system's
            raise SweepError(f"could not submit the workers: {_reason(error)}") from error
        write_stderr(*stderr.getvalue().splitlines())
        if self._cluster == "local":
            for job in jobs:
                self._add_handle(setup, WorkerHandle(process_of(int(job.job_id))))
            return f"Started {pluralize(len(jobs), 'worker')} on this machine"
        array = str(jobs[0].job_id).partition("_")[0]
        self._add_handle(setup, WorkerHandle(array=array))
        return f"Submitted {pluralize(len(jobs), 'worker')} as Slurm job {array}"

    def _submit(self, workers: Sequence[_WorkerCommand]) -> list[Any]:
        import submitit

        base: Any = import_module("hydra_plugins.hydra_submitit_launcher.config").BaseQueueConf
        common_options = {field.name for field in fields(base)}
        options = dict(self._options)
        folder = options.pop("submitit_folder")
        options.pop("max_num_timeout", None)  # a worker requeues itself
        if self._cluster == "slurm":  # have Slurm requeue preempted tasks, whatever its default
            additional: dict[str, Any] = options.get("additional_parameters") or {}
            options["additional_parameters"] = {"requeue": True, **additional}
        executor = submitit.AutoExecutor(folder=folder, cluster=self._cluster)
        executor.update_parameters(
            **{
                name if name in common_options else f"{self._cluster}_{name}": value
                for name, value in options.items()
            }
        )
        with executor.batch():
            return [executor.submit(worker) for worker in workers]


def _reason(error: Exception) -> str:
    """Why submitting failed: what sbatch printed, as one line."""
    lines = str(error).strip().replace("sbatch: error: ", "").splitlines()
    if "job array" in "".join(lines[-1:]):
        lines.append("MaxArraySize in scontrol show config limits hydra.sweeper.workers")
    return with_period("; ".join(line.rstrip(".") for line in lines))


class RayEngine(Engine):
    """Runs workers as Ray tasks, which end with the command that started them.

    Args:
        init: hydra-ray-launcher's arguments for `ray.init`.
        remote: its arguments for `ray.remote`, the resources of each task.
    """

    can_detach = False

    def __init__(self, init: Mapping[str, Any], remote: Mapping[str, Any]) -> None:
        super().__init__()
        self._init, self._remote = init, remote
        self._tasks: list[Any] = []

    def start(self, setup: WorkerSetup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        ray: Any = import_module("ray")
        try:
            if not ray.is_initialized():
                ray.init(**self._init)
            task = ray.remote(**self._remote)(_run_task) if self._remote else ray.remote(_run_task)
            self._tasks = [task.remote(worker) for worker in _worker_commands(setup, environments)]
        except Exception as error:  # Ray has exceptions of many kinds
            raise SweepError(f"could not start the workers on Ray: {error}") from error
        return f"Started {pluralize(len(self._tasks), 'worker')} as Ray tasks"

    def has_workers(self, directory: Path) -> bool:
        """See `Engine`."""
        return bool(self._unfinished_tasks(timeout=0)) or is_running_elsewhere(directory)

    def terminate(self, setup: WorkerSetup) -> None:
        """Stops the sweep. Cancelling the tasks would leave the workers no time to stop jobs."""
        request_stop(setup.path, now=True)
        self._unfinished_tasks(timeout=setup.grace + _EXIT_TIME)

    def _unfinished_tasks(self, timeout: float) -> Sequence[object]:
        """Waits up to `timeout` seconds for the tasks; returns those that are still running."""
        ray: Any = import_module("ray")
        return ray.wait(self._tasks, num_returns=len(self._tasks), timeout=timeout)[1]


def _run_task(worker: _WorkerCommand) -> int:
    """Runs a worker within a Ray task, and terminates it if the task is cancelled.

    Returns:
        The worker's exit status.
    """
    process = worker.start(**{PARENT_VARIABLE: str(os.getpid())})
    try:
        return process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        process.wait()
