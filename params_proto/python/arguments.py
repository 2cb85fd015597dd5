"""The arguments of `Sweep.compose` and `Sweep.launch`, of the types that Hydra takes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Set
from pathlib import PurePath
from typing import Any

from params_proto.errors import shown, together


def checked(method: str, config_path: Any, config_name: Any, overrides: Any) -> list[str]:
    """The lines of the overrides, where all arguments are of a type that they can have.

    Args:
        method: which takes them.
        config_path: a folder or a package, or None.
        config_name: the primary config, or None.
        overrides: the lines, or None, which is none to `hydra.compose` as well.

    Raises:
        SweepError: what is of another type: all of it.

    >>> checked("compose", "conf", "train", ["lr=0.1"])
    ['lr=0.1']
    >>> checked("compose", "conf", 3, [])
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: compose takes a text as its config_name, got 3. Write 'train'.
    """
    mistakes: list[str] = []

    def wrong(name: str, takes: str, given: object, cure: object) -> None:
        mistakes.append(
            f"{method} takes {takes} as its {name}, got {shown(given)}. Write {cure!r}."
        )

    if not isinstance(config_path, (str, os.PathLike, type(None))):
        wrong("config_path", "a folder, or 'pkg://...',", config_path, "conf")
    if not isinstance(config_name, (str, type(None))):
        is_path = isinstance(config_name, PurePath)
        wrong("config_name", "a text", config_name, str(config_name) if is_path else "train")
    lines: list[Any] = []
    if overrides is not None and not _is_ordered(overrides):
        cure = [overrides] if isinstance(overrides, str) else ["lr=0.1", "seed=7"]
        wrong("overrides", "a list of lines", overrides, cure)
    elif overrides is not None:
        lines += overrides
    for line in lines:
        if not isinstance(line, str):
            wrong("overrides", "lines of text", line, ["lr=0.1", "seed=7"])
    if mistakes:
        raise together(mistakes)
    return lines


def _is_ordered(lines: object) -> bool:
    """Whether these come one by one; those of a set do in another order in each process."""
    return isinstance(lines, Iterable) and not isinstance(lines, (str, bytes, Mapping, Set))
