"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from errno import EACCES, EISDIR, ELOOP
from pathlib import Path

from params_proto.errors import SweepError

_START, _END = ".sweep-", ".tmp"


def write(
    path: str | os.PathLike[str],
    chunks: Iterable[str],
    *,
    lasting: bool = True,
    as_folder: bool = False,
) -> None:
    """Writes a file so that at every moment there is the old one or the new one.

    The text goes into a hidden file in the same directory, which replaces the old one when it is
    complete and on the disk. A link stays a link: the file that it points to is written.

    Args:
        path: the file, in an existing directory.
        chunks: its text, piece by piece. What producing them raises passes through.
        lasting: whether to wait for the disk. Without it, a machine that loses its power in the
            next seconds may lose the file.
        as_folder: whether a new file has the read and write permissions of its directory.

    Raises:
        SweepError: the file cannot be written.
    """
    with _refusals(path):
        target = Path(os.path.realpath(path))
        mode = _mode(target)
        if mode is None and as_folder:
            mode = target.parent.stat().st_mode & 0o666
        made = target.with_name(f"{_START}{os.urandom(8).hex()}{_END}")
        file = made.open("xb")
    try:
        for chunk in chunks:
            with _refusals(path):
                file.write(chunk.encode())
        with _refusals(path):
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
    """Removes the hidden files of processes that died while they wrote.

    Args:
        directory: nobody else may be writing into it.
    """
    for path in directory.glob(f"{_START}{'[0-9a-f]' * 16}{_END}"):
        with suppress(OSError):
            path.unlink()


@contextmanager
def _refusals(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Turns an error of the file system into a SweepError."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise SweepError(f"{os.fspath(path)} cannot be written: {reason(error)}.") from error


def reason(error: OSError | ValueError) -> str:
    """What the system says about a file."""
    return getattr(error, "strerror", None) or str(error)


def _mode(target: Path) -> int | None:
    """The permissions of an existing file, which the new one keeps."""
    if not os.path.lexists(target):
        return None
    if target.is_symlink():
        raise OSError(ELOOP, os.strerror(ELOOP))
    if target.is_dir():
        raise OSError(EISDIR, os.strerror(EISDIR))
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise OSError(EACCES, os.strerror(EACCES))
    return target.stat().st_mode & 0o7777
