"""The directory of a launch that the time names, as it does where none is given: its own."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.keys import bare

if TYPE_CHECKING:
    from omegaconf import DictConfig


def is_named_by_time(config: DictConfig, *, resume: bool = False) -> bool:
    """Whether `hydra.sweep.dir` is another one each second, as Hydra's default is.

    Args:
        config: the composed config.
        resume: whether a sweep is to go on, which no new directory has.

    Raises:
        SweepError: one is, and there is none.
    """
    written = cast("dict[str, Any]", OmegaConf.to_container(config.hydra.sweep))["dir"]
    named = "${now:" in str(written)
    if named and resume:
        raise SweepError(
            f"resume=True goes on in sweep_dir, and that is {written}, another directory each time:"
            " give one that stays, sweep_dir='runs/1'."
        )
    return named


def refuse_another(directory: str | os.PathLike[str], overrides: Iterable[str]) -> None:
    """Refuses overrides that name a directory beside the one of the argument.

    Args:
        directory: the argument's.
        overrides: those that are given.

    Raises:
        SweepError: one does.
    """
    for line in overrides:
        if bare(line.partition("=")[0]) == "hydra.sweep.dir":
            raise SweepError(
                f"sweep_dir={os.fspath(directory)!r} and overrides=[{line!r}] both name the"
                " directory of the sweep: leave out one of them."
            )


@contextmanager
def made(directory: Path) -> Generator[Path, None, None]:
    """Makes a directory that nobody else has, which goes again where nothing comes into it.

    Args:
        directory: the one to have; where it is taken, `NAME_1` or the next that is free.

    Raises:
        SweepError: it cannot be made.

    >>> import tempfile
    >>> wanted = Path(tempfile.mkdtemp())
    >>> with made(wanted) as path:
    ...     path.name == f"{wanted.name}_1"
    True
    >>> path.exists()
    False
    """
    new = [one for one in directory.parents if not one.exists()]
    path = directory
    for number in count(1):
        try:
            path.mkdir(parents=True)
            break
        except FileExistsError:
            path = directory.with_name(f"{directory.name}_{number}")
        except OSError as error:
            raise SweepError(
                f"hydra.sweep.dir={path} cannot be made: {error.strerror or error}. Give the sweep"
                " another directory, sweep_dir='runs/1'."
            ) from error
    try:
        yield path
    finally:
        with suppress(OSError):  # it holds the sweep
            for one in (path, *new):
                one.rmdir()
