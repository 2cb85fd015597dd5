"""The other ranks of a job in distributed training, which have no record of their own.

For each further rank, Lightning starts the command of the sweep again, `-m` and all. So a job
announces itself to the processes it starts, and the same command runs that job in one of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import run_job

from params_proto._keys import bare
from params_proto.compose import over_copies
from params_proto.multirun.changes import function_of
from params_proto.multirun.context import changeable, launched_sweep
from params_proto.multirun.directories import in_directory
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.resume import reopened
from params_proto.records import JobStore

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

_VARIABLE = "PARAMS_PROTO_JOB"
# What Lightning adds to the command of a rank.
_ADDED = ("hydra.run.", "hydra.job.", "hydra.output_subdir=")


def command_of(task: TaskFunction) -> str:
    """A hash of what the commands of a sweep and of its jobs' ranks have in common."""
    own = [one for one in sys.argv[1:] if not bare(one).startswith(_ADDED)]
    return hashlib.sha256("\0".join([function_of(task), *own]).encode()).hexdigest()


@contextmanager
def announced(
    command: str, directory: Path, configs: Path, number: int
) -> Generator[None, None, None]:
    """Announces a job to the processes that it starts within the block.

    Args:
        command: a hash of the sweep's, see `command_of`.
        directory: the sweep's.
        configs: where the sweep keeps its config files.
        number: the job's.
    """
    os.environ[_VARIABLE] = json.dumps([command, str(directory), str(configs), number])
    try:
        yield
    finally:
        os.environ.pop(_VARIABLE, None)


def run_as_rank(
    context: HydraContext, config: DictConfig, task: TaskFunction
) -> list[Sequence[JobReturn]] | None:
    """Runs the job that started this process, if this is a further rank of it.

    Args:
        context: Hydra's.
        config: of the multirun, as this process was started.
        task: what the job runs.

    Returns:
        What the job returned, as from a sweep of this one job; None if this process is no rank.

    Raises:
        Exception: what the job raises.
    """
    announcement = os.environ.get(_VARIABLE)
    if announcement is None or launched_sweep() is not None:
        return None
    command, *paths, number = json.loads(announcement)
    directory, configs = map(Path, paths)
    if command != command_of(task):
        return None
    with reported_by_hydra():
        records = JobStore(directory)
        record = records.read(number)
    # A process that outlives its job, such as a shell in the background, still has the variable.
    if record is None or not records.is_running(record):
        return None
    loader = over_copies(context.config_loader, configs)
    config = reopened(directory, config, loader).config
    with changeable(config):
        config.hydra.overrides.hydra += [
            in_directory(record.dir),
            "hydra.output_subdir=null",  # the first rank has written it
        ]
    own = loader.load_sweep_config(config, record.overrides)
    with changeable(own):
        own.hydra.job.num = own.hydra.job.id = number
    returned = run_job(
        hydra_context=context,
        task_function=task,
        config=own,
        job_dir_key="hydra.sweep.dir",
        job_subdir_key="hydra.sweep.subdir",
    )
    _ = returned.return_value  # raises what the job raised
    return [[returned]]
