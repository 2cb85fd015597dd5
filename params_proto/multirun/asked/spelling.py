"""Keys of an expression as they were spelled from outside: `++lr` over a configured `lr`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from params_proto.algebra import steps, template
from params_proto.algebra.steps import Axis, Expression, Step
from params_proto.keys import in_full

_Value = TypeVar("_Value")


def respelled(expression: Expression, spelling: Mapping[str, str]) -> Expression:
    """An expression with other names for some keys, also where a step reads them.

    Args:
        expression: one without functions, which would go on reading the former names.
        spelling: the new names by the former ones, both in full.

    >>> from params_proto import Sweep
    >>> sweep = Sweep().product({"lr": [1, 2]}).derive(name="lr{lr}")
    >>> respelled(sweep.expression, {"lr": "++lr"}).steps[1]
    Derive(rules={'name': 'lr{++lr}'}, fits={})
    """
    changed = {key: name for key, name in spelling.items() if key != name}
    return _Names(changed, expression.prefix).expression(expression) if changed else expression


class _Names:
    """The names of an expression's keys, which stand under a node if they are plain."""

    def __init__(self, spelling: Mapping[str, str], prefix: str) -> None:
        self._spelling = spelling
        self._prefix = prefix

    def expression(self, expression: Expression) -> Expression:
        renamed = tuple([self._step(step) for step in expression.steps])
        return Expression(renamed, expression.prefix)

    def _name(self, key: str) -> str:
        return self._spelling.get(in_full(self._prefix, key), key)

    def _keys(self, entries: Mapping[str, _Value]) -> dict[str, _Value]:
        return {self._name(key): value for key, value in entries.items()}

    def _step(self, step: Step) -> Step:
        if isinstance(step, (steps.Product, steps.Zip)):
            axes = [Axis(self._name(axis.key), axis.values) for axis in step.axes]
            return type(step)(tuple(axes))
        if isinstance(step, steps.Chain):
            return steps.Chain(tuple([self._keys(row) for row in step.rows]))
        if isinstance(step, steps.Set):
            return steps.Set(self._keys(step.pins))
        if isinstance(step, steps.Exclude):
            return steps.Exclude(self._keys(step.match))
        if isinstance(step, steps.Derive):
            rules = {
                key: template.renamed(rule, self._name) if isinstance(rule, str) else rule
                for key, rule in step.rules.items()
            }
            return replace(step, rules=self._keys(rules))
        if isinstance(step, steps.Cross):
            return steps.Cross(self._nested(step.inner))
        if isinstance(step, steps.Concat):
            return steps.Concat(tuple([self._nested(part) for part in step.parts]))
        return step

    def _nested(self, inner: Expression) -> Expression:
        return _Names(self._spelling, inner.prefix or self._prefix).expression(inner)
