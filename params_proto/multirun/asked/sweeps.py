"""The sweeps that a directory has had: the one it has now, and those that it has followed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.records.manifest import (
    EARLIER,
    OWN,
    PLAN,
    SWEEP,
    PlanFile,
    has_plan,
    make_folder,
    read_plan,
)


class SweepFile(NamedTuple):
    """The file of a sweep as it was read, as another may have been put in its place since.

    Args:
        path: the file.
        text: its content.
    """

    path: Path
    text: str


def digest(text: str | bytes) -> str:
    """By which it is seen that a file is still what was written."""
    content = text.encode() if isinstance(text, str) else text
    return hashlib.sha256(content).hexdigest()


def present(directory: Path, plan: PlanFile) -> SweepFile:
    """The file of the sweep that a directory has.

    It is `sweep.yaml`, or where another sweep is about to follow, the one that is kept.

    Args:
        directory: the sweep's.
        plan: what it was started with.

    Raises:
        SweepError: the file has been changed by hand, or cannot be read.
    """
    path, kept = directory / SWEEP, earlier(directory, plan.earlier)
    for file in (path, kept) if kept.is_file() else (path,):
        content = _content(file)
        if digest(content) == plan.sweep:
            return SweepFile(file, content.decode())
    raise SweepError(
        f"{path} is not what the sweep was started with, as {OWN}/{PLAN} has it. Put it back; a"
        " sweep that has changed is given beside hydra.sweeper.resume, from a file of its own."
    )


def as_run(path: Path) -> SweepFile | None:
    """A `sweep.yaml` as the sweep that ran left it; None for any other file.

    Args:
        path: a file that is there.
    """
    if path.name != SWEEP or not has_plan(path.parent):
        return None
    content = _content(path)
    try:
        written = digest(content) == read_plan(path.parent).sweep
    except SweepError:  # of another version: the file may be read all the same
        return None
    return SweepFile(path, content.decode()) if written else None


def follow(directory: Path, plan: PlanFile, text: str) -> None:
    """Puts another sweep in the place of the one that a directory has, which is kept.

    Args:
        directory: the sweep's.
        plan: of the one that it has.
        text: of the new one.
    """
    kept = earlier(directory, plan.earlier)
    make_folder(kept.parent)
    _files.write(kept, [present(directory, plan).text], as_folder=True)
    _files.write(directory / SWEEP, [text])


def all_of(directory: Path, plan: PlanFile) -> list[SweepFile]:
    """The files of all of them, in the order in which they came.

    Raises:
        SweepError: one of them has been changed by hand, or cannot be read.
    """
    paths = (earlier(directory, number) for number in range(plan.earlier))
    before = [SweepFile(path, _content(path).decode()) for path in paths]
    return [*before, present(directory, plan)]


def earlier(directory: Path, number: int) -> Path:
    """The file of one that another has followed."""
    return directory / OWN / EARLIER / f"{number}.yaml"


def joined(directory: Path, text: str) -> PlanFile | None:
    """The plan of the sweep in a directory, if it is this very sweep.

    Args:
        directory: one that parts of a sweep may share.
        text: of the sweep.
    """
    path = directory / SWEEP
    there = has_plan(directory) and path.read_bytes() == text.encode()
    return read_plan(directory) if there else None


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror or error}.") from error
