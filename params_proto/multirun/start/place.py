"""The directory that a sweep is to run in: what it must not hold, and what is cleared of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from stat import S_IMODE, S_ISGID
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.multirun.jobs import composed
from params_proto.multirun.jobs.directories import refuse_used
from params_proto.multirun.options import Options
from params_proto.records import Record, Records
from params_proto.records.layout import CONFIGS, EARLIER, FAILED, JOBS, folders
from params_proto.records.mode import make
from params_proto.records.plan import has_plan
from params_proto.storage import atomic

if TYPE_CHECKING:
    from omegaconf import DictConfig


class BegunSinceError(Exception):
    """Another process has begun the sweep that this one would go on with, or begin."""


def mode_of(config: DictConfig) -> int | None:
    """What `hydra.sweep.mode` says, if it is there.

    Raises:
        SweepError: it is no mode.
    """
    sweep = cast("dict[str, Any]", OmegaConf.to_container(config.hydra.sweep))
    mode = sweep.get("mode")
    try:
        return None if mode is None else int(str(mode), 8)
    except ValueError as error:
        raise SweepError(
            f"hydra.sweep.mode={mode} is no mode: give it in octal, like 770."
        ) from error


def give_mode(own: Path, mode: int) -> None:
    """Gives the records' folder the mode of `hydra.sweep.mode`, as launchers do the sweep's.

    Raises:
        SweepError: it cannot have that one.
    """
    try:
        make(own)
        has = S_IMODE(own.stat().st_mode)
        if mode | has & S_ISGID != has:  # which is somebody else's folder perhaps
            own.chmod(mode | has & S_ISGID)  # by which a group's folders are its own
    except OSError as error:
        raise SweepError(
            f"hydra.sweep.mode={mode:o} is no mode that {own} can have: {error}."
        ) from error


def refuse_begun(options: Options, directory: Path) -> None:
    """Refuses a directory that holds a sweep by now, which this one would write over."""
    if options.resume and has_plan(directory):
        raise BegunSinceError
    refuse_used(directory)


def refuse_running(directory: Path) -> None:
    """Refuses to write over a sweep whose own process is gone, and a worker of it still runs."""
    records = Records(directory)
    for record in records.all():
        if isinstance(record, Record) and records.runs(record):
            raise SweepError(
                f"hydra.sweeper.overwrite=true: job {record.job} of the sweep in {directory} is"
                f" still running, in process {record.pid} on {record.host}. Wait for it, stop it,"
                " or give this sweep another hydra.sweep.dir."
            )


def remove_sweep(own: Path) -> None:
    """Removes what is left of a sweep that is overwritten.

    Raises:
        SweepError: something cannot be removed. With a record that stays, its job would not run.
    """
    for path in (own / JOBS, own / EARLIER, own / FAILED):
        try:
            if path.exists():
                shutil.rmtree(path)
        except OSError as error:
            raise SweepError(
                f"{error.filename or path} cannot be removed: {error.strerror or error}. It belongs"
                " to an earlier sweep: remove it, or give this one another hydra.sweep.dir."
            ) from error
    for _, path in composed.paths(own.parent):
        path.unlink(missing_ok=True)
    for configs in own.glob(f"{CONFIGS}*"):
        shutil.rmtree(configs, ignore_errors=True)


def remove_half_written(directory: Path, *, records: bool) -> None:
    """Removes the files that a process has left that died while it wrote them.

    Args:
        directory: of a sweep, beside which nothing runs.
        records: whether it has records.
    """
    for folder in folders(directory):
        atomic.remove_left(folder)
    if records:
        Records(directory).remove_left()
