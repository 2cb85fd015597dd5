"""Where workers run: as processes of this machine, as an array of Slurm, or as tasks of Ray."""

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

from params_proto._text import pluralize
from params_proto.errors import SweepError, with_period
from params_proto.multirun.errors import write
from params_proto.records.lock import POLL, is_running_elsewhere
from params_proto.records.process import process_of, this_process
from params_proto.workers import gpus, slurm
from params_proto.workers.job_process import END_WITH
from params_proto.workers.setup import (
    Setup,
    Started,
    all_started,
    folder,
    has_workers,
    note_started,
    stop,
)
from params_proto.workers.worker import MOST_TIMEOUTS, TIME_LIMIT

if TYPE_CHECKING:
    from omegaconf import DictConfig

_SLACK = 5.0  # seconds that a worker may take to end, beside the time that its job has


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
    if kind == "RayLauncher":
        return RayEngine(launcher["ray"].get("init") or {}, launcher["ray"].get("remote") or {})
    raise SweepError(
        f"hydra.sweeper.workers: {kind} starts its own processes. Leave hydra/launcher out for"
        " workers on this machine, or choose submitit_slurm or ray for workers on a cluster."
    )


class _Worker(NamedTuple):
    """The process of a worker, which writes to its own log from its first line on.

    Args:
        command: of the worker.
        cwd: where it runs.
        logs: the folder of its log.
        environment: variables beside those of the process that starts it.
    """

    command: list[str]
    cwd: str
    logs: str
    environment: Mapping[str, str]

    @property
    def _shell_command(self) -> list[str]:
        """The command of a shell that opens the log, and leaves its own process to the worker."""
        log = f"{self.logs}/{this_process().host}"
        return ["/bin/sh", "-c", 'exec "$@" >>"$0-$$.log" 2>&1', log, *self.command]

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        """Starts it beside this process."""
        return subprocess.Popen(
            self._shell_command,
            cwd=self.cwd,
            env={**os.environ, **self.environment, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __call__(self) -> NoReturn:
        """Has it take the place of this process, a task of submitit's."""
        os.chdir(self.cwd)
        command = self._shell_command
        os.execve(command[0], command, {**os.environ, **self.environment})


def _workers(setup: Setup, environments: Sequence[Mapping[str, str]]) -> list[_Worker]:
    logs = str(folder(setup.path))
    return [_Worker(setup.worker_command, setup.cwd, logs, one) for one in environments]


class Engine(ABC):
    """Starts workers, and ends those that it has started.

    Args:
        can_leave: whether they run on when the command that started them has ended. Then they are
            noted in the sweep's directory.
    """

    can_leave = True

    def __init__(self) -> None:
        self._started: list[Started] = []

    @abstractmethod
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

    def _note(self, setup: Setup, started: Started) -> None:
        self._started.append(started)
        note_started(setup.path, started)

    def has_workers(self, directory: Path) -> bool:
        """Whether workers of a sweep run, or will: these, or any others."""
        return has_workers(directory)

    def wait(self, seconds: float = math.inf) -> None:
        """Waits for the end of the workers that it has started."""
        deadline = time.monotonic() + seconds
        while any(one.is_alive for one in self._started) and time.monotonic() < deadline:
            time.sleep(POLL)

    def end(self, setup: Setup) -> None:
        """Ends the workers that it has started, and waits for that as long as they may take.

        A further Ctrl-C kills them, and their jobs.
        """
        try:
            self._signal(signal.SIGTERM)
            self.wait(setup.grace + _SLACK)
        except KeyboardInterrupt:
            self._signal(signal.SIGKILL, "--signal=KILL", "--full")
            raise

    def _signal(self, number: int, *options: str) -> None:
        """Sends a signal to its processes, and has Slurm cancel its arrays with some options."""
        for one in self._started:
            if one.process is None:
                slurm.cancel(one.array, *options)
            elif one.is_alive:
                with suppress(ProcessLookupError):
                    os.kill(one.process.pid, number)


class LocalEngine(Engine):
    """Processes of this machine."""

    def start(self, setup: Setup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        for worker in _workers(setup, environments):
            process = worker.start()
            process.returncode = 0  # nobody needs to wait for it
            self._note(
                setup,
                Started(process_of(process.pid), gpu=worker.environment.get(gpus.VARIABLE, "")),
            )
        return f"{pluralize(len(environments), 'worker')} on this machine"


class SubmititEngine(Engine):
    """Tasks of one Slurm array, or processes of submitit's own, by the options of its launcher.

    Args:
        cluster: `slurm` or `local`, as submitit calls it.
        options: those of the launcher.

    Raises:
        SweepError: one that is not for workers.
    """

    def __init__(self, cluster: str, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._cluster, self._options = cluster, options
        if options["nodes"] * options["tasks_per_node"] > 1:
            raise SweepError(
                "hydra.launcher.tasks_per_node and nodes: a worker is one task. Leave them out, and"
                " give hydra.sweeper.workers as many as are to run."
            )

    def start(self, setup: Setup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        limits: dict[str, str] = {}
        if self._cluster == "slurm":
            # The job is interrupted at Slurm's warning, not at the end.
            minutes, warning = self._options["timeout_min"], self._options["signal_delay_s"]
            if not setup.grace < warning < 60 * minutes:
                raise SweepError(
                    f"hydra.launcher.signal_delay_s={warning}: Slurm warns a worker so many seconds"
                    f" before its time limit, hydra.launcher.timeout_min={minutes}. It must be less"
                    " than that limit, or no job has time to run, and more than the"
                    f" hydra.sweeper.grace={setup.grace:g} seconds that a job has to end."
                )
            limits[TIME_LIMIT] = str(60 * minutes - warning)
            limits[MOST_TIMEOUTS] = str(self._options.get("max_num_timeout", 0))
        workers = _workers(setup, [{**limits, **one} for one in environments])
        said = StringIO()  # by sbatch, which is in the error, too
        try:
            with redirect_stderr(said):
                jobs = self._submit(workers)
        except Exception as error:  # submitit's own, or of the system
            raise SweepError(f"no worker could be submitted: {_reason(error)}") from error
        write(*said.getvalue().splitlines())
        if self._cluster == "local":
            for job in jobs:
                self._note(setup, Started(process_of(int(job.job_id))))
            return f"{pluralize(len(jobs), 'worker')} on this machine"
        array = str(jobs[0].job_id).partition("_")[0]
        self._note(setup, Started(array=array))
        return f"{pluralize(len(jobs), 'worker')} as Slurm's job {array}"

    def _submit(self, workers: Sequence[_Worker]) -> list[Any]:
        import submitit

        base: Any = import_module("hydra_plugins.hydra_submitit_launcher.config").BaseQueueConf
        general = {one.name for one in fields(base)}
        options = dict(self._options)
        where = options.pop("submitit_folder")
        options.pop("max_num_timeout", None)  # a worker requeues itself
        if self._cluster == "slurm":  # what is preempted comes back, whatever the default is
            more: dict[str, Any] = options.get("additional_parameters") or {}
            options["additional_parameters"] = {"requeue": True, **more}
        executor = submitit.AutoExecutor(folder=where, cluster=self._cluster)
        executor.update_parameters(
            **{
                name if name in general else f"{self._cluster}_{name}": value
                for name, value in options.items()
            }
        )
        with executor.batch():
            return [executor.submit(one) for one in workers]


def _reason(error: Exception) -> str:
    """Why nothing could be submitted: what sbatch says, in one line."""
    said = str(error).strip().replace("sbatch: error: ", "").splitlines()
    if "job array" in said[-1:][0]:
        said.append("MaxArraySize of scontrol show config limits hydra.sweeper.workers")
    return with_period("; ".join(line.rstrip(".") for line in said))


class RayEngine(Engine):
    """Tasks of Ray, by the options of hydra-ray-launcher. They end with the command.

    Args:
        init: the arguments of `ray.init`.
        remote: those of `ray.remote`, which the tasks get.
    """

    can_leave = False

    def __init__(self, init: Mapping[str, Any], remote: Mapping[str, Any]) -> None:
        super().__init__()
        self._init, self._remote = init, remote
        self._tasks: list[Any] = []

    def start(self, setup: Setup, environments: Sequence[Mapping[str, str]]) -> str:
        """See `Engine`."""
        ray: Any = import_module("ray")
        try:
            if not ray.is_initialized():
                ray.init(**self._init)
            task = ray.remote(**self._remote)(_run_task) if self._remote else ray.remote(_run_task)
            self._tasks = [task.remote(one) for one in _workers(setup, environments)]
        except Exception as error:  # Ray's own, of many kinds
            raise SweepError(f"no worker could be given to Ray: {error}") from error
        return f"{pluralize(len(self._tasks), 'worker')} as tasks of Ray"

    def has_workers(self, directory: Path) -> bool:
        """See `Engine`."""
        return bool(self._left(timeout=0)) or is_running_elsewhere(directory)

    def end(self, setup: Setup) -> None:
        """Stops the sweep: a task that is cancelled would leave its worker no time."""
        stop(setup.path, now=True)
        self._left(timeout=setup.grace + _SLACK)

    def _left(self, timeout: float) -> Sequence[object]:
        """The tasks that have not ended after some seconds."""
        ray: Any = import_module("ray")
        return ray.wait(self._tasks, num_returns=len(self._tasks), timeout=timeout)[1]


def _run_task(worker: _Worker) -> int:
    """A task of Ray, which passes on what ends it; its status is that of the worker."""
    process = worker.start(**{END_WITH: str(os.getpid())})
    try:
        return process.wait()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        process.wait()


def cancel_queued(directory: Path) -> int:
    """Cancels the workers that wait in a queue; how many."""
    waiting = 0
    for one in all_started(directory):
        if one.array and (tasks := slurm.task_states(one.array, "--states=PENDING")):
            waiting += len(tasks)
            slurm.cancel(one.array, "--state=PENDING")
    return waiting
