"""A key, and another below it: `model` with a mapping for a value, and `model.lr`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import is_dataclass

from params_proto.algebra import steps
from params_proto.algebra.steps import Expression
from params_proto.errors import Mistake, together
from params_proto.keys import bare, in_full


def refuse_overlap(expression: Expression) -> None:
    """Finds keys that would give one value twice, which a loop and a job would read differently.

    A config group and a value below it (`model` and `model.lr`) are no such keys, nor are keys that
    no config has together: those of different rows, or of sweeps one after the other. What is
    deleted below a mapping (`~model.lr`) is given no value.

    Raises:
        SweepError: a key has mappings for values, and another key stands below it.

    >>> from params_proto import Sweep
    >>> Sweep().product({"d": [{"x": 1}], "d.x": [2]})
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: d and d.x give one value twice: d has a mapping, in which x \
stands. Put x into the mappings of d, or write each entry with dots.
    """
    names = [bare(key) for key in expression.places if not key.startswith("~")]
    here = Expression(expression.steps)  # its keys as they were given
    mistakes = [
        Mistake(
            f"{above} and {below} give one value twice: {above} has a mapping, in which"
            f" {below[len(above) + 1 :]} stands. Put {below[len(above) + 1 :]} into the mappings of"
            f" {above}, or write each entry with dots.",
            below,
            _row(expression.steps[-1], {above, below}),
        )
        for above, below in _pairs(names)
        if _together(here, above, below)
    ]
    if mistakes:
        raise together(mistakes)


def _together(expression: Expression, above: str, below: str) -> bool:
    """Whether a config may have a mapping at one key, and a value at the key below it."""
    alone = [Expression((step,), expression.prefix) for step in expression.steps]
    whole = [one for one in alone if _maps(one.entries_in_full(), above)]
    parts = [one for one in alone if below in map(bare, one.places_in_full)]
    if not whole or not parts:
        return False
    if len(whole) > 1 or whole != parts:
        return True
    step = whole[0].steps[0]
    if isinstance(step, steps.Cross):
        return _together(step.inner, above, below)
    if isinstance(step, steps.Concat):
        return any(_together(part, above, below) for part in step.parts)
    if isinstance(step, steps.Chain):
        full = [[(in_full(expression.prefix, key), row[key]) for key in row] for row in step.rows]
        return any(_maps(row, above) and below in [bare(key) for key, _ in row] for row in full)
    return True


def _row(step: steps.Step, names: set[str]) -> int | None:
    """The number of the first row of a chain that has some keys."""
    rows = step.rows if isinstance(step, steps.Chain) else ()
    return next((at for at, row in enumerate(rows) if names <= set(map(bare, row))), None)


def _maps(entries: Iterable[tuple[str, object]], name: str) -> bool:
    """Whether a mapping is among the values of a key."""
    return any(
        bare(key) == name and (isinstance(value, Mapping) or is_dataclass(value))
        for key, value in entries
    )


def _pairs(keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each key that stands below another, after that one."""
    named = set(keys)
    for key in keys:
        above = key.rpartition(".")[0]
        while above:
            if above in named:
                yield above, key
            above = above.rpartition(".")[0]
