"""A sweep in a file: `.yaml` holds the expression, `.jsonl` and `.csv` the configs."""

from __future__ import annotations

import os
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.storage.plain import chain_of_rows, sweep_from_steps

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader

    from params_proto.algebra.builder import Builder


def save(sweep: Builder, path: str | os.PathLike[str]) -> None:
    """Writes a sweep to a file: `.yaml` for the steps, `.jsonl` or `.csv` for the configs."""
    suffix = _suffix(path)
    text: Iterable[str]
    if suffix == ".yaml":
        from params_proto.storage.yaml_file import dump_yaml

        text = [dump_yaml(sweep.plain())]
    else:
        from params_proto.storage.table_file import csv_lines, jsonl_lines

        text = csv_lines(sweep.space) if suffix == ".csv" else jsonl_lines(sweep.space)
    _files.write(path, text)


def load(
    path: str | os.PathLike[str], empty: Builder, config_loader: ConfigLoader | None = None
) -> Builder:
    """Reads a sweep from a file, executing nothing in it.

    Args:
        path: a file written by `save` or by hand.
        empty: the empty sweep over the targets.
        config_loader: Hydra's loader, for `glob` in a `.yaml`.
    """
    _suffix(path)
    name = os.fspath(path)
    try:
        text = Path(path).read_bytes().removeprefix(BOM_UTF8).decode()
    except (OSError, ValueError) as error:
        raise SweepError(f"{name} cannot be read: {_files.reason(error)}.") from error
    return parse_file(text, name, empty, config_loader)


def parse_file(
    text: str, name: str, empty: Builder, config_loader: ConfigLoader | None = None
) -> Builder:
    """The sweep in the text of a file, in the format of the ending of `name`. See `load`."""
    if name.endswith(".yaml"):
        from params_proto.storage.yaml_file import Document

        document = Document(text, name)
        return sweep_from_steps(document.root, empty, where=document, config_loader=config_loader)
    from params_proto.storage.table_file import read_csv, read_jsonl

    rows, lines = read_csv(text, name) if name.endswith(".csv") else read_jsonl(text, name)
    return chain_of_rows(rows, empty, lambda index: f"{name}:{lines[index]}")


def _suffix(path: str | os.PathLike[str]) -> str:
    suffix = Path(path).suffix
    if suffix not in (".yaml", ".jsonl", ".csv"):
        raise SweepError(
            f"{os.fspath(path)}: a sweep's file ends with .yaml (the expression), .jsonl or .csv"
            " (the configs)."
        )
    return suffix
