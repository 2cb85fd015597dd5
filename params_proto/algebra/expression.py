"""An expression: the steps of a sweep in the order of their calls, with keys in full."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from functools import reduce
from itertools import chain
from typing import Any

from params_proto._keys import strip_prefix
from params_proto.algebra.space import Grid, Space
from params_proto.algebra.steps import Edit, Product, Repeat, Set, Step
from params_proto.errors import Mistake, SweepError, combine_mistakes


@dataclass(frozen=True)
class Expression:
    """Steps in the order of their calls, with full keys: `training.lr`."""

    steps: tuple[Step, ...] = ()

    def append(self, step: Step) -> Expression:
        """This expression with one more step, merged into the last one if possible."""
        last = self.steps[-1] if self.steps else None
        match last, step:
            case (Product(axes), Product(more)) if type(last) is type(step) is Product:
                merged = Product({**axes, **more})
            case (Set(pins), Set(more)):
                merged = Set({**pins, **more})
            case (Repeat(times), Repeat(more)):
                merged = Repeat(times * more)
            case _:
                return Expression((*self.steps, step))
        return Expression((*self.steps[:-1], merged))

    def all_steps(self) -> Iterator[Step]:
        """The steps, including those of nested expressions."""
        for step in self.steps:
            yield step
            for inner in step.parts:
                yield from inner.all_steps()

    @property
    def places(self) -> Mapping[str, str]:
        """Each key of the expression, and the method of Sweep that set it."""
        return {key: place for step in self.steps for key, place in step.places.items()}

    def entries(self) -> Iterator[tuple[str, Any]]:
        """Every key with each of its values, except long ranges."""
        return chain.from_iterable(step.entries() for step in self.steps)

    @property
    def multiplies(self) -> bool:
        """Whether it may have more than one config."""
        return any(step.multiplies for step in self.steps)

    @property
    def reads_within(self) -> bool:
        """Whether a step, also a nested one, acts on whole configs."""
        return any(step.reads for step in self.all_steps())

    @property
    def calls(self) -> bool:
        """Whether a step, also a nested one, calls a function."""
        return any(step.calls for step in self.all_steps())

    @property
    def filters(self) -> bool:
        """Whether its size is known only after evaluating each config."""
        return any(step.filters for step in self.all_steps())

    def space(self, pins: Mapping[str, Any] = {}) -> Space:
        """The space of the configs, given the pins of an enclosing expression."""
        pinned = [pins]
        for step in reversed(self.steps):
            pinned.append({**step.pins, **pinned[-1]} if isinstance(step, Set) else pinned[-1])
        # A step gets its own pins and later ones. Earlier ones are already in the space that it
        # extends, and must not reach an expression nested in the step.
        result: Space = Grid()
        for step, own in zip(self.steps, pinned[:0:-1], strict=True):
            result = step.space(result, own)
        return result

    def map(self, edit: Edit) -> Expression:
        """The expression with an edit applied to each step, also nested ones.

        >>> from params_proto import Sweep
        >>> sweep = Sweep().product({"lr": [1, 2]}).derive(name="lr{lr}")
        >>> Sweep.from_expression(sweep.expression.map(Edit(key=lambda key: f"++{key}")))
        Sweep().product({'++lr': [1, 2]}).derive({'++name': 'lr{++lr}'})
        """
        return Expression(tuple([step.map(edit) for step in self.steps]))

    def values_beside(self, key: str, other: str | None) -> Iterator[Any]:
        """The values of a key in configs that may also have the key `other`, if it is not None."""
        for step in self.steps:
            if key in step.places:
                is_elsewhere = any(
                    other in neighbour.places for neighbour in self.steps if neighbour is not step
                )
                yield from step.values_beside(key, None if is_elsewhere else other)

    def share_config(self, key: str, other: str, *, mapping: bool = False) -> bool:
        """Whether one config may have both keys; keys of different rows never share a config.

        With `mapping`, only those values of `key` count that are mappings.

        >>> from params_proto import Sweep
        >>> rows = Sweep().chain({"d": {"x": 1}}, {"e": 2}) * {"a": [1]}
        >>> rows.expression.share_config("d", "e"), rows.expression.share_config("d", "a")
        (False, True)
        """
        return any(
            not mapping or isinstance(value, Mapping) or is_dataclass(value)
            for value in self.values_beside(key, other)
        )

    def replace_keys(self, keys: Collection[str], block: Sequence[Step]) -> Expression:
        """The expression without some keys, with a block of steps in place of the first one."""
        result = Expression()
        for step in self.steps:
            if not any(key in step.places for key in keys):
                result = result.append(step)
                continue
            if isinstance(step, Set) and any(earlier.reads for earlier in result.steps):
                # A pin applies from the start, for steps that read whole configs.
                result, block = Expression((*block, *result.steps)), ()
            result = reduce(Expression.append, step.replace_keys(keys, block), result)
            block = ()
        return result

    def plain(self) -> dict[str, Any] | list[dict[str, Any]]:
        """The steps as saved in a file: by name, or as a list if a step occurs twice.

        Tuples, sets, paths and enum members are not converted.

        >>> from params_proto import Sweep
        >>> Sweep().product(lr=[0.1, 0.01], seed=range(99)).set(bs=32).expression.plain()
        {'product': {'lr': [0.1, 0.01], 'seed': 'range(0,99)'}, 'set': {'bs': 32}}
        """
        named: list[tuple[str, Any]] = []
        for at, step in enumerate(self.steps):
            if step.needs_axes and not Expression(self.steps[:at]).multiplies:
                raise SweepError(
                    f"{step.name} comes before every axis, which a file cannot represent. Put it"
                    " after product(), zip(), chain() or repeat(), or save the configs: .jsonl."
                )
            named.append((step.name, step.plain()))
        if len({name for name, _ in named}) == len(named):
            return dict(named)
        return [{name: value} for name, value in named]

    def text(self, head: str) -> tuple[str, bool]:
        """The Python text, and whether it is one term, on which a method can be called directly."""
        text, is_term = head, True
        for step in self.steps:
            text, is_term = step.text(text if is_term else f"({text})", head)
        return text, is_term


def refuse_overlap(expression: Expression) -> None:
    """Raises if keys set the same value, which a loop and a job would treat differently.

    A config group and a value below it (`model` and `model.lr`) do not overlap, nor do keys that no
    config has together: those of different rows, or of consecutive sweeps. A deletion below a
    mapping (`~model.lr`) does not set a value.

    >>> from params_proto import Sweep
    >>> Sweep().product({"d": [{"x": 1}], "d.x": [2]})
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: d and d.x overlap: d is given a mapping, and d.x a value in \
it. Put x into the mappings of d, or write each entry with dots.
    """
    named = {strip_prefix(key): key for key in expression.places if not key.startswith("~")}
    mistakes: list[Mistake] = []
    for below, key in named.items():
        above, dot, rest = below.rpartition(".")
        while dot:
            if above in named and expression.share_config(named[above], key, mapping=True):
                text = (
                    f"{above} and {below} overlap: {above} is given a mapping, and {below} a value"
                    f" in it. Put {rest} into the mappings of {above}, or write each entry with"
                    " dots."
                )
                mistakes.append(Mistake(text, below))
            above, dot, _ = above.rpartition(".")
            rest = below[len(above) + 1 :]
    if mistakes:
        raise combine_mistakes(mistakes)
