"""The directories of a sweep and of its jobs: which ones are refused before anything is written."""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import reduce
from itertools import chain, count
from pathlib import Path
from stat import S_IMODE, S_ISGID
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import (
    InterpolationKeyError,
    OmegaConfBaseException,
    UnsupportedInterpolationType,
)

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.multirun.context import changeable
from params_proto.overrides.render import assignment
from params_proto.records import JobStore, Record
from params_proto.records.manifest import (
    COMPOSED,
    CONFIGS,
    FAILED,
    JOBS,
    MULTIRUN,
    OWN,
    PLAN,
    RESULTS,
    RUNNING,
    SWEEP,
    has_plan,
    make_folder,
)

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_LONGEST = 255  # bytes of one name in a file system
_NODE = re.compile(r"\$\{([\w.]+)\}")


# --- hydra.sweep.dir


def directory_of_sweep(config: DictConfig) -> Path:
    """The directory of a sweep, by the composed config of the multirun.

    Raises:
        SweepError: `hydra.sweep.dir` cannot be resolved.
    """
    try:
        return Path(str(config.hydra.sweep.dir))
    except OmegaConfBaseException as error:
        raise SweepError(
            f"hydra.sweep.dir: {str(error).splitlines()[0]}. It is resolved once, before the jobs:"
            " give the key a value in the app's config, or leave it out."
        ) from error


def written(config: DictConfig) -> str:
    """`hydra.sweep.dir` with its interpolations."""
    return str(_sweep_node(config)["dir"])


def is_by_number(config: DictConfig) -> bool:
    """Whether each job's directory is its number, as by default."""
    return _sweep_node(config).get("subdir") == "${hydra.job.num}"


def _sweep_node(config: DictConfig) -> dict[str, Any]:
    return cast("dict[str, Any]", OmegaConf.to_container(config.hydra.sweep))


def pin(directory: Path, config: DictConfig) -> None:
    """Gives the multirun, and each of its jobs, this directory of the sweep.

    Args:
        directory: the sweep's.
        config: the composed config of the multirun.
    """
    with changeable(config):
        config.hydra.sweep.dir = str(directory)
        # These overrides reach each job's config.
        config.hydra.overrides.hydra.append(assignment("hydra.sweep.dir", str(directory)))


def is_in(directory: Path, config: DictConfig) -> bool:
    """Whether a job's config, too, says that the sweep has this directory."""
    with hydra_of(config):
        try:
            return Path(str(config.hydra.sweep.dir)) == directory
        except OmegaConfBaseException:
            return False


def is_named_by_time(config: DictConfig) -> bool:
    """Whether `hydra.sweep.dir`, or a node that it names, has the time in it."""
    whole = cast("Any", OmegaConf.to_container(config))

    def has_time(text: str) -> bool:
        return "${now:" in text or any(
            has_time(str(reduce(_entry, name.split("."), whole))) for name in _NODE.findall(text)
        )

    return has_time(written(config))


def _entry(node: Any, key: str) -> Any:
    return cast("dict[str, Any]", node).get(key) if isinstance(node, dict) else None


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
    is_dry = sweeper.dry_run not in (None, False)
    own = next(_free(named)) if is_dry else held.enter_context(own_directory(named))
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
            raise _unmakeable(path, error) from error
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


def make(directory: Path) -> None:
    """Makes the directory of a sweep.

    Raises:
        SweepError: it cannot be made.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unmakeable(directory, error) from error


def _unmakeable(directory: Path, error: OSError) -> SweepError:
    return SweepError(
        f"hydra.sweep.dir={directory} cannot be made: {error.strerror or error}. Give the sweep"
        " another directory."
    )


def mode_of(config: DictConfig) -> int | None:
    """The value of `hydra.sweep.mode`, if it has one.

    Raises:
        SweepError: it is not a mode.
    """
    sweep = config.hydra.sweep
    mode = sweep.mode if "mode" in sweep else None  # as launchers ask
    try:
        return None if mode is None else int(str(mode), 8)
    except ValueError as error:
        raise SweepError(
            f"hydra.sweep.mode={mode} is not a mode: give it in octal, like 770."
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
        raise SweepError(f"hydra.sweep.mode={mode:o} cannot be given to {own}: {error}.") from error


# --- what is in the directory of a sweep


def refuse_used(directory: Path) -> None:
    """Refuses a directory in which a sweep has run.

    Raises:
        SweepError: there is one.
    """
    there = next((name for name in (SWEEP, MULTIRUN) if (directory / name).exists()), None)
    if there is None:
        return
    # The sweep of another sweeper, or what is left of one of ours, cannot be resumed.
    cure = f"Resume that one with hydra.sweeper.resume=true (or ={directory}), give"
    raise SweepError(
        f"hydra.sweep.dir={directory} holds a sweep already, {directory / there}, whose files this"
        f" one would overwrite. {cure if has_plan(directory) else 'Give'} this one another"
        " directory, or overwrite it with hydra.sweeper.overwrite=true."
    )


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


@contextmanager
def cleared_if_not_begun(directory: Path) -> Generator[None, None, None]:
    """Within, a sweep writes its first files; those that are new are removed if that fails."""
    files = (SWEEP, MULTIRUN, f"{OWN}/{PLAN}", f"{OWN}/{COMPOSED}")
    new = [directory / file for file in files if not (directory / file).exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the first error is the one to report
            # Another shard of the sweep may have joined it since.
            others = len([*(directory / OWN / RUNNING).glob("*.json")]) > 1
            for path in [] if others else new:
                path.unlink(missing_ok=True)
        raise


def remove_sweep(own: Path) -> None:
    """Removes what is left of a sweep that is overwritten.

    Raises:
        SweepError: something cannot be removed. With a record that stays, its job would not run.
    """
    for path in (own / JOBS, own / FAILED):
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
    """Removes the files of a process that died while it wrote them.

    Args:
        directory: of a sweep that no other process runs.
        records: whether it has records.
    """
    own = directory / OWN
    for folder in (directory, own, *own.glob(f"{CONFIGS}*")):
        _files.remove_drafts(folder)
    if records:
        JobStore(directory).remove_drafts()


# --- the directories of jobs


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
        by_number: whether each job's directory is its number, so that no two jobs share one.
    """

    def __init__(self, sweep: Path, *, by_number: bool = False) -> None:
        self.sweep = sweep
        self._by_number = by_number
        self._taken: dict[str, tuple[int, Sequence[str]]] = {}

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
        name = _named(number, job)
        subdir = _subdir(config, name)
        if subdir is None:
            return None
        found = os.path.join(self.sweep, subdir)
        parts = Path(found).parts
        longest = max(len(part.encode("utf-8", "surrogatepass")) for part in parts)
        if longest > _LONGEST:
            raise DirectoryError(
                f"{name} would have a directory with a name of {longest} bytes, and a file system"
                f" takes {_LONGEST}.",
                "Shorten hydra.sweep.subdir: ${hydra.job.num}, or leave keys out of"
                " hydra.job.override_dirname by hydra.job.config.override_dirname.exclude_keys.",
            )
        path, top = os.path.abspath(found), os.path.abspath(self.sweep)
        if not Path(path).is_relative_to(top):
            raise DirectoryError(
                f"{name} would have the directory {found}, outside the sweep's, {self.sweep}.",
                "Keep hydra.sweep.subdir a path below that.",
            )
        relative = os.path.relpath(path, top)
        before = self._first_in(relative, number, job)
        if before is not None:
            raise DirectoryError(
                f"{before} and {name} would share the directory {found}.",
                "Tell them apart in hydra.sweep.subdir: with ${hydra.job.num}, or by every key that"
                " is swept.",
            )
        is_reserved = relative.partition(os.sep)[0] in (OWN, SWEEP, MULTIRUN, RESULTS)
        if is_reserved or (os.path.exists(path) and not os.path.isdir(path)):
            raise DirectoryError(
                f"{name} would have the directory {found}, where a file is or will be.",
                "Give it another name in hydra.sweep.subdir.",
            )
        return relative

    def take(self, number: int, directory: str) -> None:
        """Notes the directory, relative to the sweep's, that a job has had before."""
        self._first_in(os.path.normpath(directory), number, [])

    def _first_in(self, directory: str, number: int, job: Sequence[str]) -> str | None:
        """The job that has a directory already; None where this one takes it."""
        if self._by_number and directory == str(number):  # of a million jobs, all as a rule
            before, other = self._taken.get(directory, (number, job))
        else:
            before, other = self._taken.setdefault(directory, (number, job))
        return None if before == number else _named(before, other)


def in_directory(directory: str) -> str:
    """The override that gives a job a directory of its own.

    >>> in_directory("lr=0.1,seed=3")
    "hydra.sweep.subdir='lr=0.1,seed=3'"
    """
    return assignment("hydra.sweep.subdir", directory)


def _named(number: int, job: Sequence[str]) -> str:
    return f"job {number} ({' '.join(job)})" if job else f"job {number}"


def _subdir(config: DictConfig, name: str) -> str | None:
    """A job's directory in that of the sweep; None where only the job will know."""
    with hydra_of(config):
        _resolved(config.hydra.job, "name", f"{name} has no name: hydra.job.name")  # of its log
        place = f"{name} has no directory: hydra.sweep.subdir"
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
    try:
        return str(node[key])
    except (InterpolationKeyError, UnsupportedInterpolationType) as error:
        # The config has all the keys, and this process all the resolvers, that the job will have.
        raise DirectoryError(
            f"{place}: {str(error).splitlines()[0]}.", "It may name a key of the job's config."
        ) from error
    except OmegaConfBaseException:
        return None
