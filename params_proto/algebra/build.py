"""From an expression to the space of its configs.

A `set` counts as if it stood first, and a later one wins. So the pins of an expression are gathered
before its steps are laid out: an axis over a pinned key alone becomes that one value, a zip or a
chain keeps its rows, and what reads configs on the way (`where`, `exclude`, `derive`) sees the
pins of later steps too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from params_proto import space
from params_proto.algebra import steps
from params_proto.algebra.template import fill
from params_proto.errors import SweepError, shown
from params_proto.keys import in_full
from params_proto.space import Config, Grid, Space
from params_proto.values import length, native


def build(expression: steps.Expression, pins: Mapping[str, Any] | None = None) -> Space:
    """The space of an expression's configs.

    Args:
        expression: the steps, whose calls have been checked.
        pins: the values that the expression's surroundings pin, by its own keys.

    Raises:
        SweepError: a `sample` or slice that the pins leave asking for more than there is.
    """
    result: Space = Grid()
    for step, pinned in zip(expression.steps, _pinned(expression, pins or {}), strict=True):
        result = extend(result, step, pinned)
    return result


def _pinned(expression: steps.Expression, outer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """For each step the values that it and later steps pin, or the surroundings.

    Those of earlier steps need not be known: their keys stand in what a step is added to, and an
    expression among the steps is not shown what its neighbours pin.
    """
    pinned: list[Mapping[str, Any]] = []
    later = outer
    for step in reversed(expression.steps):
        if isinstance(step, steps.Set):
            later = {**step.pins, **later}
        pinned.append(later)
    return pinned[::-1]


def extend(before: Space, step: steps.Step, pins: Mapping[str, Any]) -> Space:
    """The space of one more step.

    Args:
        before: the space of the steps before it.
        step: the step.
        pins: the values that it and later steps pin.
    """
    if isinstance(step, steps.Product):
        return _times(before, [_product_axis(axis, pins) for axis in step.axes])
    if isinstance(step, steps.Zip):
        return _times(before, [_zip_axis(step.axes, pins)])
    if isinstance(step, steps.Chain):
        return _times(before, [_chain_axis(step.rows, pins)])
    if isinstance(step, steps.Set):
        return _times(before, _constants(step.pins.keys() - before.keys, step.pins, pins))
    if isinstance(step, steps.Repeat):
        return _times(before, [space.Rows((), (), step.times)])
    if isinstance(step, steps.Cross):
        return _times(before, [_inner(step.inner, pins)])
    if isinstance(step, steps.Concat):
        return _times(before, [_concat(step.parts, pins)])
    late = {key: value for key, value in pins.items() if key not in before.keys}
    if isinstance(step, steps.Where):
        predicate = step.predicate
        return _filtered(before, lambda config: predicate(_read(late, config)))
    if isinstance(step, steps.Exclude):
        return _filtered(before, _kept_by(step.match, late))
    if isinstance(step, steps.Derive):
        for key, rule in step.rules.items():
            if key in pins:
                before = _times(before, [_constant(key, pins[key])])
            else:
                fit = step.fits.get(key)
                before = space.Derived(before, key, _computed(key, rule, late, fit))
        return before
    if isinstance(step, steps.Shuffle):
        return space.Shuffled(before, step.seed)
    if isinstance(step, steps.Sample):
        if step.count > before.size:
            raise SweepError(
                f"sample({shown(step.count)}) asks for more configs than there are:"
                f" {shown(before.size)}."
                " Ask for fewer, or leave the sample out."
            )
        return space.Picked(space.Shuffled(before, step.seed), range(step.count))
    assert isinstance(step, steps.Slice)
    return space.Picked(before, _picked(step, before.size))


def _times(before: Space, parts: Iterable[Space]) -> Space:
    """The product, flat where it can be, so that a grid of axes stays one grid."""
    heads = before.parts if isinstance(before, Grid) else (before,)
    tails = [part.parts if isinstance(part, Grid) else (part,) for part in parts]
    return Grid((*heads, *chain.from_iterable(tails)))


def _filtered(before: Space, test: Callable[[Config], object]) -> Space:
    """One filter, however many steps it takes to say it."""
    if isinstance(before, space.Filtered):
        return space.Filtered(before.whole, (*before.tests, test))
    return space.Filtered(before, (test,))


def _constant(key: str, value: Any) -> Space:
    return space.Rows((key,), ((value,),), 1)


def _constants(
    keys: Iterable[str], order: Mapping[str, Any], pins: Mapping[str, Any]
) -> list[Space]:
    wanted = set(keys)
    return [_constant(key, pins[key]) for key in order if key in wanted]


def _product_axis(axis: steps.Axis, pins: Mapping[str, Any]) -> Space:
    if axis.key in pins:
        return _constant(axis.key, pins[axis.key])
    return space.Rows((axis.key,), (axis.values,), length(axis.values))


def _zip_axis(axes: tuple[steps.Axis, ...], pins: Mapping[str, Any]) -> Space:
    names = tuple(axis.key for axis in axes)
    if pins.keys() >= set(names):
        return space.Rows(names, tuple((pins[name],) for name in names), 1)
    count = length(axes[0].values)
    columns = [(pins[axis.key],) * count if axis.key in pins else axis.values for axis in axes]
    return space.Rows(names, tuple(columns), count)


def _chain_axis(rows: tuple[Config, ...], pins: Mapping[str, Any]) -> Space:
    named = dict.fromkeys(key for row in rows for key in row)
    pinned = {key: pins[key] for key in named if key in pins}
    if pinned and pinned.keys() == named.keys():
        return space.axis([pinned])
    return space.axis([_pinned_row(row, pinned, named) for row in rows] if pinned else rows)


def _pinned_row(row: Config, pinned: Config, named: Iterable[str]) -> Config:
    """A row with the pinned values, in the order of the chain where it gets a key by that."""
    if pinned.keys() <= row.keys():
        return {**row, **pinned}
    full = {**row, **pinned}
    return {key: full[key] for key in named if key in full}


def _inner(expression: steps.Expression, pins: Mapping[str, Any]) -> Space:
    """The space of an expression within another, its keys named as the other names them."""
    if not expression.prefix:
        return build(expression, pins)
    prefix = expression.prefix
    own: Config = {}
    for key, value in pins.items():
        name = key.removeprefix(f"{prefix}.")
        if in_full(prefix, name) == key:
            own[name] = value
    return space.Renamed(build(expression, own), prefix)


def _concat(parts: tuple[steps.Expression, ...], pins: Mapping[str, Any]) -> Space:
    spaces = [_inner(part, pins) for part in parts]
    named = dict.fromkeys(key for part in spaces for key in part.keys)
    # A key that only some parts name is pinned in the others as well.
    return space.Concat(
        tuple(
            _times(part, _constants(pins.keys() & (named.keys() - part.keys), named, pins))
            for part in spaces
        )
    )


class _Read(Config):
    """A config that a function reads."""

    def __missing__(self, key: object) -> Any:
        longer = [name for name in self if name.endswith(f".{key}")]
        if longer:
            raise KeyError(f"{key} is named {' or '.join(longer)} in the configs of this sweep")
        raise KeyError(key)


def _read(late: Mapping[str, Any], config: Config) -> _Read:
    return _Read({**_fresh(late), **config} if late else config)


def _fresh(pins: Mapping[str, Any]) -> Config:
    return {key: native(value) for key, value in pins.items()}


def _kept_by(
    match: Mapping[str, Sequence[Any]], late: Mapping[str, Any]
) -> Callable[[Config], bool]:
    def kept(config: Config) -> bool:
        known = {**late, **config}
        return not all(
            key in known and _among(options, known[key]) for key, options in match.items()
        )

    return kept


def _among(options: Sequence[Any], value: Any) -> bool:
    """Whether an `exclude` means a value: its `1` means `1.0`, but not `True`; nan is nan."""
    if isinstance(options, range):
        return not isinstance(value, bool) and any(True for _ in space.indices(options, value))
    return any(
        isinstance(value, bool) is isinstance(option, bool)
        and (bool(value == option) or (value != value and option != option))
        for option in options
    )


def _computed(
    key: str,
    rule: str | Callable[[Config], Any],
    late: Mapping[str, Any],
    fit: Callable[[Any], Any] | None,
) -> Callable[[Config], Any]:
    def value(config: Config) -> Any:
        if isinstance(rule, str):
            return fill(rule, {**late, **config}, key)
        return native(rule(_read(late, config)))

    return value if fit is None else lambda config: fit(value(config))


def _picked(step: steps.Slice, size: int) -> range:
    """The indices of a slice that was cut to its size when it was made."""
    backwards = step.step < 0
    ends = [end + backwards for end in (step.start, step.stop) if end is not None]
    indices = range(*slice(step.start, step.stop, step.step).indices(size))
    if max(ends, default=0) > size or (step.start is not None and not indices):
        raise SweepError(
            f"slice [{step}] asks for more configs than there are: {size}."
            " Cut the sweep after pinning its keys, not before."
        )
    return indices
