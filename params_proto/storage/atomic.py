"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from errno import EACCES, EISDIR, ELOOP
from pathlib import Path

from params_proto.errors import SweepError


def write(
    path: str | os.PathLike[str],
    chunks: Iterable[str],
    *,
    lasting: bool = True,
    as_folder: bool = False,
) -> None:
    """Writes a file so that at every moment there is the old one or the new one.

    The text goes into a hidden file in the same directory, which takes the place of the old one
    when it is complete and on the disk. A link stays a link: what it points to is written.

    Args:
        path: the file; its directory is there already.
        chunks: its text, piece by piece. What their making raises passes through.
        lasting: whether to wait for the disk. Without it, a machine that loses its power in the
            next seconds may lose the file.
        as_folder: whether a new file can be read and written by whom its folder can be.

    Raises:
        SweepError: the file cannot be written.
    """
    refused = _Refused(path)
    with refused:
        target = Path(os.path.realpath(path))
        mode = _mode(target)
        if mode is None and as_folder:
            mode = target.parent.stat().st_mode & 0o666
        made = target.with_name(f"{_START}{os.urandom(8).hex()}{_END}")
        file = made.open("xb")
    try:
        for chunk in chunks:
            with refused:
                file.write(chunk.encode())
        with refused:
            file.flush()
            if lasting:
                os.fsync(file.fileno())
            file.close()
            if mode is not None:
                made.chmod(mode)
            made.replace(target)
    except BaseException:
        with suppress(OSError):
            file.close()  # which writes what is left, where it can
        with suppress(OSError):
            made.unlink()
        raise


def remove_left(directory: Path) -> None:
    """Removes what processes have left that died while they wrote a file.

    Args:
        directory: into which nobody else writes now.
    """
    for path in directory.glob(f"{_START}{'[0-9a-f]' * 16}{_END}"):
        with suppress(OSError):
            path.unlink()


_START, _END = ".sweep-", ".tmp"


class _Refused:
    """Turns what the system says about a file into a SweepError."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (OSError, ValueError)):
            reason = getattr(error, "strerror", None) or error
            raise SweepError(f"{self._path} cannot be written: {reason}.") from error


def _mode(target: Path) -> int | None:
    """The permissions of the file that is there, which the new one keeps."""
    if target.is_symlink():
        raise OSError(ELOOP, os.strerror(ELOOP))
    if not target.exists():
        return None
    if target.is_dir():
        raise OSError(EISDIR, os.strerror(EISDIR))
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise OSError(EACCES, os.strerror(EACCES))
    return target.stat().st_mode & 0o7777
