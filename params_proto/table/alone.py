"""A job of a sweep once more, alone: the command."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from params_proto.keys import bare
from params_proto.python_command import arguments
from params_proto.records import Record
from params_proto.records.plan import PlanFile

# Of Hydra: what is about the sweep, and how its jobs are shown.
_OF_THE_SWEEP = (
    *("hydra/launcher", "hydra.launcher", "hydra/sweeper", "hydra.sweeper", "hydra.sweep"),
    *("hydra.mode", "hydra.verbose", "hydra/job_logging", "hydra.job_logging"),
    *("hydra/hydra_logging", "hydra.hydra_logging"),
)


def again(plan: PlanFile, record: Record) -> str:
    """The command that runs a job of a sweep again, without what only says which sweep to run.

    Args:
        plan: what the sweep was started with.
        record: of the job.
    """
    kept = [line for line in record.overrides if line not in plan.selecting]
    return alone(plan.script, plan.hydra, kept)


def alone(script: Sequence[str], of_hydra: Sequence[str], overrides: Sequence[str]) -> str:
    """The command that runs a job of a sweep without the others.

    Args:
        script: how the sweep was started, up to the overrides; empty where Python launched it, and
            there is no command line to start it by.
        of_hydra: the overrides of Hydra that the sweep was given.
        overrides: of the job.

    >>> alone(["python", "-m", "lab.train", "-m", "-cn", "other"], [], ["lr=0.1"])
    'python -m lab.train -cn other lr=0.1'
    >>> alone(["python", "-u", "train.py", "-m"], [], ["lr=0.1"])
    'python -u train.py lr=0.1'
    >>> alone(["python", "train.py"], ["hydra.job.chdir=true", "hydra.sweep.dir=a"], ["lr=0.1"])
    'python train.py hydra.job.chdir=true lr=0.1'
    >>> alone([], [], ["lr=0.1"])
    'lr=0.1'
    """
    start = arguments(script)
    options = [one for one in script[start:] if one not in ("-m", "--multirun")]
    kept = [line for line in of_hydra if not _is_of_the_sweep(line)]
    return shlex.join([*script[:start], *options, *kept, *overrides])


def _is_of_the_sweep(line: str) -> bool:
    key = bare(line.partition("=")[0]).partition("@")[0]
    return any(key == one or key.startswith(f"{one}.") for one in _OF_THE_SWEEP)
