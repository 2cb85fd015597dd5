"""Two sweeps made one: `*` and `+`, and what happens to their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce

from params_proto.algebra import steps
from params_proto.algebra.arguments import Call
from params_proto.algebra.notes import Notes
from params_proto.algebra.scope import Scope, Scoped
from params_proto.algebra.steps import Config, Expression, Step
from params_proto.errors import together
from params_proto.keys import bare


def times(left: Scoped, right: Scoped, notes: Notes) -> Scoped:
    """The product of two sweeps, the right one fastest.

    Args:
        left: the one side.
        right: the other.
        notes: those of the call.

    Raises:
        SweepError: a key stands in both, or a value does not fit the targets of the other side.
    """
    scope, a, b = _common(left, right, notes)
    _disjoint(a, b)
    if not a.steps or not b.steps:
        return Scoped(scope, a if a.steps else b)
    if b.reads or (b.pins and a.reads_within):
        return Scoped(scope, a.then(steps.Cross(Expression(b.steps))))
    return Scoped(scope, reduce(Expression.then, b.steps, a))


def plus(left: Scoped, right: Scoped, notes: Notes) -> Scoped:
    """One sweep after the other.

    Args:
        left: the first.
        right: the second.
        notes: those of the call.

    Raises:
        SweepError: a value does not fit the targets of the other side.
    """
    scope, a, b = _common(left, right, notes)
    return Scoped(scope, Expression((steps.Concat(_parts(a) + _parts(b)),), scope.prefix))


def rows(empty: Scoped, given: Sequence[Config | Scoped], notes: Notes) -> Scoped:
    """Mappings and sweeps, one after the other.

    Args:
        empty: the empty sweep whose keys the mappings use.
        given: the rows; at least one.
        notes: those of the call.
    """
    parts: list[Scoped] = []
    run: list[Config] = []
    for row in [*given, None]:
        if isinstance(row, dict):
            run.append(row)
            continue
        if run:
            chain = empty.expression.then(steps.Chain(tuple(run)))
            parts.append(Scoped(empty.scope, chain))
            run = []
        if row is not None:
            parts.append(row)
    return reduce(partial(plus, notes=notes), parts)


def _parts(expression: Expression) -> tuple[Expression, ...]:
    """What an expression puts one after the other; itself where it does not."""
    match expression.steps:
        case (steps.Concat(parts),):
            return parts
        case (steps.Cross(inner),):
            return (inner,)
        case _:
            return (Expression(expression.steps),)


def _common(left: Scoped, right: Scoped, notes: Notes) -> tuple[Scope, Expression, Expression]:
    """One scope for both expressions, with their keys named as it names them."""
    if left.scope.same(right.scope):
        return left.scope, left.expression, right.expression
    if right.scope.free:
        return left.scope, left.expression, _adopted(right.expression, left.scope, notes)
    if left.scope.free:
        return right.scope, _adopted(left.expression, right.scope, notes), right.expression
    scope = left.scope.joined(right.scope)
    return scope, _in_full(left.expression), _in_full(right.expression)


def _in_full(expression: Expression) -> Expression:
    """The expression as a step among others, where its keys stand in full."""
    if not expression.prefix or not expression.steps:
        return Expression(expression.steps)
    return Expression((steps.Cross(expression),))


def _disjoint(a: Expression, b: Expression) -> None:
    before = {bare(key): (key, place) for key, place in a.places.items()}
    shared = [(key, place) for key, place in b.places.items() if bare(key) in before]
    if shared:
        raise together(
            [
                f"* joins sweeps over different keys: {key} stands in {before[bare(key)][1]}() on"
                f" the left and in {place}() on the right. Leave one of them out, or pin {key} with"
                " set() after the two are joined."
                for key, place in shared
            ]
        )


def _adopted(expression: Expression, scope: Scope, notes: Notes) -> Expression:
    """An expression without targets, its keys and values taken as those of a scope."""
    adopted = _Adoption(scope, notes).of(expression)
    notes.tell()
    return Expression(adopted.steps, scope.prefix)


@dataclass(eq=False)
class _Adoption:
    """Takes the steps of an expression as those of a scope, by the calls that made them."""

    scope: Scope
    notes: Notes

    def of(self, expression: Expression) -> Expression:
        if expression.prefix:
            return expression
        call = Call(self.notes, self.scope, Expression())
        adopted = Expression(tuple([self._step(step, call) for step in expression.steps]))
        renamed = expression.places.keys() - adopted.places.keys()
        if renamed and expression.calls and not self.notes.mistakes:
            names = ", ".join(f"{key} as {self.scope.resolve(key)[0]}" for key in sorted(renamed))
            call.wrong(
                f"{call.method}: the sweep has functions that read configs: name {names} in it."
            )
        return adopted

    def _step(self, step: Step, call: Call) -> Step:
        if isinstance(step, steps.Product):
            return steps.Product(call.axes({axis.key: axis.values for axis in step.axes}, {}))
        if isinstance(step, steps.Zip):
            return steps.Zip(call.axes({axis.key: axis.values for axis in step.axes}, {}))
        if isinstance(step, steps.Chain):
            return steps.Chain(tuple(map(call.row, step.rows, range(len(step.rows)))))
        if isinstance(step, steps.Set):
            return steps.Set(call.pins(step.pins, {}))
        if isinstance(step, steps.Exclude):
            named = {call.name(key): options for key, options in step.match.items()}
            listed = {key: o if isinstance(o, range) else list(o) for key, o in named.items()}
            return steps.Exclude(call.options(listed, {}, named))
        if isinstance(step, steps.Derive):
            rules = {
                call.name(key): call.template(rule) if isinstance(rule, str) else rule
                for key, rule in step.rules.items()
            }
            return steps.Derive(rules, call.fits(rules))
        if isinstance(step, steps.Concat):
            return steps.Concat(tuple(map(self.of, step.parts)))
        if isinstance(step, steps.Cross):
            return steps.Cross(self.of(step.inner))
        return step
