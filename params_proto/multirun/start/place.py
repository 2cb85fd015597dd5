"""The directory that a sweep is to run in: what it must not hold, and what is cleared of it."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from stat import S_IMODE, S_ISGID
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.multirun.jobs.directories import (
    directory_of_sweep,
    pin,
    refuse_used,
    unmakeable,
    written,
)
from params_proto.multirun.options import Options
from params_proto.records import JobStore, Record
from params_proto.records.manifest import (
    COMPOSED,
    CONFIGS,
    EARLIER,
    FAILED,
    JOBS,
    MULTIRUN,
    OWN,
    SWEEP,
    folders,
    has_plan,
    make_folder,
)

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)


class BegunSinceError(Exception):
    """Another process has begun the sweep that this one would go on with, or begin."""


def take_own(config: DictConfig, held: ExitStack) -> None:
    """Gives a new sweep a directory of its own, where the time names it.

    Args:
        config: the composed config of the multirun, in which it is pinned.
        held: keeps the directory until it ends.

    Raises:
        SweepError: it cannot be resolved or made.
    """
    sweeper = config.hydra.sweeper
    # Slices of one sweep share the directory of a day.
    if sweeper.overwrite or sweeper.slice is not None or not is_named_by_time(config):
        return
    named = directory_of_sweep(config)
    dry = sweeper.dry_run not in (None, False)
    own = next(_free(named)) if dry else held.enter_context(own_directory(named))
    if own == named:
        return
    pin(own, config)
    log.info(f"{named} is taken: this sweep runs in {own}.")


@contextmanager
def own_directory(named: Path) -> Generator[Path, None, None]:
    """Takes a directory for one new sweep, which goes again where nothing comes into it.

    Args:
        named: the one to have; where it is taken, NAME_1 or the next that is free.

    Raises:
        SweepError: it cannot be made.

    >>> import tempfile
    >>> named = Path(tempfile.mkdtemp()) / "10-00-00"
    >>> with own_directory(named) as first, own_directory(named) as second:
    ...     first.name, second.name
    ('10-00-00', '10-00-00_1')
    >>> named.exists()
    False
    """
    for path in _free(named):
        own = (path / OWN).absolute()  # a job may change the working directory
        new = [own, *[folder for folder in own.parents if not folder.exists()]]
        try:
            own.mkdir(parents=True)  # which only one of two processes can
        except FileExistsError:
            continue
        except OSError as error:
            raise unmakeable(path, error) from error
        try:
            yield path
        finally:
            with suppress(OSError):  # the sweep is in it
                for folder in new:
                    folder.rmdir()
        return


def _free(named: Path) -> Iterator[Path]:
    """The directories without a sweep among NAME, NAME_1, NAME_2, ..."""
    numbered = (named.with_name(f"{named.name}_{number}") for number in count(1))
    for path in chain([named], numbered):
        if not any((path / name).exists() for name in (OWN, SWEEP, MULTIRUN)):
            yield path


def is_named_by_time(config: DictConfig) -> bool:
    """Whether `hydra.sweep.dir`, or a node that it names, has the time in it.

    Args:
        config: the composed config of the multirun.
    """
    whole = cast("Any", OmegaConf.to_container(config))
    left, known = [written(config)], set[str]()
    while left:
        text = left.pop()
        if "${now:" in text:
            return True
        new = {*_NODE.findall(text)} - known
        known |= new
        for name in new:
            node = whole
            for key in name.split("."):
                node = cast("dict[str, Any]", node).get(key) if isinstance(node, dict) else None
            left.append(str(node))
    return False


_NODE = re.compile(r"\$\{([\w.]+)\}")


def mode_of(config: DictConfig) -> int | None:
    """What `hydra.sweep.mode` says, if it is there.

    Raises:
        SweepError: it is no mode.
    """
    sweep = config.hydra.sweep
    mode = sweep.mode if "mode" in sweep else None  # as launchers ask
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
        make_folder(own)
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
    records = JobStore(directory)
    for record in records.all():
        if isinstance(record, Record) and records.is_running(record):
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
    (own / COMPOSED).unlink(missing_ok=True)
    for configs in own.glob(f"{CONFIGS}*"):
        shutil.rmtree(configs, ignore_errors=True)


def remove_half_written(directory: Path, *, records: bool) -> None:
    """Removes the files that a process has left that died while it wrote them.

    Args:
        directory: of a sweep, beside which nothing runs.
        records: whether it has records.
    """
    for folder in folders(directory):
        _files.remove_drafts(folder)
    if records:
        JobStore(directory).remove_drafts()
