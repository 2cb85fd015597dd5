"""The directories of a sweep and of its jobs: what is refused before anything is written."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError
from params_proto.multirun.host import changeable
from params_proto.multirun.jobs.taken import Taken
from params_proto.overrides.render import assignment
from params_proto.records.manifest import (
    COMPOSED,
    MULTIRUN,
    OWN,
    PLAN,
    RESULTS,
    RUNNING,
    SWEEP,
    has_plan,
)

if TYPE_CHECKING:
    from omegaconf import DictConfig


def refuse_used(directory: Path) -> None:
    """Refuses a directory in which a sweep has run.

    Args:
        directory: the one that this sweep would have.

    Raises:
        SweepError: there is one.
    """
    there = next((name for name in (SWEEP, MULTIRUN) if (directory / name).exists()), None)
    if there is None:
        return
    # Of another sweeper, or what is left of one of ours, nothing can go on.
    go_on = f"Resume that one with hydra.sweeper.resume=true (or ={directory}), give"
    raise SweepError(
        f"hydra.sweep.dir={directory} holds a sweep already, {directory / there}, whose files this"
        f" one would write over. {go_on if has_plan(directory) else 'Give'} this one another"
        " directory, or write over it with hydra.sweeper.overwrite=true."
    )


def make(directory: Path) -> None:
    """Makes the directory of a sweep.

    Args:
        directory: the one that it will have.

    Raises:
        SweepError: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unmakeable(directory, error) from error


def unmakeable(directory: Path, error: OSError) -> SweepError:
    """Says that the directory of a sweep cannot be made."""
    return SweepError(
        f"hydra.sweep.dir={directory} cannot be made: {error.strerror or error}. Give the sweep"
        " another directory."
    )


@contextmanager
def cleared_if_not_begun(directory: Path) -> Generator[None, None, None]:
    """Within, a sweep writes what it begins with; what it wrote goes again if that fails.

    A file of an earlier sweep that it wrote over stays, as do the jobs that this tells of.

    Args:
        directory: the sweep's own.
    """
    files = (SWEEP, MULTIRUN, f"{OWN}/{PLAN}", f"{OWN}/{COMPOSED}")
    new = [directory / file for file in files if not (directory / file).exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first error is the one to tell
            # Another part of the sweep may have joined it since.
            others = len([*(directory / OWN / RUNNING).glob("*.json")]) > 1
            for path in [] if others else new:
                path.unlink(missing_ok=True)
        raise


class DirectoryError(SweepError):
    """A directory that a job cannot have.

    Args:
        wrong: what is wrong with it.
        cure: what to do, as for other jobs with the same mistake.
    """

    def __init__(self, wrong: str, cure: str) -> None:
        super().__init__(f"{wrong} {cure}")
        self.cure = cure


class Directories:
    """The jobs' directories, which are checked one by one.

    Args:
        sweep: the sweep's own, as Hydra makes it.
    """

    def __init__(self, sweep: Path) -> None:
        self.sweep = sweep
        # By the jobs' own numbers, as is the default, or by whatever hydra.sweep.subdir says.
        self._numbers = Taken()
        self._others: dict[str, tuple[int, Sequence[str]]] = {}

    def add(self, number: int, job: Sequence[str], config: DictConfig) -> str | None:
        """Checks the directory of one job.

        Args:
            number: the job's.
            job: its overrides.
            config: its config, in which its number is noted.

        Returns:
            The directory, relative to the sweep's; None where only the job will know.

        Raises:
            DirectoryError: it is outside the sweep's, or another job's.
        """
        told = _told(number, job)
        subdir = _subdir(config, told)
        if subdir is None:
            return None
        found = os.path.join(self.sweep, subdir)
        path = os.path.abspath(found)
        _refuse_unmakeable(told, found)
        if not Path(path).is_relative_to(os.path.abspath(self.sweep)):
            raise DirectoryError(
                f"{told} would have the directory {found}, outside the sweep's, {self.sweep}.",
                "Keep hydra.sweep.subdir a path below that.",
            )
        before = self._first_at(path, number, job)
        if before is not None:
            raise DirectoryError(
                f"{before} and {told} would share the directory {found}.",
                "Tell them apart in hydra.sweep.subdir: with ${hydra.job.num}, or by every key that"
                " is swept.",
            )
        if (os.path.exists(path) and not os.path.isdir(path)) or self._is_reserved(path):
            raise DirectoryError(
                f"{told} would have the directory {found}, where a file is or will be.",
                "Give it another name in hydra.sweep.subdir.",
            )
        return os.path.relpath(path, os.path.abspath(self.sweep))

    def take(self, number: int, directory: str) -> None:
        """Notes the directory that a job has had before.

        Args:
            number: the job's.
            directory: relative to the sweep's.
        """
        if directory == str(number):  # of a million jobs that are done, all as a rule
            self._numbers.add(number)
        else:
            self._first_at(os.path.abspath(self.sweep / directory), number, [])

    def _first_at(self, path: str, number: int, job: Sequence[str]) -> str | None:
        """The job that has a directory already; None where this one takes it."""
        name = os.path.relpath(path, self.sweep)
        if name == str(number):
            self._numbers.add(number)
            return _told(*self._others[path]) if path in self._others else None
        if name.isdecimal() and name == str(int(name)) and int(name) in self._numbers:
            return _told(int(name), [])
        before, other = self._others.setdefault(path, (number, job))
        return None if before == number else _told(before, other)

    def _is_reserved(self, path: str) -> bool:
        first = os.path.relpath(path, self.sweep).partition(os.sep)[0]
        return first in (OWN, SWEEP, MULTIRUN, RESULTS)


def in_directory(directory: str) -> str:
    """The override that gives a job a directory of its own.

    >>> in_directory("lr=0.1,seed=3")
    "hydra.sweep.subdir='lr=0.1,seed=3'"
    """
    return assignment("hydra.sweep.subdir", directory)


def _told(number: int, job: Sequence[str]) -> str:
    return f"job {number} ({' '.join(job)})" if job else f"job {number}"


def directory_of_sweep(config: DictConfig) -> Path:
    """The directory of a sweep.

    Args:
        config: the composed config of the multirun.

    Raises:
        SweepError: `hydra.sweep.dir` cannot be resolved.
    """
    from omegaconf.errors import OmegaConfBaseException

    try:
        return Path(str(config.hydra.sweep.dir))
    except OmegaConfBaseException as error:
        raise SweepError(
            f"hydra.sweep.dir: {str(error).splitlines()[0]}. It is resolved once, before the jobs:"
            " give the key a value in the app's config, or leave it out."
        ) from error


def written(config: DictConfig) -> str:
    """`hydra.sweep.dir` with its interpolations."""
    from omegaconf import OmegaConf

    return str(cast("Any", OmegaConf.to_container(config.hydra.sweep))["dir"])


def pin(directory: Path, config: DictConfig) -> None:
    """Gives the multirun, and each of its jobs, this directory of the sweep.

    Args:
        directory: the sweep's.
        config: the composed config of the multirun.
    """
    with changeable(config):
        config.hydra.sweep.dir = str(directory)
        # What stands here reaches each job's config.
        config.hydra.overrides.hydra.append(assignment("hydra.sweep.dir", str(directory)))


def is_in(directory: Path, config: DictConfig) -> bool:
    """Whether a job's config, too, says that the sweep has this directory."""
    from omegaconf.errors import OmegaConfBaseException

    with hydra_of(config):
        try:
            return Path(str(config.hydra.sweep.dir)) == directory
        except OmegaConfBaseException:
            return False


_LONGEST = 255  # bytes of one name in a file system


def _refuse_unmakeable(told: str, directory: str) -> None:
    """Refuses a directory that no file system can have."""
    try:
        longest = max((len(os.fsencode(part)) for part in Path(directory).parts), default=0)
    except UnicodeEncodeError as error:
        raise DirectoryError(
            f"{told} would have the directory {directory!r}, whose name has half a character.",
            "Leave the value out of hydra.sweep.subdir.",
        ) from error
    if longest > _LONGEST:
        raise DirectoryError(
            f"{told} would have a directory with a name of {longest} bytes, and a file system takes"
            f" {_LONGEST}.",
            "Shorten hydra.sweep.subdir: ${hydra.job.num}, or leave keys out of"
            " hydra.job.override_dirname by hydra.job.config.override_dirname.exclude_keys.",
        )
    if "\0" in directory:
        raise DirectoryError(
            f"{told} would have the directory {directory!r}, whose name has a NUL character.",
            "Leave the value out of hydra.sweep.subdir.",
        )


def _subdir(config: DictConfig, told: str) -> str | None:
    """A job's directory in that of the sweep; None where only the job will know."""
    with hydra_of(config):
        _resolved(config.hydra.job, "name", f"{told} has no name: hydra.job.name")  # of its log
        place = f"{told} has no directory: hydra.sweep.subdir"
        return _resolved(config.hydra.sweep, "subdir", place)


@contextmanager
def hydra_of(config: DictConfig) -> Generator[None, None, None]:
    """Within, the resolver `hydra:` looks into a job's config."""
    from hydra.core.hydra_config import HydraConfig

    singleton = HydraConfig.instance()
    before = singleton.cfg
    singleton.cfg = cast("Any", config)  # set_config would copy all that Hydra has
    try:
        yield
    finally:
        singleton.cfg = before


def _resolved(node: DictConfig, key: str, place: str) -> str | None:
    """A text of the job's config; None where it is known only in the job, as a cluster's job id."""
    from omegaconf.errors import (
        InterpolationKeyError,
        InterpolationToMissingValueError,
        OmegaConfBaseException,
        UnsupportedInterpolationType,
    )

    try:
        return str(node[key])
    except OmegaConfBaseException as error:
        # The config has all the keys, and this process all the resolvers, that the job will have.
        never = isinstance(error, (InterpolationKeyError, UnsupportedInterpolationType))
        reason = str(error).splitlines()[0]
        if isinstance(error, InterpolationToMissingValueError):  # Hydra fills in what is its own
            never = ": hydra." not in reason
        if never or reason.startswith("ConfigTypeError"):
            raise DirectoryError(
                f"{place}: {reason}.", "It may name what stands in the job's config."
            ) from error
        return None
