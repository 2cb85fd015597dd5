"""Jobs of the basic launcher that end before their task begins: their directory cannot be written.

Hydra catches what a task raises, and nothing else: the jobs behind such a one would not run.
"""

from __future__ import annotations

from traceback import walk_tb
from typing import Any, cast

from hydra.core import utils
from hydra.core.utils import JobReturn, JobStatus, configure_log
from omegaconf import OmegaConf

# What runs a job: since Hydra 1.4 `run_job` only calls it.
_RUNS: Any = getattr(utils, "_run_job", utils.run_job)


def unstarted(error: Exception, launcher: Any) -> tuple[int, JobReturn] | None:
    """The job that raised an error before its task, if one did that this process ran.

    Args:
        error: what the launcher raised.
        launcher: the one that did.

    Returns:
        The number that the launcher gave the job, and what it would have returned.
    """
    job = _job_of(error)
    if job is None:
        return None
    # As the launcher does behind each job: this one's own logging may be set up by half.
    configure_log(launcher.config.hydra.hydra_logging, launcher.config.hydra.verbose)
    result = JobReturn(
        overrides=cast("list[str]", OmegaConf.to_container(job.hydra.overrides.task)),
        hydra_cfg=job,
        status=JobStatus.FAILED,
    )
    # Python's logging says which handler, and behind it why.
    result.return_value = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return int(job.hydra.job.num), result


def _job_of(error: Exception) -> Any:
    """The config of the job that was about to begin where an error was raised."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code is _RUNS.__code__:
            known = frame.f_locals
            returned = known.get("ret")
            if returned is None or returned.status is JobStatus.UNKNOWN:
                return known["config"]
    return None
