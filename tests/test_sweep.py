"""The methods of Sweep."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import copy
import itertools
import pickle
import signal
from collections import ChainMap, UserDict
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from params_proto.sweep import Sweep
from tests.recipes import exactly
from tests.strategies import Color, Layer, its_keys

# --- the expressions of the design, one by one


TABLE: dict[str, tuple[Sweep, list[dict[str, Any]]]] = {
    "nothing": (Sweep(), [{}]),
    "product of a mapping and keywords": (Sweep().product({"model.lr": [1, 2]}, bs=[3]), [{"model.lr": 1, "bs": 3}, {"model.lr": 2, "bs": 3}]),
    "product of any mapping": (Sweep().product(ChainMap({"a": [1]}, {"b": [2]})) % UserDict(c=3), [{"b": 2, "a": 1, "c": 3}]),
    "chain with a sweep among its rows": (Sweep().product(a=[1, 2]).chain({"b": 0}, Sweep().product(b=[1, 2]), {"c": 3}), [{"a": a, **row} for a in (1, 2) for row in ({"b": 0}, {"b": 1}, {"b": 2}, {"c": 3})]),
    "chain of mappings that are no dicts": (Sweep().chain(MappingProxyType({"a": 1}), UserDict(a=2), ChainMap({"a": 3})), [{"a": 1}, {"a": 2}, {"a": 3}]),
    "exclude nothing": (Sweep().product(a=[1]).exclude().exclude({}), [{"a": 1}]),
    "exclude a range of values": (Sweep().product(a=range(5)).exclude(a=range(1, 4)), [{"a": 0}, {"a": 4}]),
    "exclude an array of values": (Sweep().product(a=range(3)).exclude(a=np.array([0, 2])), [{"a": 1}]),
    "exclude distinguishes a bool from a number": (Sweep().product(a=[True, 1, 0, False]).exclude(a=[1, False]), [{"a": True}, {"a": 0}]),
    "where with any truth": (Sweep().product(a=[0, 1, "", "x"]).where(lambda c: c["a"]), [{"a": 1}, {"a": "x"}]),
    "where with NumPy's truth": (Sweep().product(a=[0, 1]).where(lambda c: np.bool_(c["a"] > 0)), [{"a": 1}]),
    "derive from a format string": (Sweep().product({"lr": [0.001], "model.size": [16]}).derive(name="lr{lr:.0e}-{model.size}"), [{"lr": 0.001, "model.size": 16, "name": "lr1e-03-16"}]),
    "derive a NumPy value": (Sweep().set(a=2).derive(b=lambda c: np.sqrt(np.float64(c["a"] * 2))), [{"a": 2, "b": 2.0}]),
    "power of a NumPy number": (Sweep() ** np.int64(2), [{}, {}]),
    # set pins as if it stood first
    "an axis over many goes": (Sweep().product(k=range(10**12)).set(k=9), [{"k": 9}]),
    "where sees what was not there": (Sweep().product(a=[1]).where(lambda c: c.get("k") == 9).set(k=9), [{"a": 1, "k": 9}]),
    "through a slice of all, of which there was none": (Sweep().product(a=[1]).where(lambda config: "k" in config)[:].set(k=9), [{"a": 1, "k": 9}]),
    # the order of keys
    "a mapping before keywords": (Sweep().product({"b": [1]}, a=[1]), [{"b": 1, "a": 1}]),
    "of the axis that a set took out": (Sweep().product(a=[1, 2], b=[1]).set(c=1, a=3), [{"a": 3, "b": 1, "c": 1}]),
    "of the factors": (Sweep().product(c=[1]) * (Sweep().product(a=[1]) * Sweep().product(b=[1]).shuffle()), [{"c": 1, "a": 1, "b": 1}]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_configs(name: str) -> None:
    sweep, configs = TABLE[name]

    assert list(map(exactly, sweep)) == list(map(exactly, configs))
    assert list(map(list, sweep)) == list(map(list, configs))  # the order of keys
    assert len(sweep) == sweep.size == len(configs)
    assert bool(sweep) is bool(configs)
    assert [sweep[at] for at in range(len(configs))] == list(sweep)


def test_a_factor_is_not_shown_the_pins_of_the_others() -> None:
    filtered = Sweep().product(b=[1, 2]).where(lambda config: "a" not in config)

    assert len(filtered) == 2
    assert list(Sweep().set(a=1) * filtered) == [{"a": 1, "b": 1}, {"a": 1, "b": 2}]
    assert list(filtered * Sweep().set(a=1)) == [{"b": 1, "a": 1}, {"b": 2, "a": 1}]


def test_keys_of_a_sweep_are_all_that_a_config_may_have() -> None:
    assert (Sweep().chain({"a": 1}, {"b": 2}).set(c=1) + Sweep().set(d=1)).keys == tuple("abcd")
    assert Sweep().keys == ()


# --- what an axis may be


class Countdown:
    """Iterable, and nothing else."""

    def __iter__(self) -> Iterator[int]:
        return iter((2, 1))


class Row:
    """A sequence of the old kind."""

    def __getitem__(self, at: int) -> int:
        return (5, 6)[at]


AXES: dict[str, tuple[Any, list[Any]]] = {
    "list": ([1, "a", None], [1, "a", None]),
    "range": (range(3), [0, 1, 2]),
    "generator": ((n * n for n in (1, 2)), [1, 4]),
    "iterable": (Countdown(), [2, 1]),
    "old sequence": (Row(), [5, 6]),
    "enum class": (Color, [Color.RED, Color.BLUE]),
    "keys of a dict": ({"b": 1, "a": 2}.keys(), ["b", "a"]),
    "keys of a mapping": (UserDict(b=1, a=2).keys(), ["b", "a"]),
    "NumPy floats": (np.linspace(0, 1, 3), [0.0, 0.5, 1.0]),
    "NumPy ints": (np.arange(2, dtype=np.int8), [0, 1]),
    "NumPy arrays in a list": ([np.array([1, 2]), np.array([])], [[1, 2], []]),
    "NumPy values within values": ([{"x": np.int64(1)}, (np.float64(2.0),)], [{"x": 1}, (2.0,)]),
    "Series": (pd.Series([1, 2], index=["x", "y"]), [1, 2]),
    "Series of categories": (pd.Series(["a", "b"], dtype="category"), ["a", "b"]),
    "Series of nullable ints": (pd.Series([1, None], dtype="Int64"), [1, None]),
    "Index": (pd.Index([3, 4]), [3, 4]),
}


@pytest.mark.parametrize("name", AXES)
def test_an_axis_is_any_ordered_iterable(name: str) -> None:
    axis, values = AXES[name]

    sweep = Sweep().product(k=axis)
    assert [exactly(config["k"]) for config in sweep] == [exactly(value) for value in values]


def test_a_generator_is_drawn_once_when_the_sweep_is_made() -> None:
    drawn: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(3):
            drawn.append(number)
            yield number

    sweep = Sweep().product(a=numbers())
    assert drawn == [0, 1, 2]
    assert list(sweep) == list(sweep) == [{"a": 0}, {"a": 1}, {"a": 2}]
    assert drawn == [0, 1, 2]


class Counted:
    """An object that counts its copies."""

    copies = 0

    def __deepcopy__(self, memo: object) -> Counted:
        Counted.copies += 1
        return Counted()


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: (one, 1), lambda one: [one]])
def test_an_object_is_copied_once_for_each_config(wrap: Callable[[Any], Any]) -> None:
    sweep = Sweep().product(net=[wrap(Counted())], seed=range(10))
    list(sweep)  # the first pass also looks whether a receiver could change the value
    before = Counted.copies

    assert len(list(sweep)) == 10
    assert Counted.copies - before == 10


def test_defined_values_are_snapshots() -> None:
    layers, options = [64, [32]], {"deep": [1]}
    point = Layer([1])
    sweep = Sweep().product(layers=[layers], options=[options], layer=[point])

    layers.append(1)
    layers[1].append(2)  # pyright: ignore
    options["deep"].append(2)
    point.sizes.append(2)
    assert sweep[0] == {"layers": [64, [32]], "options": {"deep": [1]}, "layer": Layer([1])}


def test_what_where_and_derive_are_given_is_a_copy() -> None:
    def spoiling(config: dict[str, Any]) -> bool:
        config["a"].append(9)
        config.clear()
        return True

    sweep = Sweep().product(a=[[1]]).where(spoiling).derive(b=spoiling).where(spoiling)
    assert list(sweep) == [{"a": [1], "b": True}]
    assert len(sweep) == 1
    assert sweep[0] == {"a": [1], "b": True}


def test_each_config_has_a_derived_value_of_its_own() -> None:
    sweep = Sweep().set(a=1).derive(seen=lambda config: [config["a"]]).product(b=[1, 2])
    for config in sweep:
        config["seen"].append("mine")
    assert [config["seen"] for config in sweep] == [[1], [1]]
    first, second = sweep
    first["seen"].append("mine")
    assert second["seen"] == [1]


# --- a sequence


nine = Sweep().product(a=[1, 2, 3], b=[1, 2, 3])


def test_a_slice_that_takes_all_changes_nothing() -> None:
    assert nine[:] == nine[0:] == nine[:9] == nine[-99:99] == nine


@pytest.mark.parametrize("index", [9, -10, 10**30])
def test_an_index_out_of_range(index: int) -> None:
    with pytest.raises(IndexError) as error:
        nine[index]
    assert str(error.value) == f"sweep index {index} is out of range: it has 9 configs."


@pytest.mark.parametrize(
    "operation",
    [
        *(lambda: Sweep() * 3, lambda: 3 * Sweep(), lambda: Sweep() + {"a": [1]}, lambda: Sweep() % 3),
        *(lambda: Sweep() % Sweep(), lambda: "a" + Sweep(), lambda: "a" * Sweep()),
    ],
)  # fmt: skip
def test_operators_take_sweeps_and_mappings(operation: Callable[[], Any]) -> None:
    with pytest.raises(TypeError):
        operation()


# --- equality

EQUAL: dict[str, tuple[Sweep, Sweep]] = {
    "a chain of one sweep": (Sweep().chain(Sweep().product(a=[1, 2])), Sweep().product(a=[1, 2])),
    "one call or two": (Sweep().product(a=[1]).product(b=[2]), Sweep().product(a=[1], b=[2])),
    "times and product": (Sweep().product(a=[1]) * Sweep().product(b=[2]), Sweep().product(a=[1], b=[2])),
    "one set or two": (Sweep().set(a=1).set(b=2), Sweep().set(b=2, a=1)),
    "a range and its numbers": (Sweep().product(a=range(3)), Sweep().product(a=[0, 1, 2])),
    "an array and its numbers": (Sweep().product(a=np.arange(3)), Sweep().product(a=range(3))),
    "nan": (Sweep().product(a=[float("nan")]), Sweep().product(a=[float("nan")])),
    "rows with other key orders": (Sweep().chain({"a": 1, "b": 2}), Sweep().chain({"b": 2, "a": 1})),
    "the same slice": (Sweep().product(a=range(9))[-3:], Sweep().product(a=range(9))[6:99]),
    "the same function": (Sweep().where(its_keys), Sweep().where(its_keys)),
    "the same sum": (Sweep().set(a=1) + Sweep().set(b=1), Sweep().set(a=1) + Sweep().set(b=1)),
    "dataclasses": (Sweep().product(a=[Layer([1])]), Sweep().product(a=[Layer([1])])),
    "sets": (Sweep().set(a={1, 2}), Sweep().set(a={2, 1})),
}  # fmt: skip


@pytest.mark.parametrize("name", EQUAL)
def test_equal(name: str) -> None:
    one, other = EQUAL[name]

    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


DIFFERENT: dict[str, tuple[Sweep, object]] = {
    "range and floats": (Sweep().product(a=range(2)), Sweep().product(a=[0.0, 1.0])),
    "the order of axes": (Sweep().product(a=[1, 2], b=[1, 2]), Sweep().product(b=[1, 2], a=[1, 2])),
    "zip and product": (Sweep().zip(a=[1]), Sweep().product(a=[1])),
    "options": (Sweep().set(a=1).exclude(a=1), Sweep().set(a=1).exclude(a=1.0)),
    "rules": (Sweep().set(a=1).derive(b="{a}"), Sweep().set(a=1).derive(b="{a:d}")),
    "nothing": (Sweep(), None),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_different(name: str) -> None:
    one, other = DIFFERENT[name]

    assert one != other
    assert len({one, repr(other)}) == 2


def test_targets_do_not_count() -> None:
    def train(a: int) -> None: ...

    assert Sweep(train).product(a=[1]) == Sweep().product(a=[1])
    assert hash(Sweep(train).product(a=[1])) == hash(Sweep().product(a=[1]))


@pytest.mark.parametrize("compared", [False, True])
def test_a_sweep_with_functions_survives_a_pickle(compared: bool) -> None:
    sweep = Sweep().product(a=[1, 2]).where(its_keys).derive(b=its_keys).set(c=its_keys)
    if compared:
        assert hash(sweep) == hash(sweep)
        assert sweep == copy.deepcopy(sweep)

    again = pickle.loads(pickle.dumps(sweep))
    assert again == sweep
    assert list(again) == list(sweep)
    assert again.targets == ()


# --- cost: what walks the configs would not end


@pytest.fixture
def no_walk() -> Iterator[None]:
    """Ends a test that iterates over too much before it fills the memory."""

    def end(*_: object) -> None:
        raise TimeoutError("it walks the configs")

    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(5)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


million = range(10**6)
HUGE = Sweep().product(a=range(10**12), b=million, c=[[1], [2]]).zip(d=million, e=million)
HUGE = HUGE.chain({"f": 1}, {"g": 2}).repeat(10).set(h=1)
SIZE = 10**12 * 10**6 * 2 * 10**6 * 2 * 10


@pytest.mark.usefixtures("no_walk")
def test_a_huge_sweep_knows_its_size_and_its_configs() -> None:
    assert HUGE.size == SIZE
    assert bool(HUGE)
    assert HUGE[0] == {"a": 0, "b": 0, "c": [1], "d": 0, "e": 0, "f": 1, "h": 1}
    last = million[-1]
    assert HUGE[-1] == {"a": 10**12 - 1, "b": last, "c": [2], "d": last, "e": last, "g": 2, "h": 1}
    assert HUGE[SIZE - 1] == HUGE[-1]
    assert next(iter(HUGE)) == HUGE[0]
    with pytest.raises(IndexError):
        HUGE[SIZE]
    with pytest.raises(OverflowError):  # Python's len ends at sys.maxsize
        len(HUGE)


VIEWS: dict[str, Sweep] = {
    "whole": HUGE,
    "slice": HUGE[7::3],
    "slice of a slice": HUGE[10**20 :][: 10**20 : 10**3],
    "shuffled": HUGE.shuffle(3),
    "sum": HUGE + Sweep().set(a=1),
    "times a sum": (Sweep().set(a=1) + Sweep().set(b=1))
    * Sweep().product(z=range(10**12), y=range(10**12)),
    "derived": HUGE.derive(name="{a}"),
    "pinned": HUGE.set(a=3),
}


@pytest.mark.usefixtures("no_walk")
@pytest.mark.parametrize("name", VIEWS)
def test_a_huge_sweep_is_lazy(name: str) -> None:
    sweep = VIEWS[name]

    for at in (0, 1, sweep.size // 2 + 12345, sweep.size - 1, -1, -sweep.size):
        assert sweep[at] == sweep[at % sweep.size]
    assert sweep == copy.copy(sweep)
    assert hash(sweep) == hash(copy.copy(sweep))
    assert repr(sweep)
    assert next(iter(sweep)) == sweep[0]
    assert len(sweep[5:10]) == 5
    assert sweep.sample(10).size == 10
    assert sweep.shuffle()[5]


@pytest.mark.usefixtures("no_walk")
def test_a_huge_sweep_finds_the_index_of_a_config() -> None:
    sweep = Sweep().product(a=range(10**12), b=range(10**12))

    for at in (0, 12345678901234567890, 10**24 - 1):
        assert sweep.index(sweep[at]) == at
        assert sweep.count(sweep[at]) == 1
    assert HUGE[10**20] in HUGE
    assert {**HUGE[0], "a": -1} not in HUGE


@pytest.mark.usefixtures("no_walk")
def test_a_repetition_is_no_walk() -> None:
    sweep = Sweep().product(a=[1, 2]).repeat(10**12)

    assert sweep[10**12] == {"a": 2}
    assert {"a": 2} in sweep
    assert {"a": 3} not in sweep
    assert sweep.index({"a": 2}) == 10**12


@pytest.mark.usefixtures("no_walk")
def test_a_range_may_be_longer_than_memory() -> None:
    sweep = Sweep().product(seed=range(10**30))

    assert sweep.size == 10**30
    assert sweep[-1] == {"seed": 10**30 - 1}
    assert {"seed": 10**29} in sweep
    assert sweep == Sweep().product(seed=range(10**30))
    assert hash(sweep) == hash(Sweep().product(seed=range(10**30)))
    assert sweep[10**29 :][0] == {"seed": 10**29}


@pytest.mark.usefixtures("no_walk")
def test_an_exclusion_may_be_a_long_range() -> None:
    sweep = Sweep().product(seed=[5, 10**12 + 5]).exclude(seed=range(10**12))

    assert list(sweep) == [{"seed": 10**12 + 5}]


@pytest.mark.parametrize("filters", [1, 2, 8])
def test_filters_upon_filters_ask_once_each(filters: int) -> None:
    calls = 0

    def keep(config: dict[str, Any]) -> bool:
        nonlocal calls
        calls += 1
        return True

    sweep = Sweep().product(a=range(10))
    for _ in range(filters):
        sweep = sweep.where(keep)

    assert len(list(sweep)) == len(sweep) == 10
    assert [sweep[at]["a"] for at in range(10)] == list(range(10))
    assert calls == 10 * filters


def test_passes_share_the_results_of_a_filter() -> None:
    calls: list[int] = []

    def keep(config: dict[str, Any]) -> bool:
        calls.append(config["a"])
        if calls == [0, 1, 2, 3]:
            raise ValueError("three")
        return config["a"] % 2 == 1

    sweep = Sweep().product(a=range(10**12)).where(keep)
    first = iter(sweep)
    assert next(first) == {"a": 1}
    with pytest.raises(ValueError, match="three"):
        next(first)
    pairs = itertools.islice(zip(sweep, sweep, strict=True), 3)
    assert [(one["a"], other["a"]) for one, other in pairs] == [(1, 1), (3, 3), (5, 5)]
    assert calls == [0, 1, 2, 3, 3, 4, 5]  # it had no result for 3


def test_a_filter_in_a_factor_is_not_asked_for_every_config() -> None:
    calls = 0

    def keep(config: dict[str, Any]) -> bool:
        nonlocal calls
        calls += 1
        return config["b"] > 0

    sweep = Sweep().product(a=range(50)) * Sweep().product(b=range(3)).where(keep)
    assert sum(1 for _ in sweep) == 100
    assert calls == 3


@pytest.mark.usefixtures("no_walk")
def test_many_axes_and_many_pins() -> None:
    pins = {f"p{at}": at for at in range(1500)}
    axes = {f"k{at}": [0, 1] for at in range(300)}

    sweep = Sweep().set(pins).product(axes)
    assert sweep.size == 2**300
    assert next(iter(sweep)) == sweep[0]
    assert sweep[-1] in sweep
    assert sweep.index(sweep[2**299 + 1]) == 2**299 + 1


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600, 1000])
def test_blocks_of_every_size(size: int) -> None:
    for sweep in (
        Sweep().product(a=range(3), b=range(size)),
        Sweep().product(b=range(size), a=range(3)),
        Sweep().product(a=range(2), b=range(size), c=[7], d=range(2)),
        Sweep().product(b=range(size)).repeat(3),
    ):
        assert list(sweep) == [sweep[at] for at in range(len(sweep))]


def test_iterating_holds_no_list() -> None:
    import tracemalloc

    sweep = Sweep().product({f"k{at}": range(10) for at in range(6)})
    tracemalloc.start()
    for _ in itertools.islice(sweep, 200_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("name", ["self", "axes", "pins", "match", "rules", "mapping", "given"])
def test_a_key_may_be_named_like_an_argument(name: str) -> None:
    sweep = Sweep().product(**{name: [1]}).exclude(**{name: 2}).set(**{name: 3})

    assert list(sweep) == [{name: 3}]
