"""The commands that rerun jobs of a sweep."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from math import prod
from pathlib import Path

from params_proto._keys import strip_prefix
from params_proto._text import arguments_start
from params_proto.analysis.rows import hydra_config
from params_proto.records import Record
from params_proto.records.manifest import MULTIRUN, PlanFile

# Overrides of Hydra about the sweep and its output, which a single job does not get. The choice of
# launcher and sweeper stays: a config may set options that only they have.
_SWEEP_OVERRIDES = (
    *("hydra.launcher", "hydra.sweeper", "hydra.sweep"),
    *("hydra.mode", "hydra.verbose", "hydra/job_logging", "hydra.job_logging"),
    *("hydra/hydra_logging", "hydra.hydra_logging"),
)


def rerun_command(plan: PlanFile, records: Sequence[Record]) -> str:
    """The command that reruns a job, or as a multirun the repeats of one configuration.

    If the records differ in several keys, these are paired, unless the records are all combinations
    of their values.
    """
    values: dict[str, list[str]] = {}
    for record in records:
        for line in record.overrides:
            if line not in plan.sweep_selectors:
                key, equals, value = line.partition("=")
                values.setdefault(f"{key}{equals}", []).append(value)
    distinct = {key: list(dict.fromkeys(texts)) for key, texts in values.items()}
    varying = [key for key, texts in distinct.items() if len(texts) > 1]
    is_grid = prod(map(len, distinct.values())) <= len(records)
    if not is_grid:
        distinct.update((key, values[key]) for key in varying)
    lines = [f"{key}{','.join(texts)}" for key, texts in distinct.items()]
    if not is_grid:
        names = ",".join(strip_prefix(key.rstrip("=")) for key in varying)
        lines.append(f"hydra.sweeper.zip=[{names}]")
    return single_job_command(plan.script, plan.hydra, lines, multirun=bool(varying))


def cd_to_start(directory: Path) -> str:
    """`cd ... && ` to where a sweep was started, unless that is the working directory."""
    file = directory / MULTIRUN
    started = hydra_config(file)["runtime"]["cwd"] if file.is_file() else "."
    return "" if Path(started).absolute() == Path.cwd() else f"cd {shlex.quote(started)} && "


def single_job_command(
    script: Sequence[str],
    hydra: Sequence[str],
    overrides: Sequence[str],
    *,
    multirun: bool = False,
) -> str:
    """The command that runs one job of a sweep.

    Args:
        script: the command that started the sweep, without overrides; empty if Python code did.
        hydra: the overrides of Hydra that the sweep was given.
        overrides: the overrides of the job.
        multirun: whether the overrides are those of several jobs.

    >>> single_job_command(["python", "-m", "lab.train", "-m", "-cn", "other"], [], ["lr=0.1"])
    'python -m lab.train -cn other lr=0.1'
    >>> chdir = ["hydra.job.chdir=true", "hydra.sweep.dir=a"]
    >>> single_job_command(["python", "-u", "train.py", "-m"], chdir, ["lr=0.1"])
    'python -u train.py hydra.job.chdir=true lr=0.1'
    >>> single_job_command(["python", "train.py"], [], ["lr=0.1"])  # mode=MULTIRUN in a config
    'python train.py hydra.mode=RUN lr=0.1'
    >>> single_job_command([], ["hydra/launcher=joblib"], ["lr=0.1"])
    'lr=0.1'
    """
    start = arguments_start(script)
    given = list(script[start:])
    options = (
        given if multirun else [argument for argument in given if not _is_multirun_option(argument)]
    )
    if script and not multirun and options == given:
        options.append("hydra.mode=RUN")
    hydra_options = [
        line
        for line in hydra
        if script and not any(f"{_key(line)}.".startswith(f"{key}.") for key in _SWEEP_OVERRIDES)
    ]
    return shlex.join([*script[:start], *options, *hydra_options, *overrides])


def _is_multirun_option(argument: str) -> bool:
    """Whether a command-line argument requests a multirun.

    >>> list(filter(_is_multirun_option, ["-m", "--multirun", "hydra.mode=MULTIRUN", "lr=1"]))
    ['-m', '--multirun', 'hydra.mode=MULTIRUN']
    """
    return _key(argument) in ("-m", "--multirun", "hydra.mode")


def _key(line: str) -> str:
    return strip_prefix(line.partition("=")[0]).partition("@")[0]
