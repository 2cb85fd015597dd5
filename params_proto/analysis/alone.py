"""The commands that run jobs of a sweep again."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from params_proto._keys import bare
from params_proto._text import arguments_start
from params_proto.records import Record
from params_proto.records.manifest import MULTIRUN, PlanFile

# Of Hydra: what is about the sweep, and how its jobs are shown.
_OF_THE_SWEEP = (
    *("hydra/launcher", "hydra.launcher", "hydra/sweeper", "hydra.sweeper", "hydra.sweep"),
    *("hydra.mode", "hydra.verbose", "hydra/job_logging", "hydra.job_logging"),
    *("hydra/hydra_logging", "hydra.hydra_logging"),
)
_OPTION = "--multirun"
_CWD = "hydra.runtime.cwd"


def again(plan: PlanFile, records: Sequence[Record], over: Collection[str] = ()) -> str:
    """The command that runs a job of a sweep again, or several: a multirun over some keys.

    Args:
        plan: what the sweep was started with.
        records: of the jobs, whose other keys are alike.
        over: the keys. If there are several, all combinations of their values run.
    """
    given = [[one for one in record.overrides if one not in plan.selecting] for record in records]
    lines: list[str] = []
    for line in given[0]:
        key, equals, _ = line.partition("=")
        if equals and bare(key) in over:
            same = [one for job in given for one in job if one.startswith(f"{key}=")]
            values = dict.fromkeys(one.partition("=")[2] for one in same)
            line = f"{key}={','.join(values)}"
        lines.append(line)
    multirun = lines != given[0]
    return alone(plan.script, plan.hydra, lines, plan.choices, multirun=multirun)


def cd_to_start(directory: Path) -> str:
    """`cd ... && ` to where a sweep was started, unless that is the working directory.

    Args:
        directory: the sweep's.
    """
    from omegaconf import OmegaConf

    kept = directory / MULTIRUN
    started: Any = OmegaConf.select(OmegaConf.load(kept), _CWD) if kept.is_file() else None
    if not isinstance(started, str) or Path(started) == Path.cwd():
        return ""
    return f"cd {shlex.quote(started)} && "


def alone(
    script: Sequence[str],
    of_hydra: Sequence[str],
    overrides: Sequence[str],
    choices: Sequence[str] = (),
    *,
    multirun: bool = False,
) -> str:
    """The command that runs a job of a sweep without the others.

    Args:
        script: how the sweep was started, up to the overrides; empty where Python launched it, and
            there is no command line to start it by.
        of_hydra: the overrides of Hydra that the sweep was given.
        overrides: of the job.
        choices: those of Hydra's overrides that choose what a config sets options of.
        multirun: whether the overrides are of several jobs.

    >>> alone(["python", "-m", "lab.train", "-m", "-cn", "other"], [], ["lr=0.1"])
    'python -m lab.train -cn other lr=0.1'
    >>> alone(["python", "-u", "train.py", "-m"], [], ["lr=0.1"])
    'python -u train.py lr=0.1'
    >>> alone(["python", "a.py", "-m"], ["hydra.job.chdir=true", "hydra.sweep.dir=a"], ["lr=0.1"])
    'python a.py hydra.job.chdir=true lr=0.1'
    >>> alone(["python", "train.py"], [], ["lr=0.1"])  # a config says that it is a multirun
    'python train.py hydra.mode=RUN lr=0.1'
    >>> alone([], [], ["lr=0.1"])
    'lr=0.1'
    """
    start = arguments_start(script)
    given = script[start:]
    options = [one for one in given if multirun or not asks_for_a_multirun(one)]
    if given == options and script and not multirun:
        options.append("hydra.mode=RUN")
    kept = [line for line in of_hydra if line in choices or not _is_one_of(line, _OF_THE_SWEEP)]
    return shlex.join([*script[:start], *options, *kept, *overrides])


def asks_for_a_multirun(argument: str) -> bool:
    """Whether an argument of a command line makes it a multirun's."""
    # argparse takes the beginning of an option for it.
    is_option = argument == "-m" or (len(argument) > 2 and _OPTION.startswith(argument))
    return is_option or _key(argument) == "hydra.mode"


def _is_one_of(line: str, keys: Sequence[str]) -> bool:
    return any(_key(line) == one or _key(line).startswith(f"{one}.") for one in keys)


def _key(line: str) -> str:
    return bare(line.partition("=")[0]).partition("@")[0]
