"""The command line over a configured sweep: its keys take the places that they have there."""

from __future__ import annotations

from params_proto._values import length
from params_proto.algebra.expression import Expression
from params_proto.algebra.steps import Product, Set


def override(expression: Expression, block: Product, *, last: bool = False) -> Expression:
    """An expression with some keys given values from outside.

    A single value is pinned, as `set` pins. Several take the place of the key's axis, however deep
    it is nested; a zip keeps its other keys paired, a chain its rows. A new key varies fastest.

    Args:
        expression: what is configured.
        block: one key with its values, or a zip of several, spelled as in the expression.
        last: whether several values come after all other keys, as they do where another row has
            a key above or below: Hydra has the last one win.

    >>> e = override(Expression((Product({"lr": (1, 2), "bs": (3,)}),)), Product({"lr": range(9)}))
    >>> e.steps
    (Product(axes={'lr': range(0, 9), 'bs': (3,)}),)
    """
    is_new = block.axes.keys().isdisjoint(expression.places)
    # A new key is not for the steps that read whole configs, as it would be if it were pinned.
    single = all(length(values) == 1 for values in block.axes.values())
    if single and not (is_new and expression.reads_within):
        return expression.then(Set({key: values[0] for key, values in block.axes.items()}))
    if is_new:
        return expression.then(block)
    if last:
        return expression.replaced(block.axes.keys(), ()).then(block)
    return expression.replaced(block.axes.keys(), (block,))
