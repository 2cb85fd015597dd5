"""`params-proto show sweep.yaml`."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from params_proto.algebra.expression import Concat, Cross, Expression
from params_proto.algebra.steps import Step
from params_proto.analysis.text import aligned
from params_proto.errors import SweepError
from params_proto.multirun.plan import Plan
from params_proto.multirun.sources import configured
from params_proto.records.layout import SWEEP
from params_proto.storage.plain import options_in
from params_proto.sweep import Sweep

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader


_COUNTED = 100_000  # configs that exclude and where look at, to count what they leave


def run(sweep: str, head: int, config_dir: str | None = None) -> str:
    """The expression, its size, and its first configs.

    Args:
        sweep: a file, `path.py:attribute`, or the directory of a sweep.
        head: how many configs.
        config_dir: where a `glob` finds the options of config groups.

    Raises:
        SweepError: it is no sweep.
    """
    with _from_here():
        return _shown(sweep, head, None if config_dir is None else options_in(config_dir))


@contextmanager
def _from_here() -> Generator[None, None, None]:
    """Within, modules are found from the working directory on, as `python -m` finds them."""
    here = os.getcwd()
    # Whoever wants only what is installed says so to Python.
    if getattr(sys.flags, "safe_path", False) or sys.path[:1] == [here]:
        yield
        return
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _shown(sweep: str, head: int, loader: ConfigLoader | None) -> str:
    of_directory = Path(sweep) / SWEEP
    try:
        file = str(of_directory) if of_directory.is_file() else sweep
        steps = configured(file, cwd=Path.cwd(), loader=loader)
        read = Sweep.from_expression(steps.expression, *steps.targets)
    except SweepError as error:  # which names the option that it would be in
        raise SweepError(str(error).removeprefix("hydra.sweeper.sweep=")) from error
    keys = list(read.keys)
    first = [*islice(read, head)]
    rows = [[number, *[config.get(key) for key in keys]] for number, config in enumerate(first)]
    unfiltered = _unfiltered(read.expression)
    whole = unfiltered.space().size
    size: int | None = None
    if unfiltered == read.expression or whole <= _COUNTED:
        size = Plan(read.expression, {}, (), bool).space.size
    elif len(rows) < head:
        size = len(rows)
    names = f"{len(keys)} key{'' if len(keys) == 1 else 's'}: {', '.join(keys)}"
    lines = [repr(read), f"{_counted(size)} of {names}"]
    if rows:
        lines.append(aligned(["job", *keys], rows))
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
            kept.append(Concat(tuple(map(_unfiltered, step.parts))))
        elif isinstance(step, Cross):
            kept.append(Cross(_unfiltered(step.inner)))
        elif not step.filters:
            kept.append(step)
    return Expression(tuple(kept))


def _counted(size: int | None) -> str:
    return "configs" if size is None else "1 config" if size == 1 else f"{size} configs"
