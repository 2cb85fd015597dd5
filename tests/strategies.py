"""Hypothesis strategies: the values, the keys and the sweeps that a user can write.

`sweeps()` gives a `Recipe` (tests/recipes.py): `recipe.sweep()` is the Sweep and `recipe.configs`
the plain list that it means. Every strategy can be narrowed: `recipes(values=scalars,
methods=PLAIN_METHODS)` has nothing in it but what a YAML file can hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from pathlib import Path, PurePosixPath
from typing import Any
from zlib import crc32

from hypothesis import strategies as st

from params_proto._keys import strip_prefix
from tests.recipes import Config, Recipe, UnfitError

# --- values


class Color(Enum):
    RED = "red"
    BLUE = 3


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Name(str, Enum):
    ADAM = "adam"
    SGD = "sgd"


@dataclass(frozen=True)
class Point:
    """A value that nobody can change."""

    x: float
    y: int = 0


@dataclass
class Layer:
    """A value that a caller can change."""

    sizes: list[int] = field(default_factory=list[int])
    name: str = ""


TEXTS = ["", "adam", "1", "1e-3", "true", "null", "a,b", "it's", "{lr}", "${x}", "é 🦜\n", "\\"]

scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.integers(),
    st.sampled_from([0.0, -0.0, 1.0, 1e-5, 0.1, float("inf"), float("-inf"), float("nan")]),
    st.floats(),
    st.sampled_from(TEXTS),
    st.text(max_size=5),
)
"""What JSON and YAML have words for, and every config can hold."""

leaf_values: st.SearchStrategy[Any] = st.one_of(
    scalars,
    st.sampled_from([*Color, *Level]),
    st.sampled_from([Path("runs/1"), Path(), PurePosixPath("/tmp/a b")]),
    st.binary(max_size=3),
    st.builds(Point, st.floats(allow_nan=False), st.integers()),
)
"""Values that nobody can change."""


def containers(elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Lists, tuples, dicts and sets of such elements, one level deep."""
    return st.one_of(
        st.lists(elements, max_size=3),
        st.lists(elements, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from(["x", "y", "model.lr", ""]), elements, max_size=2),
        st.frozensets(st.integers(0, 5), max_size=2).map(set),
    )


nested: st.SearchStrategy[Any] = st.recursive(scalars, containers, max_leaves=4)
"""Scalars, and lists, tuples, dicts and sets of them."""

values: st.SearchStrategy[Any] = st.one_of(
    leaf_values,
    containers(st.one_of(leaf_values, containers(leaf_values))),
    st.builds(Layer, st.lists(st.integers(), max_size=2), st.sampled_from(TEXTS)),
)
"""Everything that a config may hold."""

# --- keys

KEYS = ["a", "b", "lr", "class", "model.lr", "layers.0", "db/engine", "opt@pkg", "+new", "~gone"]
keys = st.sampled_from(KEYS)

# --- what reads whole configs: by name, as a sweep's repr writes them


def keeps_most(config: Config) -> bool:
    """A predicate that depends on every key and every value's type."""
    return crc32(repr(sorted(map(repr, config.items()))).encode()) % 5 > 0


def has_even_number_of_keys(config: Config) -> bool:
    return len(config) % 2 == 0


def its_keys(config: Config) -> Any:
    """A rule whose value a caller could change."""
    return {"keys": sorted(config), "number": [len(config)]}


def its_number_of_keys(config: Config) -> Any:
    return len(config)


PREDICATES: Sequence[Callable[[Config], object]] = (keeps_most, has_even_number_of_keys)
RULES: Sequence[Callable[[Config], Any]] = (its_keys, its_number_of_keys)

# --- sweeps

AXES = ("product", "zip", "chain")
METHODS = (
    *(*AXES, "set", "repeat", "exclude", "where", "derive", "shuffle", "sample", "slice"),
    *("times", "plus"),
)
LARGEST = 48  # configs


@st.composite
def recipes(
    draw: st.DrawFn,
    *,
    values: st.SearchStrategy[Any] = values,
    methods: Sequence[str] = METHODS,
    keys: Sequence[str] = KEYS,
    callables: bool = True,
    most: int = 6,
) -> Recipe:
    """A sweep of a few steps and at most `LARGEST` configs.

    Args:
        draw: given by hypothesis.
        values: where the values of axes, rows and pins come from.
        methods: the steps that may occur.
        keys: the keys that it may name.
        callables: whether `derive` may be given functions beside format strings.
        most: the largest number of steps.
    """
    recipe = Recipe()
    for at in range(draw(st.integers(0, most))):
        method = draw(st.sampled_from([m for m in methods if at or m in AXES] or methods))
        named = {strip_prefix(key) for key in recipe.keys}
        free = [key for key in keys if strip_prefix(key) not in named]
        match method:
            case "product":
                given = draw(_by_key(free, _axes(values), 2))
            case "zip":
                length = draw(st.integers(1, 4))
                given = draw(_by_key(free, _axes(values, length), 3))
            case "chain":
                given = draw(st.lists(_rows(free, values), min_size=1, max_size=4))
            case "set":
                late = any(call.method in ("times", "plus") for call in recipe.calls)
                fixed = late and recipe.reads_configs  # which configs it is given is another test
                given = draw(_by_key([] if fixed else [*recipe.keys, *free[:2]], values, 2))
            case "repeat":
                given = draw(st.integers(1, 3))
            case "exclude":
                given = draw(_options(recipe, values))
            case "where":
                given = draw(st.sampled_from(PREDICATES))
            case "derive":
                rules = _templates(recipe.keys)
                rules = st.one_of(rules, st.sampled_from(RULES)) if callables else rules
                given = draw(_by_key(free, rules, 2))
            case "shuffle":
                given = draw(st.integers())
            case "sample":
                size = len(recipe.configs)
                given = (draw(st.integers(1, size)), draw(st.integers(0, 9))) if size else None
            case "slice":
                size = len(recipe.configs)
                given = (draw(st.slices(size)), size)
            case _:
                others = free if method == "times" else list(keys)
                given = draw(
                    recipes(
                        values=values, methods=methods, keys=others, callables=callables, most=2
                    )
                )
        if given or method in ("times", "plus", "shuffle"):
            recipe = _if_it_fits(recipe.then(method, given), recipe)
    return recipe


def _if_it_fits(longer: Recipe, shorter: Recipe) -> Recipe:
    try:
        return longer if len(longer.configs) <= LARGEST else shorter
    except UnfitError:
        return shorter


def _by_key(
    keys: Sequence[str], values: st.SearchStrategy[Any], most: int
) -> st.SearchStrategy[dict[str, Any]]:
    if not keys:
        return st.just({})
    return st.dictionaries(st.sampled_from(keys), values, min_size=1, max_size=most)


def _axes(values: st.SearchStrategy[Any], length: int | None = None) -> st.SearchStrategy[Any]:
    shortest, longest = (2, 3) if length is None else (length, length)
    numbers = st.integers(-3, 3).flatmap(
        lambda start: st.integers(shortest, longest).map(lambda size: range(start, start + size))
    )
    listed = st.lists(values, min_size=shortest, max_size=longest)
    return st.one_of(listed, listed, numbers)


def _rows(free: Sequence[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[Config]:
    """Rows whose keys differ, but have the same order."""
    few = free[:3]
    rows = st.one_of(st.just({}), _by_key(few, values, 3), _by_key(few, values, 3))
    return rows.map(lambda row: {key: row[key] for key in few if key in row})


def _options(recipe: Recipe, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """What an `exclude` may contain: keys of the sweep, with their values or any others."""
    held = [value for config in recipe.configs for value in config.values()]
    one = st.one_of(values, st.sampled_from(held)) if held else values
    not_a_list = one.filter(lambda value: not isinstance(value, list))
    many = st.lists(one, min_size=1, max_size=2)
    return _by_key(recipe.keys, st.one_of(not_a_list, many), 2)


def _templates(keys: Sequence[str]) -> st.SearchStrategy[str]:
    parts = st.sampled_from(["", "-", "run"])
    braces = st.sampled_from(["{" + key + "}" for key in keys]) if keys else parts
    return st.lists(st.one_of(parts, braces), max_size=3).map("".join)
