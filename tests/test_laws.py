"""The laws of the algebra, over generated sweeps of every kind of step and value."""

from __future__ import annotations

import copy
import pickle
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from math import inf, nan
from pathlib import Path, PosixPath, PurePosixPath
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from params_proto.sweep import Sweep
from tests import strategies
from tests.recipes import Config, Recipe, exactly, text
from tests.strategies import KEYS, recipes, values


def same(sweep: Any, configs: Any) -> bool:
    """Whether two sequences of configs are the same, including the types of all values."""
    return [exactly(config) for config in sweep] == [exactly(config) for config in configs]


# --- what a sweep is a list of


@settings(max_examples=200)
@given(recipes())
def test_a_sweep_is_the_list_that_its_calls_say(recipe: Recipe) -> None:
    sweep = recipe.sweep()

    assert same(sweep, recipe.configs)
    assert (len(sweep), sweep.size, bool(sweep)) == (len(recipe.configs),) * 2 + (
        bool(recipe.configs),
    )


@given(recipes())
def test_an_index_is_that_of_the_list(recipe: Recipe) -> None:
    sweep, configs = recipe.sweep(), list(recipe.sweep())

    assert same([sweep[at] for at in range(len(sweep))], configs)
    assert same([sweep[at - len(sweep)] for at in range(len(sweep))], configs)


@given(recipes(), st.data())
def test_a_slice_of_a_slice_is_that_of_the_list(recipe: Recipe, data: st.DataObject) -> None:
    sweep, configs = recipe.sweep(), list(recipe.sweep())

    for _ in range(3):
        part = data.draw(st.slices(len(configs)))
        sweep, configs = sweep[part], configs[part]
        assert same(sweep, configs)
        assert same([sweep[at] for at in range(len(sweep))], configs)


@given(recipes(methods=[m for m in strategies.METHODS if m not in ("chain", "plus")]))
def test_a_configs_keys_stand_in_the_order_in_which_the_calls_named_them(recipe: Recipe) -> None:
    sweep = recipe.sweep()

    assert list(sweep.keys) == recipe.keys
    for at, config in enumerate(sweep):
        assert list(config) == [key for key in recipe.keys if key in config]
        assert list(sweep[at]) == list(config)


# --- * + **


disjoint = st.tuples(
    recipes(keys=KEYS[:3], most=3), recipes(keys=KEYS[3:6], most=3), recipes(keys=KEYS[6:], most=3)
)


@given(disjoint)
def test_times_over_different_keys_is_the_nested_loop_and_associative(
    three: tuple[Recipe, Recipe, Recipe],
) -> None:
    a, b, c = (recipe.sweep() for recipe in three)
    loop = [x | y | z for x in a for y in b for z in c]

    assert same((a * b) * c, loop)
    assert same(a * (b * c), loop)


@given(recipes(most=3), recipes(most=3), recipes(most=3))
def test_plus_is_one_list_after_the_other_and_associative(x: Recipe, y: Recipe, z: Recipe) -> None:
    a, b, c = x.sweep(), y.sweep(), z.sweep()

    assert same((a + b) + c, [*a, *b, *c])
    assert (a + b) + c == a + (b + c)


@given(recipes())
def test_the_empty_sweep_is_the_unit_of_times(recipe: Recipe) -> None:
    sweep = recipe.sweep()

    assert Sweep() * sweep == sweep == sweep * Sweep()
    assert same(Sweep() * sweep, sweep)
    assert same(sweep * Sweep(), sweep)


@given(recipes(keys=KEYS[:5]), st.dictionaries(st.sampled_from(KEYS[5:]), values, max_size=2))
def test_operators_with_a_mapping_are_the_methods(recipe: Recipe, given_values: Config) -> None:
    assume(not recipe.reads_configs)
    sweep, axes = recipe.sweep(), {key: [value] for key, value in given_values.items()}

    assert sweep * axes == sweep.product(axes)
    assert sweep % given_values == sweep.set(given_values)
    assert same(axes * sweep, [head | tail for head in Sweep().product(axes) for tail in sweep])


@given(recipes(), st.integers(1, 4), st.integers(1, 3))
def test_a_power_is_each_config_that_many_times_in_a_row(
    recipe: Recipe, n: int, again: int
) -> None:
    sweep = recipe.sweep()

    assert same(sweep**n, [config for config in sweep for _ in range(n)])
    assert sweep**n == sweep.repeat(n)
    assert sweep**n**again == (sweep**n).repeat(n ** (again - 1))


# --- set


@given(recipes(keys=KEYS[:6]), st.sampled_from(KEYS[6:]), values)
def test_set_of_another_key_is_the_same_before_and_after(
    recipe: Recipe, key: str, value: Any
) -> None:
    assume(not recipe.reads_configs)
    sweep = recipe.sweep()

    after = sweep.set({key: value})
    assert same(after, [{**config, key: value} for config in sweep])
    assert same(Sweep().set({key: value}) * sweep, after)


@given(recipes(methods=strategies.AXES), st.data())
def test_set_of_a_key_is_the_product_without_its_axis(recipe: Recipe, data: st.DataObject) -> None:
    sweep, value = recipe.sweep(), data.draw(values)
    swept = sweep.product(target=[1, 2, 3])

    assert same(swept.set(target=value), sweep.set(target=value))
    assert same(swept.set(target=0).set(target=value), swept.set(target=value))


# --- in, index, count


def near_misses(configs: list[Config], others: list[Any]) -> list[object]:
    """Configs that are almost in a sweep: equal values of other types, missing and extra keys."""
    found: list[object] = [{}, None, "a", 3, [], {"a": 1}.keys()]
    for config in configs[:6]:
        found += [config, dict(reversed(config.items())), MappingProxyType(config)]
        found += [{**config, "extra": 1}, list(config.items())]
        for key, value in config.items():
            found.append({k: v for k, v in config.items() if k != key})
            found += [{**config, key: each} for each in [*_alike(value), *others]]
    return found


def _alike(value: Any) -> list[Any]:
    alike: list[Any] = [repr(value)]
    if isinstance(value, (int, float)) and abs(value) < 2**53:
        alike += [float(value), Fraction(value), Decimal(value), value + 1, -value]
    if value in (0, 1):
        alike += [bool(value), int(value)]
    if isinstance(value, (list, tuple)):
        alike += [list(value), tuple(value)]
    return alike


@given(recipes(), st.lists(values, max_size=1))
def test_in_index_and_count_are_those_of_the_list(recipe: Recipe, others: list[Any]) -> None:
    sweep, configs = recipe.sweep(), list(recipe.sweep())

    for config in near_misses(configs, others):
        assert (config in sweep) is (config in configs)
        assert sweep.count(config) == configs.count(config)
        if config in configs:
            assert sweep.index(config) == configs.index(config)
        else:
            with pytest.raises(ValueError, match=r" is not in the sweep\.$"):
                sweep.index(config)


@given(recipes(), st.integers(-50, 50), st.integers(-50, 50))
def test_index_within_bounds_is_that_of_the_list(recipe: Recipe, start: int, stop: int) -> None:
    sweep, configs = recipe.sweep(), list(recipe.sweep())

    for config in configs[:5]:
        try:
            expected = configs.index(config, start, stop)
        except ValueError:
            with pytest.raises(ValueError, match="is not in the sweep"):
                sweep.index(config, start, stop)
        else:
            assert sweep.index(config, start, stop) == expected


# --- == hash repr


@given(recipes(), recipes())
def test_equal_sweeps_have_equal_lists_and_hashes(first: Recipe, second: Recipe) -> None:
    a, again, b = first.sweep(), first.sweep(), second.sweep()

    assert a == again
    assert hash(a) == hash(again)
    if a == b:
        assert hash(a) == hash(b)
        assert same(a, b)
    else:
        assert a != b


NAMES = {
    **vars(strategies),
    **{"Sweep": Sweep, "inf": inf, "nan": nan},
    **{"PosixPath": PosixPath, "PurePosixPath": PurePosixPath, "Path": Path},
}


@given(recipes())
def test_the_repr_is_the_expression_that_makes_it(recipe: Recipe) -> None:
    sweep = recipe.sweep()

    assert eval(repr(sweep), NAMES) == sweep


# --- filters, derivations, orders


@given(recipes())
def test_where_is_a_list_comprehension(recipe: Recipe) -> None:
    sweep, keep = recipe.sweep(), strategies.keeps_most

    assert same(sweep.where(keep), [config for config in sweep if keep(config)])


@given(recipes(), st.data())
def test_exclude_is_a_list_comprehension(recipe: Recipe, data: st.DataObject) -> None:
    sweep = recipe.sweep()
    configs = list(sweep)
    assume(recipe.keys and configs)
    key = data.draw(st.sampled_from(recipe.keys))
    values = [config[key] for config in configs if key in config]
    assume(values)
    value = data.draw(st.sampled_from(values))
    assume(value == value)  # nan has a test of its own

    def dropped(config: Config) -> bool:
        held = config.get(key, strategies)
        return bool(held == value) and isinstance(held, bool) is isinstance(value, bool)

    assert same(
        sweep.exclude({key: [value]}), [config for config in configs if not dropped(config)]
    )


@given(recipes(keys=KEYS[:6]), st.sampled_from(KEYS[6:]))
def test_derive_is_a_list_comprehension(recipe: Recipe, key: str) -> None:
    sweep, rule = recipe.sweep(), strategies.its_keys

    assert same(sweep.derive({key: rule}), [{**config, key: rule(config)} for config in sweep])
    template = "/".join("{" + name + "}" for name in recipe.keys)
    if all(config.keys() == set(recipe.keys) for config in sweep):
        assert same(
            sweep.derive({key: template}),
            [{**config, key: "/".join(text(config[k]) for k in recipe.keys)} for config in sweep],
        )


@given(recipes(), st.integers(), st.data())
def test_shuffle_is_a_permutation_and_sample_its_first(
    recipe: Recipe, seed: int, data: st.DataObject
) -> None:
    sweep = recipe.sweep()
    shuffled = list(sweep.shuffle(seed))

    assert Counter(map(exactly, shuffled)) == Counter(map(exactly, sweep))
    assert same(sweep.shuffle(seed), shuffled)
    if shuffled:
        n = data.draw(st.integers(1, len(shuffled)))
        assert same(sweep.sample(n, seed), shuffled[:n])


# --- nothing that anybody does changes a sweep


def spoil(value: Any) -> None:
    """Changes whatever can be changed in a value."""
    match value:
        case dict():
            for each in list(value.values()):
                spoil(each)
            value["spoiled"] = True
        case list():
            for each in value:
                spoil(each)
            value.append("spoiled")
        case tuple():
            for each in value:
                spoil(each)
        case set():
            value.add("spoiled")
        case strategies.Layer():
            value.sizes.append(0)
            value.name = "spoiled"
        case _:
            pass


@given(recipes())
def test_changing_what_it_gave_changes_nothing(recipe: Recipe) -> None:
    sweep = recipe.sweep()
    before = [exactly(config) for config in sweep]

    for at, config in enumerate(sweep):
        spoil(config)
        spoil(sweep[at])
    assert [exactly(config) for config in sweep] == before
    assert [exactly(sweep[at]) for at in range(len(sweep))] == before


@given(recipes())
def test_changing_what_it_was_given_changes_nothing(recipe: Recipe) -> None:
    sweep, expression = recipe.sweep(), repr(recipe.sweep())
    before = [exactly(config) for config in sweep]
    hash_before = hash(sweep)

    for _, what in recipe.calls:
        spoil(what)
    assert [exactly(config) for config in sweep] == before
    assert (repr(sweep), hash(sweep)) == (expression, hash_before)


@given(recipes())
def test_two_iterators_do_not_meet(recipe: Recipe) -> None:
    sweep = recipe.sweep()
    ahead, behind = iter(sweep), iter(sweep)
    next(ahead, None)

    for one, other in zip(sweep, sweep, strict=True):
        assert exactly(one) == exactly(other)
        assert one is not other
    assert same(behind, sweep)
    assert same(ahead, list(sweep)[1:])


@given(recipes())
def test_a_method_leaves_the_sweep_as_it_was(recipe: Recipe) -> None:
    sweep = recipe.sweep()
    before, expression = [exactly(config) for config in sweep], repr(sweep)

    _ = (Sweep() % {"target": 1} * sweep).repeat(2).shuffle()
    _ = (sweep + sweep)[1:] * {"more": [1, 2]}
    assert ([exactly(config) for config in sweep], repr(sweep)) == (before, expression)


def through_pickle(sweep: Sweep) -> Sweep:
    return pickle.loads(pickle.dumps(sweep))


@pytest.mark.parametrize("duplicate", [copy.deepcopy, copy.copy, through_pickle])
@given(recipe=recipes())
def test_a_copy_is_equal(recipe: Recipe, duplicate: Any) -> None:
    sweep = recipe.sweep()
    hash(sweep)

    again = duplicate(sweep)
    assert again == sweep
    assert hash(again) == hash(sweep)
    assert repr(again) == repr(sweep)
    assert same(again, sweep)
