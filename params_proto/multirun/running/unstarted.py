"""Jobs that end before their task begins: a directory, log or config cannot be written.

Hydra catches what a task raises, and nothing else: the jobs behind such a one would not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb
from typing import Any

from hydra.core import utils
from hydra.core.utils import JobReturn, JobStatus, configure_log

from params_proto.multirun.jobs import Batch, Job

# What runs a job: since Hydra 1.4 `run_job` only calls it.
_RUNS: Any = getattr(utils, "_run_job", utils.run_job)


def unstarted(
    error: Exception, launcher: Any, batch: Batch, directories: Sequence[Path]
) -> tuple[Job, JobReturn] | None:
    """The job that raised an error before its task, if one did.

    Args:
        error: what the launcher raised.
        launcher: the one that did.
        batch: the jobs that may have: those that have not begun.
        directories: the sweep's, in each way that an error may write it.

    Returns:
        The job, and what it would have returned.
    """
    config = _config_here(error)
    if config is None:
        one = _named(error, batch, directories)
    else:
        number = int(config.hydra.job.num)
        one = next((one for one in batch.all if one.number == number), None)
        # As the launcher does behind each job: this one's own logging may be set up by half.
        hydra = launcher.config.hydra
        configure_log(hydra.hydra_logging, hydra.verbose, **_whitelist(launcher.hydra_context))
    if one is None:
        return None
    result = JobReturn(overrides=[*one.overrides], hydra_cfg=config, status=JobStatus.FAILED)
    # Python's logging says which handler, and behind it why.
    result.return_value = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return one, result


def _whitelist(context: Any) -> dict[str, Any]:
    """What a config may have called, as `configure_log` takes it; Hydra 1.3 has no such thing."""
    name = "execution_whitelist"
    return {name: getattr(context, name)} if hasattr(context, name) else {}


def _config_here(error: Exception) -> Any:
    """The config of the job that was about to begin in this process where an error was raised."""
    for frame, _ in walk_tb(error.__traceback__):
        if frame.f_code is _RUNS.__code__:
            known = frame.f_locals
            returned = known.get("ret")
            if returned is None or returned.status is JobStatus.UNKNOWN:
                return known["config"]
    return None


def _named(error: Exception, batch: Batch, directories: Sequence[Path]) -> Job | None:
    """The job of whose directory an error of another process tells, which has no frames here.

    Python quotes the path in the message of an `OSError`, and joblib sends the text of the whole
    traceback as the cause.
    """
    if not isinstance(error, (OSError, ValueError)):  # ValueError: of Python's logging
        return None
    text = f"{error}\n{error.__cause__}"
    found: list[tuple[str, Job]] = []
    for one in batch.all:
        subdir = batch.directories.get(one.number, str(one.number))
        for directory in directories:
            quoted = repr(str(directory / subdir))
            if quoted in text or f"{quoted[:-1]}/" in text:
                found.append((subdir, one))
    return max(found, key=lambda named: len(named[0]))[1] if found else None
