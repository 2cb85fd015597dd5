"""Sweeps in two forms: as calls of Sweep's methods, and as plain loops over lists.

A `Recipe` is the data of a sweep's calls. `sweep()` makes the calls; `configs` says what they mean
with nothing but lists and loops, so that a test can hold the one against the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cached_property
from itertools import product
from typing import Any, NamedTuple

from params_proto._text import stable_repr
from params_proto.algebra.views import Permutation
from params_proto.sweep import Sweep

Config = dict[str, Any]


class Call(NamedTuple):
    """One call of a method of Sweep, where `times` and `plus` mean `*` and `+` with a sweep.

    What `given` holds goes by the method: axes by key (product, zip), rows (chain), pins (set), a
    number (repeat), options by key (exclude), a predicate (where), rules by key (derive), a seed
    (shuffle), a number and a seed (sample), a slice and the size of what it cuts, or a Recipe.
    """

    method: str
    given: Any


class UnfitError(Exception):
    """Pins leave too few configs for a sample or slice, or a config without a template's key."""


@dataclass(frozen=True)
class Recipe:
    """Calls in order; the first may be `plus`, of two recipes in sequence."""

    calls: tuple[Call, ...] = ()

    def then(self, method: str, given: Any) -> Recipe:
        if method == "plus":
            return Recipe((Call("plus", (self, given)),))
        return Recipe((*self.calls, Call(method, given)))

    def sweep(self) -> Sweep:
        """The sweep that these calls build."""
        made = Sweep()
        for method, given in self.calls:
            made = _called(made, method, given)
        return made

    @cached_property
    def configs(self) -> list[Config]:
        """The configs of the sweep, as a list.

        Raises:
            UnfitError: there is no such list.
        """
        return _expanded(self, {})

    @cached_property
    def keys(self) -> list[str]:
        """The keys in the order in which the calls name them."""
        return list(dict.fromkeys(key for call in self.calls for key in _named(call)))

    @property
    def reads_configs(self) -> bool:
        """Whether a call has a function of whole configs: a predicate, or one deriving a key."""
        return any(_reads(call) for call in self.calls)


def _called(sweep: Sweep, method: str, given: Any) -> Sweep:
    match method:
        case "chain":
            return sweep.chain(*given)
        case "sample":
            return sweep.sample(*given)
        case "slice":
            return sweep[given[0]]
        case "times":
            return sweep * given.sweep()
        case "plus":
            first, second = given
            return first.sweep() + second.sweep()
        case _:
            return getattr(sweep, method)(given)


def _named(call: Call) -> Sequence[str]:
    match call:
        case ("product" | "zip" | "set" | "derive", by_key):
            return list(by_key)
        case ("chain", rows):
            return [key for row in rows for key in row]
        case ("times", recipe):
            return recipe.keys
        case ("plus", (first, second)):
            return [*first.keys, *second.keys]
        case _:
            return []


def _reads(call: Call) -> bool:
    match call:
        case ("where", _):
            return True
        case ("derive", rules):
            return any(callable(rule) for rule in rules.values())
        case ("times", recipe):
            return recipe.reads_configs
        case ("plus", (first, second)):
            return first.reads_configs or second.reads_configs
        case _:
            return False


def _expanded(recipe: Recipe, outer: Mapping[str, Any]) -> list[Config]:
    pins = {k: v for call in recipe.calls if call.method == "set" for k, v in call.given.items()}
    pins |= {key: outer[key] for key in recipe.keys if key in outer}
    configs: list[Config] = [{}]
    for call in recipe.calls:
        configs = _STEPS[call.method](configs, call.given, pins)
    return configs


def _times(configs: list[Config], rows: Sequence[Mapping[str, Any]]) -> list[Config]:
    return [{**config, **row} for config in configs for row in rows]


def _product(configs: list[Config], axes: Mapping[str, Sequence[Any]], pins: Config):
    values = [[pins[key]] if key in pins else axis for key, axis in axes.items()]
    return _times(configs, [dict(zip(axes, row, strict=True)) for row in product(*values)])


def _zip(configs: list[Config], axes: Mapping[str, Sequence[Any]], pins: Config):
    rows = [dict(zip(axes, row, strict=True)) for row in zip(*axes.values(), strict=True)]
    return _chain(configs, rows, pins)


def _chain(configs: list[Config], rows: Sequence[Config], pins: Config):
    pinned = {key: pins[key] for row in rows for key in row if key in pins}
    if pinned and all(key in pinned for row in rows for key in row):
        rows = [{}]  # an axis over pinned keys alone goes
    return _times(configs, [{**row, **pinned} for row in rows])


def _set(configs: list[Config], given: Config, pins: Config):
    return [{**{key: pins[key] for key in given}, **config} for config in configs]


def _exclude(configs: list[Config], match: Mapping[str, Any], pins: Config):
    def hit(config: Config, key: str, options: Any) -> bool:
        many = options if isinstance(options, list) else [options]
        return key in config and any(_equal(config[key], option) for option in many)

    return [
        config
        for config in configs
        if not all(hit({**pins, **config}, key, options) for key, options in match.items())
    ]


def _equal(value: Any, option: Any) -> bool:
    if isinstance(value, bool) is not isinstance(option, bool):
        return False
    return value == option


def _where(configs: list[Config], predicate: Callable[[Config], object], pins: Config):
    return [config for config in configs if predicate({**pins, **config})]


def _derive(configs: list[Config], rules: Mapping[str, Any], pins: Config):
    for key, rule in rules.items():
        configs = [
            {**config, key: pins[key] if key in pins else _derived(rule, {**pins, **config})}
            for config in configs
        ]
    return configs


def _derived(rule: Any, config: Config) -> Any:
    if callable(rule):
        return rule(config)
    if not config.keys() >= set(re.findall(r"\{(.*?)\}", rule)):
        raise UnfitError
    return re.sub(r"\{(.*?)\}", lambda braces: text(config[braces[1]]), rule)


def text(value: Any) -> str:
    """A scalar's own text; a collection as Python writes it, a set in a fixed order."""
    collection = type(value) in (list, tuple, dict, set, frozenset)
    return stable_repr(value) if collection else f"{value}"


def _shuffle(configs: list[Config], seed: int, pins: Config):
    if not configs:
        return []
    order = Permutation(len(configs), seed)
    return [configs[order[index]] for index in range(len(configs))]


def _sample(configs: list[Config], given: tuple[int, int], pins: Config):
    count, seed = given
    if count > len(configs):
        raise UnfitError
    return _shuffle(configs, seed, pins)[:count]


def _slice(configs: list[Config], given: tuple[slice, int], pins: Config):
    part, size = given
    ends_are_open = part.indices(size) == slice(None, None, part.step).indices(size)
    if len(configs) != size and not ends_are_open:
        raise UnfitError  # or cut elsewhere: what Sweep says to that stands in a table
    return configs[part] if len(configs) == size else configs[:: part.step or 1]


_STEPS: Mapping[str, Callable[[list[Config], Any, Config], list[Config]]] = {
    "product": _product,
    "zip": _zip,
    "chain": _chain,
    "set": _set,
    "repeat": lambda configs, times, pins: [config for config in configs for _ in range(times)],
    "exclude": _exclude,
    "where": _where,
    "derive": _derive,
    "shuffle": _shuffle,
    "sample": _sample,
    "slice": _slice,
    "times": lambda configs, recipe, pins: _times(configs, _expanded(recipe, pins)),
    "plus": lambda configs, both, pins: _concat(both, pins),
}


def _concat(both: tuple[Recipe, Recipe], pins: Config) -> list[Config]:
    pinned = {key: pins[key] for recipe in both for key in recipe.keys if key in pins}
    return [{**config, **pinned} for recipe in both for config in _expanded(recipe, pins)]


def exactly(value: Any) -> Any:
    """A value with its types: `==` then distinguishes 1, 1.0 and True, and nan equals nan.

    >>> exactly({"a": [1]}) == exactly({"a": [1.0]})
    False
    >>> exactly([float("nan")]) == exactly([float("nan")])
    True
    """
    kind = type(value)
    if kind is float:
        return kind, repr(value)
    if isinstance(value, dict):
        return kind, frozenset((exactly(key), exactly(each)) for key, each in value.items())
    if isinstance(value, (list, tuple)):
        return kind, tuple(map(exactly, value))
    if isinstance(value, (set, frozenset)):
        return kind, frozenset(map(exactly, value))
    if is_dataclass(value) and not isinstance(value, type):
        return kind, tuple(exactly(getattr(value, field.name)) for field in fields(value))
    return kind, value
