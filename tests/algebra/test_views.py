"""What the public face never asks of a space, and what it must not get wrong if it did."""

from __future__ import annotations

import pytest

from params_proto.algebra.space import Grid, Ragged, Rows, Space, axis
from params_proto.algebra.views import Concat, Derived, Filtered, Picked, Shuffled, renamed

letters = Rows(("a",), ((1, 2, 1),), 3)
pairs = Rows(("b", "c"), ((1, 2), (3, 4)), 2)
ragged = Ragged(({"a": 1}, {}, {"b": 2, "a": 1}))

SPACES: dict[str, Space] = {
    "axis": letters,
    "axis of pairs": pairs,
    "repetition": Rows((), (), 3),
    "range": Rows(("a",), (range(3),), 3),
    "ragged": ragged,
    "grid": Grid((letters, pairs)),
    "empty grid": Grid(),
    "grid of grids": Grid((Grid((letters, pairs)), Rows((), (), 2))),
    "concat": Concat((letters, pairs, ragged)),
    "filtered": Filtered(letters, (lambda config: config["a"] > 1,)),
    "filtered away": Filtered(letters, (lambda config: False,)),
    "derived": Derived(letters, "d", lambda config: config["a"] + 1),
    "picked": Picked(letters, range(2, 0, -1)),
    "none picked": Picked(letters, range(0)),
    "shuffled": Shuffled(Grid((letters, pairs)), 1),
    "renamed": renamed(Grid((letters, pairs)), "x.{}".format),
    "renamed and derived": renamed(
        Grid((Derived(letters, "d", lambda config: config["a"] + 1), pairs)), "x.{}".format
    ),
    "all": Grid((Picked(Filtered(Shuffled(letters, 1), (lambda c: True,)), range(1, 3)), pairs)),
}


@pytest.mark.parametrize("name", SPACES)
def test_a_space_is_one_list(name: str) -> None:
    space = SPACES[name]
    configs = list(space)

    assert len(configs) == space.size
    assert [space.put({}, index) for index in range(space.size)] == configs
    assert {key for config in configs for key in config} <= set(space.keys)
    strangers = [{}, {"a": 0}, {"a": 1, "z": 0}, {"z": 0}, {"b": 1, "c": 4}, {"x.a": 1, "y": 2}]
    for config in [*configs, *strangers]:
        assert (config in space) is (config in configs)
        found = [at for at, each in enumerate(configs) if each == config]
        assert list(space.positions(config)) == found
        assert space.count(config) == len(found)


def test_rows_of_one_shape_are_columns() -> None:
    assert isinstance(axis([{"a": 1, "b": 2}, {"a": 3, "b": 4}]), Rows)
    assert isinstance(axis([{"a": 1}, {"b": 2}]), Ragged)
    assert isinstance(axis([{"a": 1, "b": 2}, {"b": 2, "a": 1}]), Ragged)  # in its own order
