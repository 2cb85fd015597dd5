"""Other ranks of a job: its processes beside the one that has the record.

Distributed training starts its own command again for each further rank, `-m` and all. While a job
runs, an environment variable names it, and a process that finds it there runs that one job. Or
submitit starts the ranks, by `tasks_per_node`: each of them calls the task.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job

from params_proto._keys import bare
from params_proto.compose import over_copies
from params_proto.multirun.changes import function_of
from params_proto.multirun.context import changeable, launched_sweep
from params_proto.multirun.directories import in_directory
from params_proto.multirun.resume import reopened
from params_proto.records import JobStore, Record

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

_VARIABLE = "PARAMS_PROTO_JOB"
# What the command of a rank may have of its own, as Lightning adds it.
_OF_A_RANK = ("hydra.run.", "hydra.job.", "hydra.output_subdir=")


def command_of(task: TaskFunction) -> str:
    """A hash of what the command of a sweep and those of its jobs' ranks have in common."""
    own = [one for one in sys.argv[1:] if not bare(one).startswith(_OF_A_RANK)]
    return hashlib.sha256("\0".join([function_of(task), *own]).encode()).hexdigest()


class RunningJob(NamedTuple):
    """A job, as its other ranks need to know it.

    Args:
        command: the sweep's, see `command_of`.
        directory: the sweep's, absolute.
        configs: where the sweep keeps its config files.
        number: of the job.
    """

    command: str
    directory: str
    configs: str
    number: int

    @contextmanager
    def announced(self) -> Generator[None, None, None]:
        """Within the block, processes that this one starts know of it."""
        os.environ[_VARIABLE] = json.dumps(self)
        try:
            yield
        finally:
            os.environ.pop(_VARIABLE, None)


class Rank(NamedTuple):
    """This process, as a further rank of a job.

    Args:
        job: the job.
        record: of the process that started it.
    """

    job: RunningJob
    record: Record

    def run(
        self, context: HydraContext, config: DictConfig, task: TaskFunction
    ) -> list[Sequence[JobReturn]]:
        """Runs the job, and leaves no record nor config of it.

        Args:
            context: Hydra's.
            config: of the multirun, as this process was started.
            task: what the job runs.

        Returns:
            What the job returned, as from a sweep of this one job.

        Raises:
            Exception: what the job raises.
        """
        loader = over_copies(context.config_loader, Path(self.job.configs))
        config = reopened(Path(self.job.directory), config, loader)
        with changeable(config):
            config.hydra.overrides.hydra += [
                in_directory(self.record.dir),
                "hydra.output_subdir=null",  # the first rank has written it
            ]
        own = loader.load_sweep_config(config, self.record.overrides)
        with changeable(own):
            own.hydra.job.num = own.hydra.job.id = self.job.number
        returned = run_job(
            hydra_context=context,
            task_function=task,
            config=own,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        _ = returned.return_value  # raises what the job raised
        return [[returned]]


def rank_here(task: TaskFunction) -> Rank | None:
    """The further rank that this process is; None where it is none.

    Args:
        task: what it runs.
    """
    found = os.environ.get(_VARIABLE)
    if found is None or launched_sweep() is not None:
        return None
    job = RunningJob(*json.loads(found))
    if job.command != command_of(task):
        return None
    records = JobStore(Path(job.directory))
    record = records.read(job.number)
    # What a job leaves behind, as a shell in the background, may have the variable later.
    return Rank(job, record) if record is not None and records.is_running(record) else None


def is_further_task() -> bool:
    """Whether this process is one that submitit runs beside a job's first one."""
    if "submitit_folder" not in HydraConfig.get().launcher:
        return False
    from submitit import JobEnvironment

    return JobEnvironment().global_rank > 0
