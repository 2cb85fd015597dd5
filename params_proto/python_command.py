"""A command that starts Python: its options, and where those of the script begin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import PurePath

# Options that have no value: `-um module` has one.
_PLAIN = re.compile("-[bBdEIOPqRsSuvx]+")
_PYTHON = re.compile(r"(python|pypy)[0-9.]*t?(\.exe)?", re.IGNORECASE)


def options(command: Sequence[str]) -> list[str]:
    """The options of Python itself.

    Args:
        command: as a shell has taken it apart.

    >>> options(["python", "-u", "-W", "error", "-Xdev", "train.py", "-m", "lr=1,2"])
    ['-u', '-W', 'error', '-Xdev']
    >>> options(["python", "-O", "-m", "lab.train", "-m"])
    ['-O']
    """
    kept: list[str] = []
    given = iter(command[1:])
    for flag in given:
        has_value = flag[:2] in ("-W", "-X")
        if not has_value and not _PLAIN.fullmatch(flag):  # the script, or what it stands behind
            break
        kept.append(flag)
        if has_value and len(flag) == 2:
            kept += islice(given, 1)
    return kept


def arguments(command: Sequence[str]) -> int:
    """Where the arguments of the script begin, or of the program that is no Python.

    Args:
        command: as `options` takes it.

    >>> arguments(["python", "-u", "train.py", "-m"]), arguments(["python", "-m", "lab.train"])
    (3, 3)
    >>> arguments(["/opt/lab/bin/train", "-m"]), arguments([])
    (1, 0)
    """
    if not command or not _PYTHON.fullmatch(PurePath(command[0]).name):
        return len(command[:1])
    at = 1 + len(options(command))
    return at + (2 if command[at : at + 1] == ["-m"] else 1)
