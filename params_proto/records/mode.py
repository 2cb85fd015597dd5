"""The mode of what is made in `.sweep`: that of the folder it is in, so that of `.sweep` itself.

`.sweep` has what `hydra.sweep.mode` says: neither a worker need be told of that, nor whoever goes
on with the sweep. The setgid bit of a folder, which the system hands down, stays.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

from params_proto.records.layout import OWN

_ALL, _OF_FILES = 0o777, 0o666  # a file of these is none to execute


def make(folder: Path) -> None:
    """Makes a folder in `.sweep`, and those above it.

    Args:
        folder: there may be one already.

    Raises:
        OSError: it cannot be made.
    """
    if folder.is_dir():
        return
    if folder.name == OWN:
        folder.mkdir(parents=True, exist_ok=True)
        return
    make(folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise
        return  # somebody was faster, and gives it its mode
    has = S_IMODE(folder.stat().st_mode)
    wanted = has & ~_ALL | folder.parent.stat().st_mode & _ALL
    if has != wanted:
        with suppress(OSError):  # a file system that has no modes
            folder.chmod(wanted)


def opener(path: str, flags: int) -> int:
    """For `open`, of a file in `.sweep`.

    Args:
        path: the file.
        flags: those of `os.open`.

    Returns:
        The descriptor of the file, which has its mode if it is new.
    """
    file = os.open(path, flags, _OF_FILES)
    with suppress(OSError):  # a file system that has no modes, or somebody else's file
        wanted = os.stat(os.path.dirname(path)).st_mode & _OF_FILES
        if os.fstat(file).st_mode & _ALL != wanted:
            os.fchmod(file, wanted)
    return file
