"""Files that are written whole or not at all, and standard streams that may be closed."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from errno import EACCES
from pathlib import Path
from typing import Any, TextIO

from params_proto.errors import SweepError


def write(
    path: str | os.PathLike[str],
    chunks: Iterable[str],
    *,
    durable: bool = True,
    as_folder: bool = False,
) -> None:
    """Writes a file atomically: readers find the old one or the new one.

    The text goes into a hidden file in the same directory, which replaces the old one when it is
    complete and on the disk. If the path is a link, its target is replaced.

    Args:
        path: the file, in an existing directory.
        chunks: its text in pieces; exceptions while producing them are passed on.
        durable: whether to wait for the disk; otherwise a power failure within seconds may lose
            the file.
        as_folder: whether a new file gets the read and write permissions of its directory.
    """
    with _write_errors(path):
        target = Path(os.path.realpath(path))
        mode = target.parent.stat().st_mode & 0o666 if as_folder else None
        if target.exists():  # the new file keeps its permissions
            mode = target.stat().st_mode & 0o7777
            effective = os.access in os.supports_effective_ids
            if not os.access(target, os.W_OK, effective_ids=effective):
                raise PermissionError(EACCES, os.strerror(EACCES))
        draft = target.with_name(f".sweep-{os.urandom(8).hex()}.tmp")
        file = draft.open("xb")
    try:
        for chunk in chunks:
            with _write_errors(path):
                file.write(chunk.encode())
        with _write_errors(path):
            file.flush()
            if durable:
                os.fsync(file.fileno())
            file.close()
            if mode is not None:
                draft.chmod(mode)
            draft.replace(target)
    except BaseException:
        with suppress(OSError):
            file.close()  # may try to write what is still buffered
        with suppress(OSError):
            draft.unlink()
        raise


def reason(error: OSError | ValueError) -> str:
    """The system's message about a file."""
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def _write_errors(path: str | os.PathLike[str]) -> Generator[None, None, None]:
    """Turns an OSError into a SweepError."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise SweepError(f"{os.fspath(path)} cannot be written: {reason(error)}.") from error


@contextmanager
def until_closed() -> Generator[None, None, None]:
    r"""Prints to standard output, tolerating a reader that stops, such as `head`.

    Output after the reader has gone is dropped, instead of ending Python with an error. A character
    that the output's encoding lacks is written as `\xe9`.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_stderr(*lines: str) -> None:
    """Writes lines to standard error, if it is open: the sweep outlives a pipe or a terminal."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write("".join(f"{line}\n" for line in lines))
        sys.stderr.flush()


def is_terminal(stream: Any) -> bool:
    """Whether a stream is a terminal that moves its cursor."""
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        return False
    try:
        return stream.isatty()
    except (ValueError, AttributeError):  # closed, or none
        return False


def has_colors(stream: TextIO) -> bool:
    """Whether a stream is a terminal with colors that the user has not disabled."""
    return not os.environ.get("NO_COLOR") and is_terminal(stream)
