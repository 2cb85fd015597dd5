"""The arguments of a launch, as the overrides that a command line would have."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError, shown, together
from params_proto.overrides.literals import OverrideText, quoted
from params_proto.overrides.render import assignment

if TYPE_CHECKING:
    from omegaconf import DictConfig


def lines_of(
    launcher: Any, sweep_dir: str | os.PathLike[str] | None, options: Mapping[str, Any]
) -> list[str]:
    """What selects the sweeper and the launcher, and sets the options of the sweeper.

    Args:
        launcher: the name of Hydra's launcher.
        sweep_dir: the directory of the sweep, None for Hydra's choice.
        options: those of the sweeper; one that is None is left as it is.

    Raises:
        SweepError: a launcher that is no name, a directory that is no path, or an option of
            another type.

    >>> lines_of("joblib", "runs/1", {"resume": True, "rerun": ["failed"], "timeout": None})
    ... # doctest: +NORMALIZE_WHITESPACE
    ['hydra/launcher=joblib', 'hydra/sweeper=params_proto', 'hydra.sweep.dir=runs/1',
     'hydra.sweeper.resume=True', 'hydra.sweeper.rerun=[failed]']
    """
    mistakes: list[str] = []
    if not isinstance(launcher, str):
        mistakes.append(
            f"launch takes the name of a launcher, got {shown(launcher)}: write launcher='joblib'."
        )
    if not isinstance(sweep_dir, (str, os.PathLike, type(None))):  # pyright: ignore[reportUnnecessaryIsInstance]
        mistakes.append(f"sweep_dir is the path of a directory, got {shown(sweep_dir)}.")
    elif sweep_dir == "":
        mistakes.append(
            "sweep_dir='' names no directory: give one, sweep_dir='runs/1', or leave it out, and"
            " the time names it."
        )
    if type(options.get("resume", False)) is not bool:
        mistakes.append(
            f"resume is True or False, got {shown(options['resume'])}: the directory is"
            " sweep_dir, launch(sweep_dir='runs/1', resume=True)."
        )
    mistakes += _mistyped(options)
    if mistakes:
        raise together(mistakes)
    lines = [assignment("hydra/launcher", launcher), "hydra/sweeper=params_proto"]
    if sweep_dir is not None:
        path = os.fspath(sweep_dir)
        # What is to be resolved, `${now:%Y}`, is so as on a command line.
        text = OverrideText(path, quoted(path)) if "${" in path else path
        lines.append(assignment("hydra.sweep.dir", text))
    for name, value in options.items():
        if value is not None and (name != "resume" or value):
            lines.append(assignment(f"hydra.sweeper.{name}", _plain(value)))
    return lines


_NUMBERS = {
    "max_failures": "how many jobs may fail, 0 or more",
    "retries": "how often a job is tried again, 0 or more",
    "timeout": "the seconds that a job may take",
}


def _mistyped(options: Mapping[str, Any]) -> Iterator[str]:
    """The options that are of a type which none of Hydra's values could be read as."""
    for name, what in _NUMBERS.items():
        value = options.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, Real)):
            yield f"{name} is {what}, got {shown(value)}."
    for name in ("metric", "direction"):
        value = options.get(name)
        if not isinstance(value, (str, type(None))):
            yield f"{name} is a text, got {shown(value)}."
    progress = options.get("progress")
    if not isinstance(progress, (bool, type(None))):
        yield f"progress is True or False, got {shown(progress)}."


def launcher_lines(launcher: str, config: DictConfig, options: Mapping[str, Any]) -> list[str]:
    """What sets the options of the launcher.

    Args:
        launcher: its name.
        config: the composed config.
        options: what is given.

    Raises:
        SweepError: options that the launcher does not have. It names those that it has.
    """
    node: Any = config.hydra.launcher
    has = [str(name) for name in node if name != "_target_"]
    unknown = [name for name in options if name not in has]
    if unknown:
        theirs = f"It has {', '.join(has)}." if has else "It has none at all."
        raise SweepError(
            f"neither launch nor the launcher {launcher} has an option {' or '.join(unknown)}."
            f" {theirs} What stands deeper, or is to be added, goes into overrides,"
            " '+hydra.launcher.name=value'."
        )
    return [assignment(f"hydra.launcher.{name}", _plain(value)) for name, value in options.items()]


def _plain(value: Any) -> Any:
    """A value as an override has it: a path as its text, what is iterated over as a list."""
    if isinstance(value, os.PathLike):
        return os.fspath(cast("os.PathLike[str]", value))
    is_one = isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable)
    return cast("Any", value) if is_one else list(cast("Iterable[Any]", value))
