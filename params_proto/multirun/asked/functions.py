"""The functions in a sweep, whose failures are mistakes in it, told as such."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from params_proto.algebra import steps
from params_proto.algebra.steps import Config, Expression, Step
from params_proto.errors import SweepError, shown


def guarded(expression: Expression) -> Expression:
    """The same expression, in which what a function raises becomes a SweepError.

    >>> def ratio(config): return 1 / config["x"]
    >>> guarded(Expression((steps.Where(ratio),))).steps[0].predicate({"x": 0})
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: where: its function raises ZeroDivisionError: division by zero,\
 for the config {'x': 0}.
    """
    guarded_steps = tuple([_guarded(step) for step in expression.steps])
    return Expression(guarded_steps, expression.prefix)


def _guarded(step: Step) -> Step:
    if isinstance(step, steps.Where):
        return steps.Where(partial(_called, step.predicate, "where"))
    if isinstance(step, steps.Derive):
        rules = {
            key: rule if isinstance(rule, str) else partial(_called, rule, f"derive: {key}")
            for key, rule in step.rules.items()
        }
        return replace(step, rules=rules)
    if isinstance(step, steps.Cross):
        return steps.Cross(guarded(step.inner))
    if isinstance(step, steps.Concat):
        return steps.Concat(tuple(map(guarded, step.parts)))
    return step


def _called(function: Callable[[Config], Any], place: str, config: Config) -> Any:
    try:
        return function(config)
    except SweepError:
        raise
    except Exception as error:
        raise SweepError(
            f"{place}: its function raises {type(error).__name__}: {error}, for the config"
            f" {shown(config)}."
        ) from error
