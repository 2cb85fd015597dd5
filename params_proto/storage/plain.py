"""Plain values and text -> a sweep, by the same calls as in Python.

The input is steps in Python containers, from a YAML file or a composed config; rows of configs; or
lines of overrides. The mistakes of a call get the place of their key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from params_proto._keys import is_node, strip_prefix
from params_proto._text import parse_slice
from params_proto.algebra.axes import FromText
from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.errors import Mistake, SweepError, combine_mistakes, did_you_mean, short_repr
from params_proto.overrides.parse import has_shuffle, is_sweep_like, read_lines, sweep_values

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.object_type import ObjectType

    from params_proto.storage.yaml_file import Document

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
    "slice": (
        'text whose step is not 0, in quotes as YAML reads 1:30 as a number, slice: "2:10:3"'
    ),
    "concat": (
        "a list of sweeps and no step above it, concat: [{product: ...}, {product: ...}], or"
        " cross: {concat: [...]}"
    ),
    "cross": "a sweep, cross: {product: ...}",
    "prefix": "the name of a prefix class's node, prefix: training",
}
"""What each step needs, with an example."""

_NEED_AXES = frozenset({"exclude", "shuffle", "sample", "slice"})
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("product", "zip", "set", "exclude", "derive", "shuffle", "sample"), Mapping),
    **{"chain": list, "concat": list, "cross": (Mapping, list), "slice": str, "repeat": object},
}
# Their required and optional arguments.
_ARGUMENTS = {"shuffle": (set[str](), {"seed"}), "sample": ({"n"}, {"n", "seed"})}
_TORN = re.compile(r"(?:\w+\s*\(\s*)*(?:range|choice|interval|glob|sort|shuffle|tag)\s*\([^()]*")


def sweep_from_steps(
    steps: Mapping[str, Any] | Sequence[Any],
    empty: Builder | None = None,
    *,
    where: str | Document = "hydra.sweeper.sweep",
    config_loader: ConfigLoader | None = None,
) -> Builder:
    """The sweep of steps in plain Python containers; one error for all mistakes.

    Args:
        steps: a mapping of steps or a list of them, from a file or a composed config.
        empty: the empty sweep over the targets.
        where: the beginning of error messages: a name, or the document for line numbers.
        config_loader: Hydra's loader, for `glob`.

    >>> sweep_from_steps({"product": {"lr": [0.1, 0.01], "seed": "range(1,4)"}, "repeat": 2})
    Sweep().product(lr=[0.1, 0.01], seed=range(1, 4)).repeat(2)
    """
    return _Steps(Builder() if empty is None else empty, where, config_loader).sweep(steps)


def chain_of_rows(
    rows: Sequence[Mapping[str, Any]], empty: Builder, place: Callable[[int], str]
) -> Builder:
    """The sweep of some configs, possibly none; `place` names the row of an index in messages.

    >>> chain_of_rows([{"lr": 0.1}, {"lr": 0.01}], Builder(), str)
    Sweep().chain({'lr': 0.1}, {'lr': 0.01})
    """
    if not rows:
        return empty.chain({}).slice(slice(0))
    try:
        return empty.chain(*rows)
    except SweepError as error:
        placed = [
            mistake if mistake.row is None else mistake.with_place(place(mistake.row))
            for mistake in error.mistakes
        ]
        raise combine_mistakes(placed) from error


def sweep_of_lines(
    lines: Iterable[str], empty: Builder, config_loader: ConfigLoader | None = None
) -> Builder:
    """The sweep of override lines: swept keys become axes, others are pinned.

    >>> sweep_of_lines(["lr=1,2", "seed=3"], Builder())
    Sweep().product(lr=[1, 2]).set(seed=3)
    """
    listed = list(lines)
    if isinstance(lines, str):
        raise SweepError(
            "from_overrides takes a list of lines of text, ['lr=0.1,0.01', 'seed=1'], got"
            f" {short_repr(lines)}."
        )
    overrides = read_lines(listed, config_loader, once=True)
    names = {override.name for override in overrides}
    result, mistakes = empty, list[Mistake]()
    for override in overrides:
        try:
            if override.name != strip_prefix(override.key) in names:
                raise SweepError(
                    f"{override.key} would delete a key that another line gives a value. Leave out"
                    " one of them."
                )
            if override.swept:
                result = result.product({override.key: FromText(override.values)})
            else:
                result = result.set({override.key: FromText(override.values[0])})
        except SweepError as error:
            mistakes += error.mistakes
    if mistakes:
        raise combine_mistakes(mistakes)
    return result


def options_loader(config_dir: str | os.PathLike[str] | None) -> ConfigLoader | None:
    """Lists the options of config groups in a directory, for Hydra's `glob`."""
    if config_dir is None:
        return None
    root = Path(config_dir)
    if not root.is_dir():
        raise SweepError(f"config_dir={str(config_dir)!r} is not a directory.")

    def get_group_options(group: str, kind: ObjectType | None = None, *_: object) -> list[str]:
        folder = root / group
        if kind is None:
            return sorted(file.stem for file in folder.glob("*.yaml") if file.is_file())
        return sorted(path.name for path in folder.glob("*/"))

    return cast("ConfigLoader", SimpleNamespace(get_group_options=get_group_options))


# --- steps

_Mapping = Mapping[str, Any]


@dataclass(frozen=True)
class _Steps:
    """Reads the steps of one file or config.

    Args:
        empty: the empty sweep over the targets.
        where: the beginning of error messages.
        config_loader: Hydra's loader, for `glob`.
    """

    empty: Builder
    where: str | Document
    config_loader: ConfigLoader | None

    def sweep(self, steps: object, nested: bool = False) -> Builder:
        """Reads a mapping or list of steps; nested ones use the names of their surroundings."""
        mappings = cast("list[Any]", steps if isinstance(steps, (list, tuple)) else [steps])
        for number, mapping in enumerate(mappings):
            if not isinstance(mapping, Mapping):
                raise self._error(
                    f"a sweep is {FORM}. This is {short_repr(mapping)}.", mappings, number
                )
        named = [mapping for mapping in mappings if "prefix" in mapping]
        prefix = named[0]["prefix"] if named else ""
        if named and (len(named) > 1 or not is_node(prefix)):
            raise self._error(
                f"prefix is given once, and is {STEPS['prefix']}. This is"
                f" {short_repr(named[-1]['prefix'])}.",
                named[-1],
                "prefix",
            )
        if prefix not in ("", self.empty.scope.prefix):
            return self._under(prefix, mappings, nested)
        result, mistakes = self.empty, list[Mistake]()
        steps_in_order = [
            (mapping, name) for mapping in mappings for name in mapping if name != "prefix"
        ]
        for mapping, name in steps_in_order:
            # After a mistake, a later step may lack a key only because of it.
            if mistakes and name in _NEED_AXES | {"derive"}:
                continue
            try:
                result = self._apply(result, mapping, name)
            except SweepError as error:
                mistakes += error.mistakes
        if mistakes:
            raise combine_mistakes(mistakes)
        return result

    def _under(self, prefix: str, steps: list[Any], nested: bool) -> Builder:
        """The sweep of steps whose plain keys are below a node."""
        targets = self.empty.targets
        owners = [target for target in targets if Scope.of((target,)).prefix == prefix]
        own = Builder(Scope.of(tuple(owners[:1])) if owners else Scope(prefix=prefix))
        below = replace(self, empty=own).sweep(steps)
        if targets or nested:
            return Builder(
                self.empty.scope, below.expression, allow_overlap=self.empty.allow_overlap
            )
        return below

    def _apply(self, sweep: Builder, mapping: _Mapping, name: str) -> Builder:
        """Adds one step of a mapping to the sweep; mistakes of its call get their place."""
        value, mistakes = mapping[name], list[Mistake]()
        if name not in STEPS:
            hint = did_you_mean(str(name), STEPS)
            raise self._error(f"{short_repr(name)} is not a step.{hint}", mapping, name)
        if name in _NEED_AXES and not sweep.expression.multiplies:
            late = f"{name} comes before any axis, so it has no effect. Put it below them."
            raise self._error(late, mapping, name)
        call = self._call(sweep, name, value, mistakes)
        if call is None:
            raise self._error(
                f"{name} needs {STEPS[name]}. This is {short_repr(value)}.", mapping, name
            )
        try:
            sweep = call()
        except SweepError as error:
            mistakes += error.mistakes
        if mistakes:
            raise combine_mistakes(
                [mistake.with_place(self._place_of(mistake, mapping, name)) for mistake in mistakes]
            )
        return sweep

    def _call(
        self, sweep: Builder, name: str, value: Any, mistakes: list[Mistake]
    ) -> Callable[[], Builder] | None:
        """Prepares the call of a step; None if its value has the wrong form.

        Wrong arguments are added to `mistakes` and left out of the call.
        """
        if not isinstance(value, _TYPES[name]):
            return None
        if name == "cross":
            return partial(sweep.times, self.sweep(value, nested=True))
        if name == "concat":
            parts = [self.sweep(steps, nested=True) for steps in value]
            is_first = not sweep.expression.steps
            return partial(parts[0].plus, *parts[1:]) if parts and is_first else None
        method: Callable[..., Builder] = getattr(sweep, name)
        if name == "chain":
            return partial(method, *value)
        if name == "slice":
            part = parse_slice(value)
            return partial(method, part) if part and part.step != 0 else None
        if name in _ARGUMENTS:
            needed, known = _ARGUMENTS[name]
            return partial(method, **value) if needed <= value.keys() <= known else None
        if name == "repeat":
            return partial(method, value)
        arguments: dict[str, Any] = {}
        for key, given in value.items():
            try:
                arguments[key] = self._argument(name, key, given)
            except SweepError as error:
                mistakes += [Mistake(f"{name}: {mistake.text}", key) for mistake in error.mistakes]
        return partial(method, arguments)

    def _argument(self, name: str, key: str, values: Any) -> Any:
        """The values of a key in a step, unchanged or from a sweep in Hydra's own syntax."""
        if (
            name in ("product", "zip")
            and isinstance(cast("object", values), list)
            # YAML reads [range(1,3)] as two texts.
            and any(_TORN.fullmatch(text) for text in values if isinstance(text, str))
        ):
            raise SweepError(
                f"{key}: YAML splits bracketed values at commas. Quote a sweep in Hydra's syntax,"
                f" without the brackets: {key}: 'range(1,3)'."
            )
        is_text = isinstance(values, str) and name not in ("set", "derive")
        if not is_text or (name == "exclude" and not is_sweep_like(values)):
            return values
        if has_shuffle(values):
            raise SweepError(
                f"{key}={values} has a different order each time it is read, so the file would not"
                " define one sweep. Write the values in the order that you want, or shuffle all"
                " configs in a step with a seed, shuffle: {seed: 0}."
            )
        return FromText(sweep_values(key, values, self.config_loader))

    def _place_of(self, mistake: Mistake, mapping: _Mapping, name: str) -> str:
        """The place of a mistake's key or row; the step if it has neither."""
        value = mapping[name]
        if mistake.row is not None:
            rows = cast("list[Any]", value)
            value = rows[mistake.row]
            if not isinstance(value, Mapping):
                return self._place(rows, mistake.row)
        if isinstance(value, Mapping) and mistake.key in value:
            return self._place(cast("object", value), mistake.key)
        return self._place(mapping, name)

    def _place(self, container: object, key: Any) -> str:
        """The place of a key in a mapping, or of an index in a list."""
        return self.where if isinstance(self.where, str) else self.where.place(container, key)

    def _error(self, message: str, container: object, key: Any) -> SweepError:
        return SweepError(f"{self._place(container, key)}: {message}")
