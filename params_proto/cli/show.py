"""`params-proto show` and `schema`: sweeps that have not run."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from itertools import islice
from pathlib import Path

from params_proto._text import pluralize
from params_proto.analysis.text import format_table
from params_proto.errors import SweepError
from params_proto.multirun.sources import load_configured_sweep
from params_proto.records.manifest import SWEEP
from params_proto.storage.plain import options_loader
from params_proto.sweep import Sweep

_COUNTED = 100_000  # configs left by exclude and where; more are not counted


def show(sweep: str, head: int, config_dir: str | None = None) -> str:
    """The expression of a sweep, its size, and its first `head` configs.

    `sweep` is a file, `path.py:attribute`, or the directory of a sweep.
    """
    # Modules are looked up in the working directory first, as with `python -m`.
    sys.path.insert(0, os.getcwd())
    saved = Path(sweep) / SWEEP
    try:
        steps = load_configured_sweep(
            str(saved) if saved.is_file() else sweep,
            cwd=Path.cwd(),
            loader=options_loader(config_dir),
        )
        loaded = Sweep.from_expression(steps.expression, *steps.targets)
    except SweepError as error:  # it starts with an option that this command does not have
        raise SweepError(str(error).removeprefix("hydra.sweeper.sweep=")) from error
    keys = list(loaded.keys)
    rows = [[at, *map(config.get, keys)] for at, config in enumerate(islice(loaded, max(head, 0)))]
    # Configs left by exclude and where are counted one by one.
    size = sum(1 for _ in islice(loaded, _COUNTED)) if loaded.expression.filters else loaded.size
    least = "at least " if size == _COUNTED and loaded.expression.filters else ""
    keyed = f"{pluralize(len(keys), 'key')}: {', '.join(keys)}"
    count = f"{least}{pluralize(size, 'config')} of {keyed}"
    lines = [repr(loaded), count, *format_table(["job", *keys], rows)]
    if size > len(rows):
        lines.append(f"and {least}{size - len(rows):,} more")
    return "\n".join(lines)


def schema() -> str:
    """The JSON schema of sweep files, with which an editor checks and completes them.

    >>> schema().splitlines()[2]
    '  "title": "A sweep of hydra-params-proto",'
    """
    return files("params_proto.storage").joinpath("sweep.schema.json").read_text("utf-8").rstrip()
