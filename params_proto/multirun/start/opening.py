"""`hydra.sweeper.resume`: going on with the sweep of a directory, as saved or as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.types import RunMode
from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.multirun.host import changeable
from params_proto.multirun.jobs.directories import directory_of_sweep, pin, written
from params_proto.multirun.start.changes import refuse_another_function
from params_proto.multirun.start.command import says_what, stays
from params_proto.multirun.start.place import is_named_by_time, take_own
from params_proto.records.manifest import (
    JOBS,
    MULTIRUN,
    OWN,
    PLAN,
    SWEEP,
    PlanFile,
    has_plan,
    read_plan,
)

if TYPE_CHECKING:
    from contextlib import ExitStack

    from hydra.core.config_loader import ConfigLoader
    from hydra.types import TaskFunction
    from omegaconf import DictConfig


class Opened(NamedTuple):
    """A multirun, as it is to be run.

    Args:
        config: its composed config.
        arguments: the overrides of the command line, but for those of Hydra; None for the given.
        plan: of the sweep that is in the directory, if it goes on.
        saved: whether what runs is that sweep, whatever the app's config says.
    """

    config: DictConfig
    arguments: list[str] | None = None
    plan: PlanFile | None = None
    saved: bool = False


def opened(
    resume: Any, config: DictConfig, loader: ConfigLoader, task: TaskFunction, held: ExitStack
) -> Opened:
    """What `hydra.sweeper.resume` asks for.

    Args:
        resume: its value: None or False, True, or the directory of a sweep.
        config: the composed config of this multirun.
        loader: Hydra's.
        task: what its jobs run.
        held: keeps the directory of a new sweep, where it is one of its own, until it ends.

    Raises:
        SweepError: there is no sweep to go on with, or another one is asked for at once, or it is
            another script's.
    """
    if resume is None or resume is False:
        take_own(config, held)
        return Opened(config)
    if resume is True:
        _refuse_the_time(config)
        directory = directory_of_sweep(config)
        if has_plan(directory):
            return Opened(config, plan=_plan_of(directory, config, task))
        if (directory / OWN / JOBS).is_dir():  # which would be removed
            _refuse_without(directory)
        return Opened(config)
    if resume == "":
        raise SweepError(
            "hydra.sweeper.resume= names no directory, as where a variable of the shell is not set:"
            " give the sweep's, or true for the one of hydra.sweep.dir."
        )
    if not isinstance(resume, str):
        quoted = (
            f""", in quotes: "hydra.sweeper.resume='{resume}'\"""" if _is_number(resume) else ""
        )
        raise SweepError(
            f"hydra.sweeper.resume={resume} is no directory. Give the sweep's{quoted}, or true for"
            " the one of hydra.sweep.dir."
        )
    directory = Path(resume)
    _refuse_without(directory)
    plan = _plan_of(directory, config, task)
    of_hydra = _texts(config.hydra.overrides.hydra)
    for line in of_hydra:
        key, _, value = line.partition("=")
        there = Path(value.strip("'\"")).absolute() == directory.absolute()
        if key == "hydra.sweep.dir" and not there:
            raise SweepError(
                f"{line} and hydra.sweeper.resume={resume} are two directories. The sweep goes on"
                " where it is: leave out hydra.sweep.dir."
            )
    saved = not _names_a_sweep(config)
    arguments: list[str] | None = None
    if saved:
        config, arguments = _as_it_was(plan, config, loader, of_hydra)
    pin(directory, config)
    return Opened(config, arguments, plan, saved)


def reopened(directory: Path, config: DictConfig, loader: ConfigLoader) -> DictConfig:
    """The config of a sweep that runs, for a further process of one of its jobs.

    Args:
        directory: the sweep's.
        config: what the command of the sweep composes in that process.
        loader: Hydra's.
    """
    if not _names_a_sweep(config):
        of_hydra = _texts(config.hydra.overrides.hydra)
        config, _ = _as_it_was(read_plan(directory), config, loader, of_hydra)
    pin(directory, config)
    return config


def _names_a_sweep(config: DictConfig) -> bool:
    """Whether the command says what is to run, so that it is not the sweep as it was saved."""
    overrides = config.hydra.overrides
    return bool(_texts(overrides.task)) or any(map(says_what, _texts(overrides.hydra)))


def _plan_of(directory: Path, config: DictConfig, task: TaskFunction) -> PlanFile:
    """The plan of the sweep in a directory, which this script may go on with."""
    plan = read_plan(directory)
    refuse_another_function(directory, plan.function, task, config.hydra.sweeper.resume_changed)
    return plan


def _as_it_was(
    plan: PlanFile, config: DictConfig, loader: ConfigLoader, of_hydra: Sequence[str]
) -> tuple[DictConfig, list[str]]:
    """The config of the sweep with what it was given then, and the launcher that it has now."""
    name = config.hydra.job.config_name
    if plan.config_name is None and name is not None:
        raise SweepError(
            f"the sweep was started by an app without a config file, and this one has {name}: it is"
            " another app. Give the command that started the sweep."
        )
    if name != plan.config_name:
        raise SweepError(
            f"the sweep was started with the config {plan.config_name}, and this is {name}: give"
            f" --config-name {plan.config_name}, too."
        )
    kept = [line for line in plan.hydra if stays(line)]
    whole = loader.load_configuration(
        config_name=name,
        overrides=[*plan.task, *kept, *of_hydra],
        run_mode=RunMode.MULTIRUN,
    )
    with changeable(whole):
        whole.hydra.mode = config.hydra.mode
        whole.hydra.overrides.task = list(plan.selecting)
    return whole, list(plan.selecting)


def _refuse_the_time(config: DictConfig) -> None:
    if is_named_by_time(config):
        raise SweepError(
            "hydra.sweeper.resume=true goes on in hydra.sweep.dir, and that is"
            f" {written(config)}, another directory each time. Give it one that stays,"
            " hydra.sweep.dir=runs/ablation, or name the sweep's by"
            " hydra.sweeper.resume=DIRECTORY."
        )


def _refuse_without(directory: Path) -> None:
    if has_plan(directory):
        return
    what = "is no directory" if not directory.is_dir() else "holds no sweep"
    if (directory / OWN).is_dir():
        gone = SWEEP if (directory / OWN / PLAN).is_file() else f"{OWN}/{PLAN}"
        raise SweepError(
            f"hydra.sweeper.resume={directory}: its {gone} is gone, by which a sweep goes on. Put"
            " it back, or start the sweep in another directory."
        )
    if (directory / MULTIRUN).exists():
        what = "holds a sweep of another sweeper, which kept no records"
    raise SweepError(
        f"hydra.sweeper.resume={directory}: it {what}. Give the directory of a sweep, which has a"
        f" {SWEEP} and a folder .sweep."
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _texts(node: Any) -> list[str]:
    return cast("list[str]", OmegaConf.to_container(node))
