"""The command line over a configured sweep: its keys take the places that they have there."""

from __future__ import annotations

from collections.abc import Iterable

from params_proto.algebra import steps
from params_proto.algebra.steps import Axis, Expression, Step
from params_proto.keys import bare, in_full
from params_proto.values import length

_READERS = (steps.Where, steps.Exclude, steps.Derive)

Block = steps.Product | steps.Zip
"""One key with its values, or several that are paired."""


def override(expression: Expression, block: Block, *, last: bool = False) -> Expression:
    """An expression whose keys stand in full, with some keys given values from outside.

    A single value is pinned, as `set` pins. Several take the place of the key's axis, however deep
    it stands; a zip keeps its other keys paired, a chain its rows. A new key multiplies, fastest.

    Args:
        expression: what is configured.
        block: the keys from outside, spelled as in the expression where they stand there.
        last: whether several values come after all other keys, as they do where another row has
            a key above or below: Hydra has the last one win.

    >>> def e(*some): return Expression(tuple(some))
    >>> a = steps.Product((Axis("lr", (1, 2)), Axis("bs", (3,))))
    >>> override(e(a), steps.Product((Axis("lr", range(9)),))).steps[0].axes
    (Axis(key='lr', values=range(0, 9)), Axis(key='bs', values=(3,)))
    """
    keys = frozenset(axis.key for axis in block.axes)
    new = keys.isdisjoint(expression.places)
    # A new key is not for the steps that look at whole configs, as it would be if it were pinned.
    if length(block.axes[0].values) == 1 and not (new and _reads(expression)):
        return expression.then(steps.Set({axis.key: axis.values[0] for axis in block.axes}))
    if new:
        return expression.then(block)
    if last:
        return _replaced(expression, steps.Product(()), keys, "")[0].then(block)
    replaced, placed = _replaced(expression, block, keys, "")
    return replaced if placed else replaced.then(block)


def apart(expression: Expression, one: str, other: str) -> bool:
    """Whether two keys of an expression are never in one config, as those of different rows are.

    Args:
        expression: one that has them.
        one: a key in full, without +, ++ or ~.
        other: another.

    >>> from params_proto import Sweep
    >>> sweep = Sweep().chain({"d": {"x": 1}}, {"d.x": 2})
    >>> apart(sweep.expression, "d", "d.x"), apart((sweep * {"a": [1]}).expression, "d", "a")
    (True, False)
    """
    both = {one, other}

    def named(keys: Iterable[str]) -> set[str]:
        return both.intersection(bare(in_full(expression.prefix, key)) for key in keys)

    having = [step for step in expression.steps if named(step.places)]
    if len(having) != 1:
        return False
    (step,) = having
    if isinstance(step, steps.Chain):
        return named(step.places) == both and not any(named(row) == both for row in step.rows)
    if isinstance(step, steps.Cross):
        return apart(step.inner, one, other)
    if isinstance(step, steps.Concat):
        together = [part for part in step.parts if named(part.places_in_full) == both]
        return all(apart(part, one, other) for part in together)
    return False


def _reads(expression: Expression) -> bool:
    """Whether a step looks at whole configs, here or in any expression among the steps."""
    inner: list[Expression] = []
    for step in expression.steps:
        if isinstance(step, steps.Cross):
            inner.append(step.inner)
        elif isinstance(step, steps.Concat):
            inner += step.parts
    reads = any(isinstance(step, _READERS) for step in expression.steps)
    return reads or any(map(_reads, inner))


def _replaced(
    expression: Expression, block: Block, keys: frozenset[str], outer: str
) -> tuple[Expression, bool]:
    """The expression without the keys, the block where the first of them stood; whether it is."""
    node = f"{outer}{expression.prefix}." if expression.prefix else outer
    own = frozenset(inner for key in keys if (inner := _within(key, node)))
    inside = _below(block, node) if block.axes else None
    result, placed = Expression(prefix=expression.prefix), False
    for step in expression.steps:
        if isinstance(step, (steps.Cross, steps.Concat)):
            step, held = _nested(step, block, keys, node)
            placed = placed or held
        parts = _without(step, own)
        for part in parts:
            if part is not _HERE:
                result = result.then(part)
            elif not placed and inside is not None:
                # A pin counts from the beginning, for the steps that look at whole configs.
                first = isinstance(step, steps.Set) and result.reads
                result = _before(inside, result) if first else result.then(inside)
                placed = True
    return result, placed


def _before(block: Block, expression: Expression) -> Expression:
    result = Expression((block,), expression.prefix)
    for step in expression.steps:
        result = result.then(step)
    return result


def _within(key: str, node: str) -> str | None:
    """How an expression whose plain keys stand under `node.` names a key; None where it cannot.

    >>> _within("t.lr", "t."), _within("db/engine", "t."), _within("lr", "t.")
    ('lr', 'db/engine', None)
    """
    rest = key.removeprefix(node)
    if rest.isidentifier() and (rest != key or not node):
        return rest
    return None if node and key.isidentifier() else key


def _below(block: Block, node: str) -> Block | None:
    axes: list[Axis] = []
    for axis in block.axes:
        key = _within(axis.key, node)
        if key is None:
            return None
        axes.append(Axis(key, axis.values))
    return type(block)(tuple(axes))


def _nested(
    step: steps.Cross | steps.Concat, block: Block, keys: frozenset[str], node: str
) -> tuple[Step, bool]:
    if isinstance(step, steps.Cross):
        inner, placed = _replaced(step.inner, block, keys, node)
        return steps.Cross(inner), placed
    parts = [_replaced(part, block, keys, node) for part in step.parts]
    if not any(placed for _, placed in parts):
        return steps.Concat(tuple([part for part, _ in parts])), False
    # Every part gets the values, also one that did not have the key.
    whole = _below(block, node)
    assert whole is not None  # what a part can name, its surroundings can
    full = [
        part if placed else Expression((steps.Cross(part),)).then(whole) for part, placed in parts
    ]
    return steps.Concat(tuple(full)), True


_HERE: Step = steps.Repeat(1)  # marks the place at which a key stood


def _without(step: Step, keys: frozenset[str]) -> list[Step]:
    """What is left of a step without some keys, and the place where they stood."""
    if isinstance(step, steps.Product):
        parts: list[Step] = []
        for axis in step.axes:
            parts.append(_HERE if axis.key in keys else steps.Product((axis,)))
        return parts
    if isinstance(step, steps.Zip):
        rest = tuple([axis for axis in step.axes if axis.key not in keys])
        return _around(
            step, [axis.key for axis in step.axes], keys, steps.Zip(rest) if rest else None
        )
    if isinstance(step, steps.Chain):
        rows = tuple([{k: v for k, v in row.items() if k not in keys} for row in step.rows])
        named = list(dict.fromkeys(key for row in step.rows for key in row))
        return _around(step, named, keys, steps.Chain(rows) if any(rows) else None)
    if isinstance(step, steps.Set):
        pins = {key: value for key, value in step.pins.items() if key not in keys}
        return _around(step, list(step.pins), keys, steps.Set(pins) if pins else None)
    if isinstance(step, steps.Derive):
        return [
            _HERE if key in keys else steps.Derive({key: rule}, step.fits)
            for key, rule in step.rules.items()
        ]
    return [step]


def _around(step: Step, named: list[str], keys: frozenset[str], rest: Step | None) -> list[Step]:
    if keys.isdisjoint(named):
        return [step]
    if rest is None:
        return [_HERE]
    return [_HERE, rest] if named[0] in keys else [rest, _HERE]
