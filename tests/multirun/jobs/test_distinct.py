"""How many equal jobs come before one, as the steps tell it and as a look at all jobs does."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from params_proto import Sweep
from params_proto.multirun.jobs.distinct import occurrence_of
from params_proto.overrides.identity import Occurrences
from tests.recipes import Recipe
from tests.strategies import recipes

TOLD = ("product", "zip", "chain", "set", "repeat", "derive", "times")
said = st.sampled_from([1, 1.0, "1", True, None, "null", 0.5, [1], (1.0,), {"a": [1, None]}, "a"])


class Colour(Enum):
    RED = 1


GRID = Sweep().product(lr=[1, 2], seed=range(3))
SWEEPS = {
    "none": GRID,
    "last": GRID.repeat(3),
    "first": Sweep().product(lr=[1, 2]).repeat(2).product(seed=[1, 2, 3]),
    "twice": Sweep().product(lr=[1, 2]).repeat(2).product(seed=[1, 2, 3]).repeat(3),
    "pairs": Sweep().zip(lr=[1, 2], seed=[3, 3]).repeat(2).set(name="x"),
    "derived": GRID.repeat(2).derive(name="{lr}"),
    "alone": Sweep().repeat(4),
    "equal values": Sweep().product(lr=[1, 1, 2, 1.0], seed=[3, 4]).repeat(2),
    "equal pairs": Sweep().zip(lr=[1, 1, 2, 1], seed=[3, 4, 3, 3]).product(x=range(2)),
    "a range among pairs": Sweep().zip(lr=[1, 1, 1], seed=range(3)).repeat(2),
    "rows": Sweep().chain({"lr": 1}, {}, {"lr": 2}, {"lr": 1}, {}).product(seed=range(2)),
    "rows of many keys": Sweep().chain({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1}),
    "within": Sweep().product(lr=[1, 2, 1]) * Sweep().chain({"a": 1}, {"a": 1}).repeat(2),
    "a node within": Sweep().product(x=[1, 1]) * Sweep().product({"n.y": [2, 3, 2]}),
    "types": Sweep().product(x=[1, "1", True, "true", None, "null", [1], "[1]", 1.5, float("nan")]),
    "lists": Sweep().product(x=[[1, "a"], [1.0, "a"], {"k": [1]}, {"k": [1.0]}, r"\${y}", "${y}"]),
    "said alike": Sweep().product(x=[Colour.RED, "RED", Path("a"), "a", (1, 2), [1, 2.0]]),
}
LOOKED_AT = {
    "two spellings": Sweep().chain({"a": 1}, {"+a": 1}),
    "very many rows": Sweep().chain(*[{"a": 1}] * 100_001),
    "pinned": GRID.repeat(2).set(lr=5),
    "dropped": GRID.repeat(2).exclude(lr=1),
    "shuffled": GRID.repeat(2).shuffle(seed=1),
    "part": GRID.repeat(2)[1:5],
    "put together": GRID.repeat(2) + GRID,
}


@pytest.mark.parametrize("name", SWEEPS)
def test_what_the_steps_tell(name: str) -> None:
    sweep = SWEEPS[name]
    occurrence = occurrence_of(sweep.expression)
    assert occurrence is not None
    seen = Occurrences()
    for index, job in enumerate(sweep.overrides()):
        assert occurrence(index) == seen.of(job)


@settings(max_examples=200)
@given(recipe=recipes(values=said, methods=TOLD, callables=False))
def test_what_the_steps_of_any_sweep_tell(recipe: Recipe) -> None:
    sweep = recipe.sweep()
    occurrence = occurrence_of(sweep.expression)
    assume(occurrence is not None)
    assert occurrence is not None
    seen = Occurrences()
    assert all(occurrence(index) == seen.of(job) for index, job in enumerate(sweep.overrides()))


@pytest.mark.parametrize("value", ["db", "+db"])
def test_an_option_that_is_left_out(value: str) -> None:
    """No override is left where a group that is added has none, so that two rows are equal."""
    sweep = Sweep().chain({value: None}, {"x": 1, value: None}, {})

    def spelled(key: str, _: object) -> str | None:
        return {"db": "~db", "+db": None}.get(key, key)

    occurrence = occurrence_of(sweep.expression, spelled)
    assert occurrence is not None
    assert [occurrence(index) for index in range(3)] == [0, 0, value == "+db"]


def test_a_deletion_that_is_spelled_otherwise() -> None:
    """As of `~db` in a sweep that the command line gives values: `+db=my,pg`."""
    sweep = Sweep().product({"~db": ["my", "pg"], "x": [1, 2]})
    occurrence = occurrence_of(sweep.expression, lambda key, _: key.replace("~", "+"))
    assert occurrence is not None
    assert [occurrence(index) for index in range(4)] == [0, 0, 0, 0]


@pytest.mark.parametrize("name", LOOKED_AT)
def test_what_they_do_not_tell(name: str) -> None:
    assert occurrence_of(LOOKED_AT[name].expression) is None
