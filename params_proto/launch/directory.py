"""The directory of a launch that was given none: named by the time, and its own."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto.errors import SweepError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def is_named_by_time(config: DictConfig) -> bool:
    """Whether `hydra.sweep.dir` is another one each second, as Hydra's default is.

    Args:
        config: the composed config.
    """
    written = cast("dict[str, Any]", OmegaConf.to_container(config.hydra.sweep))["dir"]
    return "${now:" in str(written)


@contextmanager
def made(directory: Path, *, resume: bool = False) -> Generator[Path, None, None]:
    """Makes a directory that nobody else has, which goes again where nothing comes into it.

    Args:
        directory: the one to have; where it is taken, `NAME_1` or the next that is free.
        resume: whether a sweep is to go on, which no new directory has.

    Raises:
        SweepError: one is, or the directory cannot be made.

    >>> import tempfile
    >>> wanted = Path(tempfile.mkdtemp())
    >>> with made(wanted) as path:
    ...     path.name == f"{wanted.name}_1"
    True
    >>> path.exists()
    False
    """
    if resume:
        raise SweepError("resume=True goes on in sweep_dir: give it, sweep_dir='runs/1'.")
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
