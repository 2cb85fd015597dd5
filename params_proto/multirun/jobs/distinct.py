"""Sweeps of which no two jobs are equal, as can be seen from their steps alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from params_proto.expression.steps import (
    Chain,
    Concat,
    Cross,
    Expression,
    Product,
    Repeat,
    Zip,
)
from params_proto.overrides.identity import canonical


def is_distinct(expression: Expression) -> bool:
    """Whether it is certain that all jobs differ, without a look at them.

    Args:
        expression: of the sweep.

    >>> from params_proto import Sweep
    >>> grid = Sweep().product(lr=[0.1, 0.2], seed=range(10**12))
    >>> is_distinct(grid.expression), is_distinct((grid ** 2).expression)
    (True, False)
    """
    for step in expression.steps:
        if isinstance(step, (Repeat, Chain, Concat)):
            return False
        if isinstance(step, Cross) and not is_distinct(step.inner):
            return False
        if isinstance(step, Product) and not all(_differ(axis.values) for axis in step.axes):
            return False
        if isinstance(step, Zip) and not _pairs_differ([axis.values for axis in step.axes]):
            return False
    return True


def _pairs_differ(columns: Sequence[Sequence[Any]]) -> bool:
    # Numbers that differ make pairs that do; a long range is not to be gone through.
    if any(isinstance(column, range) for column in columns):
        return True
    return _differ(zip(*columns, strict=True))


def _differ(values: Iterable[Any]) -> bool:
    if isinstance(values, range):
        return True
    seen = [canonical(value) for value in values]
    return len(set(seen)) == len(seen)
