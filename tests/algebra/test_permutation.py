"""The orders of shuffle and sample."""

from __future__ import annotations

from collections import Counter
from math import factorial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from params_proto.sweep import Sweep


def order(size: int, seed: int) -> Sweep:
    return Sweep().product(i=range(size)).shuffle(seed)


def numbers(sweep: Sweep) -> tuple[int, ...]:
    return tuple(config["i"] for config in sweep)


@given(st.integers(1, 500), st.integers())
def test_it_is_a_bijection(size: int, seed: int) -> None:
    assert sorted(numbers(order(size, seed))) == list(range(size))


@given(st.integers(1, 10**60), st.integers(), st.data())
def test_it_stays_within_any_size(size: int, seed: int, data: st.DataObject) -> None:
    at = [0, size - 1, data.draw(st.integers(0, size - 1))]
    images = {index: order(size, seed)[index]["i"] for index in at}

    assert all(0 <= image < size for image in images.values())
    assert len(set(images.values())) == len(images)


def test_an_order_is_the_same_on_every_machine() -> None:
    # Written down once: a saved sweep is to run the same configs with the next release.
    assert numbers(order(10, 0)) == (7, 4, 6, 1, 2, 9, 3, 5, 8, 0)
    assert numbers(order(10, 1)) == (6, 1, 9, 2, 7, 4, 5, 0, 3, 8)
    assert order(10**12, 7)[0] == {"i": 59616365238}


@pytest.mark.parametrize("size", [3, 4])
def test_every_order_of_few_is_about_as_likely(size: int) -> None:
    seeds = 3000
    orders = Counter(numbers(order(size, seed)) for seed in range(seeds))

    assert len(orders) == factorial(size)
    expected = seeds / factorial(size)
    # chi-squared, with 23 degrees of freedom at most: above 60 once in thirty thousand
    assert sum((count - expected) ** 2 / expected for count in orders.values()) < 60
