"""The steps that a file may hold, and what each of them looks like."""

from __future__ import annotations

from collections.abc import Collection

FORM = "a mapping of steps, product: {lr: [0.1, 0.01]}, or a list of such mappings"
STEPS = {
    "product": "a mapping from keys to lists of values, product: {lr: [0.1, 0.01]}",
    "zip": "a mapping from keys to lists of values, zip: {lr: [0.1, 0.01], batch_size: [32, 64]}",
    "chain": "a list of rows, chain: [{lr: 0.1}, {lr: 0.01}]",
    "set": "a mapping from keys to values, set: {epochs: 10}",
    "repeat": "a number of times, repeat: 3",
    "exclude": "a mapping from keys to values, exclude: {lr: 0.1}",
    "derive": 'a mapping from keys to format strings, derive: {name: "lr{lr}"}',
    "shuffle": "a seed, shuffle: {seed: 0}",
    "sample": "the number of configs to take, sample: {n: 10, seed: 0}",
    "slice": 'text, in quotes as YAML reads 1:30 as a number, slice: "2:10:3"',
    "concat": "a list of sweeps, concat: [{product: ...}, {product: ...}]",
    "cross": "a sweep, cross: {product: ...}",
    "prefix": "the name of a prefix class's node, prefix: training",
}
"""What each step needs, with an example."""

MOST_TOLD = 10  # mistakes of one file

_AXES = frozenset({"product", "zip", "chain", "concat", "cross", "repeat"})
_OF_AXES = frozenset({"exclude", "shuffle", "sample", "slice"})


def stands_alone(step: str, before: Collection[str]) -> bool:
    """Whether a step that needs axes stands above all of them.

    Args:
        step: the name of the step.
        before: the names of the steps above it.
    """
    return step in _OF_AXES and _AXES.isdisjoint(before)


def acts_on_nothing(step: str, before: Collection[str]) -> str | None:
    """What is wrong with a step that needs axes and stands above all of them; None where it is not.

    Args:
        step: the name of the step.
        before: the names of the steps above it.

    >>> acts_on_nothing("shuffle", ["set"])
    'shuffle stands above every axis, where it acts on nothing. Put it below them.'
    >>> acts_on_nothing("shuffle", ["set", "product"]) is None
    True
    """
    if not stands_alone(step, before):
        return None
    return f"{step} stands above every axis, where it acts on nothing. Put it below them."
