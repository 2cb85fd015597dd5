"""Slurm's commands, and the environment of its tasks.

`sacct` is never called, because it needs an accounting database: the records say what is done.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

WARNING = signal.SIGUSR2  # submitit has Slurm send it before the time limit


def task_states(array: str, *options: str) -> list[str] | None:
    """The states of an array's pending and running tasks, from `squeue`.

    Args:
        array: the array's job id.
        options: further options of `squeue`.

    Returns:
        None if Slurm cannot tell: it is not installed here, or does not answer.
    """
    command = ["squeue", "--noheader", "--array", f"--jobs={array}", "--format=%T", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    if done.returncode and "Invalid job id" not in done.stderr:  # printed for jobs long finished
        return None
    return done.stdout.split()


def cancel(array: str, *options: str) -> None:
    """Cancels the tasks of an array, if any are left."""
    with suppress(OSError):
        subprocess.run(["scancel", "--quiet", *options, array], check=False)


def can_requeue(*, warned: bool) -> bool:
    """Whether this worker may requeue its Slurm task when it runs out of time.

    Unless Slurm has warned it, only if submitit started it, which gives each worker its own task:
    in a user's script, other workers of the same task may still be running a job.
    """
    return "SLURM_JOB_ID" in os.environ and (
        warned or os.environ.get("SUBMITIT_EXECUTOR") == "slurm"
    )


def requeue() -> None:
    """Requeues the Slurm task that this process runs in."""
    with suppress(OSError):
        subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=False)


def restart_count() -> int:
    """How many times Slurm has restarted the task that this process runs in."""
    return int(os.environ.get("SLURM_RESTART_COUNT", "0"))
