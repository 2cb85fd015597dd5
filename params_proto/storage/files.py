"""A sweep in a file: `.yaml` holds the expression, `.jsonl` and `.csv` the configs."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from params_proto.errors import SweepError
from params_proto.storage import atomic
from params_proto.storage.rows import chain

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader

    from params_proto.algebra.builder import Builder

_SUFFIXES = (".yaml", ".jsonl", ".csv")


def save(sweep: Builder, path: str | os.PathLike[str]) -> None:
    """Writes a sweep to a file, atomically.

    Args:
        sweep: the sweep.
        path: ends with `.yaml` for the expression, with `.jsonl` or `.csv` for the configs.

    Raises:
        SweepError: what the format has no word for, by its key; the file cannot be written.
    """
    suffix = Path(path).suffix
    text: Iterable[str]
    if suffix == ".yaml":
        from params_proto.storage.members import check_members
        from params_proto.storage.writer import text_of

        text = [text_of(sweep.plain())]
        check_members(sweep)
    elif suffix == ".jsonl":
        from params_proto.storage.jsonl import lines_of

        text = lines_of(sweep.configs())
    elif suffix == ".csv":
        from params_proto.storage.csv_table import lines_of

        text = lines_of(sweep.configs())
    else:
        _unknown(path)
    atomic.write(path, text)


def load(
    path: str | os.PathLike[str],
    empty: Builder,
    *,
    config_dir: str | os.PathLike[str] | None = None,
    config_loader: ConfigLoader | None = None,
) -> Builder:
    """Reads a sweep from a file, of which nothing is executed.

    Args:
        path: a file that `save` wrote, or that was written by hand.
        empty: the sweep of nothing yet, over its targets.
        config_dir: where a `glob` in a `.yaml` finds the options of a config group.
        config_loader: Hydra's, for the same.

    Raises:
        SweepError: the file is not there or is no sweep; it names the path and the line.
    """
    if Path(path).suffix not in _SUFFIXES:
        _unknown(path)
    name, text = os.fspath(path), _text(path)
    return parsed(text, name, empty, config_dir=config_dir, config_loader=config_loader)


def parsed(
    text: str,
    name: str,
    empty: Builder,
    *,
    config_dir: str | os.PathLike[str] | None = None,
    config_loader: ConfigLoader | None = None,
) -> Builder:
    """The sweep in the text of a file, of which nothing is executed.

    Args:
        text: the content.
        name: the path, whose ending says what it is.
        empty: the sweep of nothing yet, over its targets.
        config_dir: where a `glob` in a `.yaml` finds the options of a config group.
        config_loader: Hydra's, for the same.

    Raises:
        SweepError: the text is no sweep; it names the path and the line.
    """
    suffix = Path(name).suffix
    if suffix == ".yaml":
        from params_proto.storage import reader
        from params_proto.storage.from_steps import sweep_from_steps

        document = reader.read(text, name)
        return sweep_from_steps(
            document.root,
            empty,
            where=document,
            config_loader=config_loader,
            config_dir=config_dir,
        )
    if suffix == ".jsonl":
        from params_proto.storage.jsonl import read
    else:
        from params_proto.storage.csv_table import read
    rows, lines = read(text, name)
    return chain(rows, empty, lambda index: f"{name}:{lines[index]}")


def _text(path: str | os.PathLike[str]) -> str:
    try:
        raw = Path(path).read_bytes().removeprefix(BOM_UTF8)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SweepError(f"{os.fspath(path)} cannot be read: {reason}.") from error
    if not raw:
        raise SweepError(f"{os.fspath(path)}:1: the file is empty.")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SweepError(f"{os.fspath(path)}:{line}: this is no text in UTF-8.") from error


def _unknown(path: str | os.PathLike[str]) -> NoReturn:
    raise SweepError(
        f"{os.fspath(path)}: a sweep's file ends with .yaml (the expression), .jsonl or .csv (the"
        " configs)."
    )
