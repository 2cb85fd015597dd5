"""The directory of a launch: what is refused in terms of its arguments."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from params_proto._keys import bare
from params_proto.errors import SweepError
from params_proto.multirun.directories import is_named_by_time, written

if TYPE_CHECKING:
    from omegaconf import DictConfig


def refuse_time(config: DictConfig) -> None:
    """Refuses to resume in a directory that the time names, which has no sweep yet.

    Args:
        config: the composed config.

    Raises:
        SweepError: the time names it.
    """
    if is_named_by_time(config):
        raise SweepError(
            f"resume=True goes on in sweep_dir, and that is {written(config)}, another directory"
            " each time: give one that stays, sweep_dir='runs/1'."
        )


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
