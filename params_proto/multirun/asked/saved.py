"""`sweep.yaml`: the sweep that runs, written so that the same sweep runs again from it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from params_proto.algebra.expression import Expression
from params_proto.algebra.steps import Chain, Edit
from params_proto.errors import SweepError
from params_proto.multirun.asked.plan import Plan
from params_proto.overrides.parse import parse
from params_proto.overrides.render import render
from params_proto.storage.yaml_file import text_of

_FEW = 10
_MOST = 1_000_000  # configs that are written one by one
_ATOMS = (str, bool, int, float, type(None))


def text(plan: Plan) -> str:
    """The content of `sweep.yaml`.

    A step that a file cannot hold, with a function in it, is written as the rows that it gave.
    Keys that were given from outside are spelled as there: `++lr` does what `lr` may not.

    Args:
        plan: all that was asked for.

    >>> from params_proto import Sweep
    >>> sweep = Sweep().product(x=[1, 2]).derive(y=lambda config: config["x"] + 1)
    >>> print(text(Plan(sweep.expression, {}, (), bool)), end="")
    chain:
    - {x: 1, y: 2}
    - {x: 2, y: 3}
    """

    def spelled(key: str) -> str:
        return plan.spelling.get(key, key)

    try:
        return text_of(plan.expression.map(Edit(key=spelled)).plain())
    except SweepError as error:
        _rows(plan, _FEW)  # which shows a value that no file has a word for, before all are listed
        size = plan.size  # None where it would take a look at each
        if plan.exceeds(_MOST) if size is None else size > _MOST:
            raise SweepError(
                f"{error} Such a sweep is written down config by config, which are more than"
                f" {_MOST:,} here."
            ) from error
        return _rows(plan, _MOST)


def _rows(plan: Plan, most: int) -> str:
    """The first configs, one by one."""
    configs = islice(plan.space, most)
    rows = tuple([_as_hydra_has_it(config, plan.spelling) for config in configs])
    return text_of(Expression((Chain(rows),)).plain())


def _as_hydra_has_it(config: Mapping[str, Any], spelling: Mapping[str, str]) -> dict[str, Any]:
    """The config with what the jobs get: a name for a function, a list for a tuple."""
    return {spelling.get(key, key): _held(key, value) for key, value in config.items()}


def _held(key: str, value: Any) -> Any:
    try:
        return value if isinstance(value, _ATOMS) else parse(render(value))
    except SweepError as error:
        raise SweepError(f"{key}: {error}") from error
