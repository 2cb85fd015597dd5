"""Which jobs of a sweep are equal, as can be seen from its steps alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import prod
from typing import Any

from params_proto.expression.steps import (
    Chain,
    Concat,
    Cross,
    Derive,
    Expression,
    Product,
    Repeat,
    Set,
    Step,
    Zip,
)
from params_proto.keys import bare, related
from params_proto.overrides.identity import canonical
from params_proto.values import length


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


def occurrence_of(expression: Expression) -> Callable[[int], int] | None:
    """What says of a job, by its index, how many equal ones come before it.

    Args:
        expression: of the sweep.

    Returns:
        None where that takes a look at the jobs.

    >>> from params_proto import Sweep
    >>> grid = Sweep().product(lr=[0.1, 0.2]).repeat(3).product(seed=range(10**12))
    >>> occurrence = occurrence_of(grid.expression)
    >>> [occurrence(at * 10**12 + 7) for at in range(6)]
    [0, 1, 2, 0, 1, 2]
    """
    sizes: list[tuple[int, bool]] = []  # of what multiplies the jobs, and whether it repeats them
    axes, pins, others = list[str](), list[str](), list[Step]()
    for step in expression.steps:
        if isinstance(step, Repeat):
            sizes.append((step.times, True))
            continue
        others.append(step)
        if isinstance(step, (Product, Zip)):
            lengths = [length(axis.values) for axis in step.axes]
            sizes.append((prod(lengths) if isinstance(step, Product) else lengths[0], False))
            axes += [axis.key for axis in step.axes]
        elif isinstance(step, Set):
            pins += step.pins
        elif not isinstance(step, Derive):
            return None
    # A key that is pinned has no axis any more.
    pinned = any(related(bare(pin), bare(axis)) for pin in pins for axis in axes)
    if pinned or not is_distinct(Expression(tuple(others))):
        return None

    def occurrence(index: int) -> int:
        before, weight = 0, 1
        for size, repeats in reversed(sizes):
            index, digit = divmod(index, size)
            if repeats:
                before, weight = before + digit * weight, weight * size
        return before

    return occurrence


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
