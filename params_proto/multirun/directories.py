"""The directories of a sweep and of its jobs, checked before anything is written."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from stat import S_IMODE, S_ISGID
from typing import TYPE_CHECKING, Any, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf
from omegaconf.errors import (
    InterpolationKeyError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)

from params_proto._files import reason
from params_proto._keys import leaves
from params_proto.errors import SweepError
from params_proto.multirun.context import changeable
from params_proto.multirun.errors import Mistakes, describe_job
from params_proto.overrides.render import assignment
from params_proto.records import JobStore
from params_proto.records.manifest import (
    COMPOSED,
    CONFIGS,
    FAILED_DIR,
    JOBS,
    MULTIRUN,
    RESULTS,
    STATE_DIR,
    SWEEP,
)

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_LONGEST = 255  # bytes of one name in a file system
_RESERVED = (STATE_DIR, SWEEP, MULTIRUN, RESULTS)
_NODE = re.compile(r"\$\{([\w.]+)\}")


# --- hydra.sweep.dir


def directory_of_sweep(config: DictConfig) -> Path:
    """Resolves `hydra.sweep.dir` of a multirun."""
    try:
        return Path(str(config.hydra.sweep.dir))
    except OmegaConfBaseException as error:
        raise SweepError(
            f"hydra.sweep.dir: {str(error).splitlines()[0]}. It is resolved once, before the jobs:"
            " give the key a value in the app's config, or leave it out."
        ) from error


def unresolved_sweep_value(config: DictConfig, key: str = "dir") -> str:
    """`hydra.sweep.dir`, or another value there, with its interpolations."""
    return str(cast("dict[str, Any]", OmegaConf.to_container(config.hydra.sweep)).get(key))


def is_named_by_time(config: DictConfig) -> bool:
    """Whether `hydra.sweep.dir`, or a node that it names, has the time in it."""
    values = dict(leaves(cast("dict[str, Any]", OmegaConf.to_container(config))))
    text = str(values["hydra.sweep.dir"])
    while found := _NODE.search(text):
        text = text.replace(found[0], str(values.pop(found[1], "")))
    return "${now:" in text


def set_sweep_dir(directory: Path, config: DictConfig) -> None:
    """Fixes `hydra.sweep.dir` for the multirun and each of its jobs."""
    with changeable(config):
        config.hydra.sweep.dir = str(directory)
        # These overrides reach each job's config.
        config.hydra.overrides.hydra.append(assignment("hydra.sweep.dir", str(directory)))


def reserve_directory(config: DictConfig, stack: ExitStack) -> None:
    """Reserves an unused directory for a new sweep if `hydra.sweep.dir` contains the time.

    Args:
        config: the composed config of the multirun, in which the directory is pinned.
        stack: removes the directory when it ends, if that is still empty.
    """
    sweeper = config.hydra.sweeper
    # Slices of one sweep share a directory.
    if sweeper.overwrite or sweeper.slice is not None or not is_named_by_time(config):
        return
    named = directory_of_sweep(config)
    numbered = (named.with_name(f"{named.name}_{number}") for number in count(1))
    free = (
        path
        for path in chain([named], numbered)
        if not any((path / name).exists() for name in (STATE_DIR, SWEEP, MULTIRUN))
    )
    is_dry = sweeper.dry_run not in (None, False)
    own = next(path for path in free if is_dry or _try_reserve(path, config, stack))
    if own != named:
        set_sweep_dir(own, config)
        log.info(f"{named} is taken: this sweep runs in {own}.")


def _try_reserve(directory: Path, config: DictConfig, stack: ExitStack) -> bool:
    """Makes a sweep's directory, removed later if empty; False if another process was faster."""
    folder = (directory / STATE_DIR).absolute()  # a job may change the working directory
    new = [folder, *[above for above in folder.parents if not above.exists()]]

    def remove() -> None:
        with suppress(OSError):  # it is not empty
            for path in new:
                path.rmdir()

    is_new = make_directory(directory, config)
    if is_new:
        stack.callback(remove)
    return is_new


def make_directory(directory: Path, config: DictConfig) -> bool:
    """Makes a sweep's directory with `.sweep` in it, with the mode `hydra.sweep.mode`.

    Returns:
        Whether `.sweep` is new: true in only one of several processes.
    """
    own, is_new = directory / STATE_DIR, False
    mode = OmegaConf.select(config, "hydra.sweep.mode", default=0)  # few configs set it
    try:
        wanted = int(str(mode), 8)
        directory.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            own.mkdir()
            is_new = True
        if wanted:
            has = S_IMODE(own.stat().st_mode)
            wanted |= has & S_ISGID  # keeps the folder's group for new files
            if wanted != has:  # chmod fails on somebody else's folder
                own.chmod(wanted)
    except ValueError as error:
        raise SweepError(
            f"hydra.sweep.mode={mode} is not a mode: give it in octal, like 770."
        ) from error
    except OSError as error:
        raise SweepError(
            f"hydra.sweep.dir={directory} cannot be made: {reason(error)}. Give the sweep"
            " another directory."
        ) from error
    return is_new


# --- what is in the directory of a sweep


def refuse_used(directory: Path) -> None:
    """Raises if a sweep has run in the directory."""
    existing = next((name for name in (SWEEP, MULTIRUN) if (directory / name).exists()), None)
    if existing is None:
        return
    raise SweepError(
        f"hydra.sweep.dir={directory} already contains a sweep ({directory / existing}), which this"
        f" one would overwrite. Resume that one with hydra.sweeper.resume=true (or ={directory}),"
        " give this one another directory, or overwrite it with hydra.sweeper.overwrite=true."
    )


def refuse_running(directory: Path) -> None:
    """Raises if a job of the sweep to overwrite still runs, though its main process is gone."""
    records = JobStore(directory)
    for record in records.readable():
        if records.is_running(record):
            raise SweepError(
                f"hydra.sweeper.overwrite=true: job {record.job} of the sweep in {directory} is"
                f" still running, in process {record.pid} on {record.host}. Wait for it, stop it,"
                " or give this sweep another hydra.sweep.dir."
            )


def remove_sweep(own: Path) -> None:
    """Removes an overwritten sweep's records and configs; a record left would skip its job."""
    (own / COMPOSED).unlink(missing_ok=True)
    for path in [*own.glob(JOBS), *own.glob(FAILED_DIR), *own.glob(f"{CONFIGS}*")]:
        try:
            shutil.rmtree(path)
        except OSError as error:
            raise SweepError(
                f"{path} cannot be removed: {reason(error)}. It belongs to an earlier sweep: remove"
                " it, or give this one another hydra.sweep.dir."
            ) from error


# --- the directories of jobs


@dataclass(eq=False)
class Directories:
    """Checks the directories of the jobs one by one.

    Args:
        sweep: the directory of the sweep, as Hydra makes it.
        by_number: whether each job's directory is its number, so that no two jobs share one.
    """

    sweep: Path
    by_number: bool = False
    _owners: dict[str, tuple[int, Sequence[str]]] = field(
        default_factory=dict[str, tuple[int, Sequence[str]]], init=False
    )

    def add(
        self, number: int, job: Sequence[str], config: DictConfig, mistakes: Mistakes
    ) -> str | None:
        """Checks the directory of one job.

        Args:
            number: the job number.
            job: its overrides.
            config: its config, which contains the job number.
            mistakes: where errors are collected.

        Returns:
            The directory, relative to the sweep directory; None if it depends on the running job
            or is invalid.
        """
        try:
            subdir = _subdir(config)
        except (InterpolationKeyError, UnsupportedInterpolationType) as error:
            # The job will have the same keys and resolvers, so it would fail, too.
            problem = str(error).splitlines()[0]
            fix = "It may name a key of the job's config."
            mistake = (
                f"{describe_job(number, job)} has no directory: hydra.sweep.subdir: {problem}."
            )
            mistakes.add(f"{mistake} {fix}", rule=fix)
            return None
        except OmegaConfBaseException:  # it names something like a cluster's job id
            return None
        found = os.path.join(self.sweep, subdir)
        path, top = os.path.abspath(found), os.path.abspath(self.sweep)
        relative, jobs = os.path.relpath(path, top), ""
        parts = [part.encode("utf-8", "surrogatepass") for part in Path(found).parts]
        if (longest := max(map(len, parts))) > _LONGEST:
            mistake = (
                f"would have a directory with a name of {longest} bytes, and file systems"
                f" allow {_LONGEST}."
            )
            fix = (
                "Shorten hydra.sweep.subdir: ${hydra.job.num}, or leave keys out of"
                " hydra.job.override_dirname by hydra.job.config.override_dirname.exclude_keys."
            )
        elif not Path(path).is_relative_to(top):
            mistake = (
                f"would have the directory {found}, outside the sweep directory, {self.sweep}."
            )
            fix = "hydra.sweep.subdir must be a path below it."
        elif (before := self._owner_of(relative, number, job)) is not None:
            jobs, mistake = f"{before} and ", f"would share the directory {found}."
            fix = (
                "Make hydra.sweep.subdir different for each job: use ${hydra.job.num} or every"
                " swept key."
            )
        elif relative.partition(os.sep)[0] in _RESERVED or os.path.isfile(path):
            mistake = f"would have the directory {found}, where a file is or will be."
            fix = "Give it another name in hydra.sweep.subdir."
        else:
            return relative
        mistakes.add(f"{jobs}{describe_job(number, job)} {mistake} {fix}", rule=fix)
        return None

    def reserve(self, number: int, directory: str) -> None:
        """Notes a job's earlier directory, relative to the sweep directory."""
        self._owner_of(os.path.normpath(directory), number, [])

    def _owner_of(self, directory: str, number: int, job: Sequence[str]) -> str | None:
        """The job that already has a directory; None if this one takes it."""
        if self.by_number and directory == str(number):  # the usual case: keeps no entry
            before, other = self._owners.get(directory, (number, job))
        else:
            before, other = self._owners.setdefault(directory, (number, job))
        return None if before == number else describe_job(before, other)


def subdir_override(directory: str) -> str:
    """The override that sets a job's directory.

    >>> subdir_override("lr=0.1,seed=3")
    "hydra.sweep.subdir='lr=0.1,seed=3'"
    """
    return assignment("hydra.sweep.subdir", directory)


def output_directory(config: DictConfig) -> Path:
    """The directory of a job, by its own config."""
    return Path(str(config.hydra.sweep.dir)) / _subdir(config)


def _subdir(config: DictConfig) -> str:
    """A job's `hydra.sweep.subdir`, with the resolver `hydra:` reading the job's config."""
    singleton = HydraConfig.instance()
    before = singleton.cfg
    singleton.cfg = cast("Any", config)  # set_config would copy the whole config
    try:
        return str(config.hydra.sweep.subdir)
    finally:
        singleton.cfg = before
