"""`params-proto show` and `schema`: sweeps that have not run."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from itertools import islice
from pathlib import Path

from params_proto.algebra.expression import Concat, Cross, Expression
from params_proto.algebra.steps import Step
from params_proto.analysis.text import aligned
from params_proto.errors import SweepError
from params_proto.multirun.sources import configured
from params_proto.records.manifest import SWEEP
from params_proto.storage.plain import options_in
from params_proto.sweep import Sweep

_COUNTED = 100_000  # configs that exclude and where look at, to count what they leave


def show(sweep: str, head: int, config_dir: str | None = None) -> str:
    """The expression, its size, and its first configs.

    Args:
        sweep: a file, `path.py:attribute`, or the directory of a sweep.
        head: how many configs.
        config_dir: where a `glob` finds the options of config groups.

    Raises:
        SweepError: it is not a sweep.
    """
    # Modules are found from the working directory on, as `python -m` finds them.
    if not sys.flags.safe_path and os.getcwd() not in sys.path[:1]:
        sys.path.insert(0, os.getcwd())
    saved = Path(sweep) / SWEEP
    try:
        steps = configured(
            str(saved) if saved.is_file() else sweep,
            cwd=Path.cwd(),
            loader=options_in(config_dir),
        )
        read = Sweep.from_expression(steps.expression, *steps.targets)
    except SweepError as error:  # which names the option that it would be in
        raise SweepError(str(error).removeprefix("hydra.sweeper.sweep=")) from error
    keys = list(read.keys)
    rows = [[at, *map(config.get, keys)] for at, config in enumerate(islice(read, head))]
    size: int | None = None
    whole = _unfiltered(read.expression).space().size
    if whole <= _COUNTED or not read.expression.filters:
        size = read.size
    elif len(rows) < head:
        size = len(rows)
    lines = [
        repr(read),
        f"{_number(size, 'config')} of {_number(len(keys), 'key')}: {', '.join(keys)}",
        *([aligned(["job", *keys], rows)] if rows else []),
    ]
    if size is None:
        lines.append(f"and more, not counted: exclude and where look at each of {whole} configs")
    elif size > len(rows):
        lines.append(f"and {size - len(rows)} more")
    return "\n".join(lines)


def _unfiltered(expression: Expression) -> Expression:
    """The configs that exclude and where look at."""
    kept: list[Step] = []
    for step in expression.steps:
        if isinstance(step, Concat):
            step = Concat(tuple(map(_unfiltered, step.parts)))
        elif isinstance(step, Cross):
            step = Cross(_unfiltered(step.inner))
        if not step.filters:
            kept.append(step)
    return Expression(tuple(kept))


def _number(number: int | None, what: str) -> str:
    return f"{what}s" if number is None else f"{number} {what}{'' if number == 1 else 's'}"


def schema() -> str:
    """The JSON schema of sweep files, with which an editor checks and completes them.

    >>> schema().splitlines()[2]
    '  "title": "A sweep of hydra-params-proto",'
    """
    return files("params_proto.storage").joinpath("sweep.schema.json").read_text("utf-8").rstrip()
