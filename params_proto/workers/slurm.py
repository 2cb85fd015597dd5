"""Slurm's commands, and the environment of its tasks.

`sacct` is not used, because it needs a database: the records say what is done.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress

WARNING = signal.SIGUSR2  # which submitit has Slurm send before the time limit


def task_states(array: str, *options: str) -> list[str] | None:
    """The states of the tasks of an array that wait or run, by `squeue`.

    Args:
        array: its job id.
        options: more of `squeue`'s.

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


def cancel(array: str, *options: str) -> None:
    """Cancels the tasks of an array; one that has ended is no error."""
    with suppress(OSError):
        subprocess.run(["scancel", "--quiet", *options, array], check=False)


def can_requeue(*, warned: bool) -> bool:
    """Whether this process may have its task started again when its time is over.

    Without Slurm's warning only a worker that has the task for itself, as submitit starts it: in a
    script of the user's, others may still have a job to end.
    """
    is_alone = os.environ.get("SUBMITIT_EXECUTOR") == "slurm"
    return "SLURM_JOB_ID" in os.environ and (warned or is_alone)


def requeue() -> None:
    """Has this process's task started again."""
    with suppress(OSError):
        subprocess.run(["scontrol", "requeue", os.environ["SLURM_JOB_ID"]], check=False)


def restarts() -> int:
    """How many times this process's task has been started again."""
    return int(os.environ.get("SLURM_RESTART_COUNT", "0"))
