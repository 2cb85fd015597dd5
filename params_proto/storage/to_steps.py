"""An expression -> its plain form: a mapping of steps, or a list of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from params_proto.algebra import steps
from params_proto.algebra.steps import Expression, Step
from params_proto.errors import SweepError, shown
from params_proto.overrides.reading import may_sweep
from params_proto.storage.plain import needs_axes
from params_proto.values import length

_LISTED = 10  # values up to which a range is written out
_MOST_EXCLUDED = 1_000_000
_CALLS = {"exclude": "exclude()", "slice": "[...]"}


def steps_to_mapping(expression: Expression) -> dict[str, Any] | list[dict[str, Any]]:
    """The plain form of an expression, as it stands in a file.

    Args:
        expression: the steps of a sweep.

    Returns:
        A mapping from the name of a step to its arguments; where a step occurs twice, a list
        of such mappings. Tuples, sets, paths and enum members are what they were.

    Raises:
        SweepError: a step with a function, or one that a file cannot have where it stands.

    >>> from params_proto import Sweep
    >>> steps_to_mapping(Sweep().product(lr=[0.1, 0.01], seed=range(99)).set(bs=32).expression)
    {'product': {'lr': [0.1, 0.01], 'seed': 'range(0,99)'}, 'set': {'bs': 32}}
    """
    named = list(_named(expression))
    if len({name for name, _ in named}) == len(named):
        return dict(named)
    return [{name: value} for name, value in named]


def _named(expression: Expression) -> Iterator[tuple[str, Any]]:
    if expression.prefix:
        yield "prefix", expression.prefix
    before: list[str] = []
    for step in expression.steps:
        name = type(step).__name__.lower()
        if needs_axes(name, before):
            raise SweepError(
                f"{name} stands before every axis here, where it acts on the one config that there"
                " is, and a file has no word for that. Save the configs: .jsonl; or call"
                f" {_CALLS[name]} after product(), zip(), chain() or repeat()."
            )
        before.append(name)
        yield name, _arguments(step)


def _arguments(step: Step) -> Any:
    if isinstance(step, (steps.Product, steps.Zip)):
        return {axis.key: _axis(axis.values) for axis in step.axes}
    if isinstance(step, steps.Chain):
        return [dict(row) for row in step.rows]
    if isinstance(step, steps.Set):
        return dict(step.pins)
    if isinstance(step, steps.Repeat):
        return step.times
    if isinstance(step, steps.Exclude):
        return {key: _options(options) for key, options in step.match.items()}
    if isinstance(step, steps.Derive):
        for key, rule in step.rules.items():
            if not isinstance(rule, str):
                raise SweepError(
                    f"derive: {key}: a file cannot hold a function. Write a format string,"
                    f' {key}="lr{{lr}}", or save the configs: .jsonl.'
                )
        return dict(step.rules)
    if isinstance(step, steps.Shuffle):
        return {"seed": step.seed}
    if isinstance(step, steps.Sample):
        return {"n": step.count, "seed": step.seed}
    if isinstance(step, steps.Slice):
        return str(step)
    if isinstance(step, steps.Concat):
        return [steps_to_mapping(part) for part in step.parts]
    if isinstance(step, steps.Cross):
        return steps_to_mapping(step.inner)
    raise SweepError(
        "where(...) cannot be saved: a file cannot hold a function. Use exclude(), or save the"
        " configs that it leaves: .jsonl."
    )


def _axis(values: Sequence[Any]) -> list[Any] | str:
    if isinstance(values, range) and length(values) > _LISTED:
        ends = f"{values.start},{values.stop}"
        return f"range({ends})" if values.step == 1 else f"range({ends},{values.step})"
    return list(values)


def _options(options: Sequence[Any]) -> Any:
    """The values of an exclude; a single one needs no list, unless it would read as several."""
    if length(options) > _MOST_EXCLUDED:
        raise SweepError(
            f"exclude: a file lists its values one by one, and {shown(options)} has"
            f" {length(options):,}. Sweep over the others instead."
        )
    if len(options) > 1 or isinstance(options[0], list):
        return list(options)
    return list(options) if isinstance(options[0], str) and may_sweep(options[0]) else options[0]
