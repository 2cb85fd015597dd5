"""A key, and another below it: `model` with a mapping for a value, and `model.lr`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import is_dataclass

from params_proto.errors import together
from params_proto.expression.steps import Expression
from params_proto.keys import bare


def refuse_overlap(expression: Expression) -> None:
    """Finds keys that would give one value twice, which a loop and a job would read differently.

    A config group and a value below it (`model` and `model.lr`) are no such keys.

    Raises:
        SweepError: a key has mappings for values, and another key stands below it.

    >>> from params_proto import Sweep
    >>> Sweep().product({"d": [{"x": 1}], "d.x": [2]})
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: d and d.x give one value twice: d has a mapping, in which x \
stands. Put x into the mappings of d, or write each entry with dots.
    """
    pairs = list(_pairs([bare(key) for key in expression.places]))
    if not pairs:
        return
    whole = {
        bare(key)
        for key, value in Expression(expression.steps).entries_in_full()
        if isinstance(value, Mapping) or is_dataclass(value)
    }
    mistakes = [
        f"{above} and {below} give one value twice: {above} has a mapping, in which"
        f" {below[len(above) + 1 :]} stands. Put {below[len(above) + 1 :]} into the mappings of"
        f" {above}, or write each entry with dots."
        for above, below in pairs
        if above in whole
    ]
    if mistakes:
        raise together(mistakes)


def _pairs(keys: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each key that stands below another, after that one."""
    named = set(keys)
    for key in keys:
        above = key.rpartition(".")[0]
        while above:
            if above in named:
                yield above, key
            above = above.rpartition(".")[0]
