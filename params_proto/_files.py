"""Files that are written whole or not at all, and a standard output that may be closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from errno import EACCES
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
        mode = target.parent.stat().st_mode & 0o666 if as_folder else None
        if target.exists():  # whose permissions the new one keeps
            mode = target.stat().st_mode & 0o7777
            effective = os.access in os.supports_effective_ids
            if not os.access(target, os.W_OK, effective_ids=effective):
                raise PermissionError(EACCES, os.strerror(EACCES))
        draft = target.with_name(f".sweep-{os.urandom(8).hex()}.tmp")
        file = draft.open("xb")
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
                draft.chmod(mode)
            draft.replace(target)
    except BaseException:
        with suppress(OSError):
            file.close()  # which writes what is left, where it can
        with suppress(OSError):
            draft.unlink()
        raise


def reason(error: OSError | ValueError) -> str:
    """What the system says about a file."""
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def _refusals(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Turns an error of the file system into a SweepError."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise SweepError(f"{os.fspath(path)} cannot be written: {reason(error)}.") from error


@contextmanager
def until_closed() -> Generator[None, None, None]:
    r"""Prints to a standard output whose reader may stop, as `head` does, or lack characters.

    What is printed after the reader has gone is dropped, where Python would end with an error. A
    character that the output's encoding lacks is written as `\xe9`.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
