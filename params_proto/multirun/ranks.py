"""The other ranks of a job in distributed training, which have no record of their own.

For each further rank, Lightning runs the command of the sweep again, including `-m`. A job
announces itself to the processes that it starts, and in these the command runs that job.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.utils import run_job

from params_proto.compose import with_copies
from params_proto.multirun.context import changeable, launched_sweep
from params_proto.multirun.directories import subdir_override
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.job_runner import ANNOUNCEMENT, command_hash
from params_proto.multirun.resume import reopen
from params_proto.records import JobStore

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig


def run_as_rank(
    context: HydraContext, config: DictConfig, task: TaskFunction
) -> list[Sequence[JobReturn]] | None:
    """Runs the job that started this process, if this is a further rank of it.

    Returns what the job returned, as a sweep of this one job would; None if this is not a rank.
    """
    command, *paths, number = json.loads(os.environ[ANNOUNCEMENT])
    directory, configs = map(Path, paths)
    if command != command_hash(task) or launched_sweep() is not None:
        return None
    with reported_by_hydra():
        records = JobStore(directory)
        record = records.read(number)
    # A process that outlives its job, such as a shell in the background, still has the variable.
    if record is None or not records.is_running(record):
        return None
    loader = with_copies(context.config_loader, configs)
    config = reopen(directory, config, loader).config
    with changeable(config):
        config.hydra.overrides.hydra += [
            subdir_override(record.dir),
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
