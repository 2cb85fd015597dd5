"""The orders of shuffle and sample."""

from __future__ import annotations

from collections import Counter
from math import factorial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from params_proto.algebra.views import Permutation

seeds = st.one_of(st.integers(), st.integers(0, 3))


@settings(max_examples=100)
@given(st.integers(1, 500), seeds)
def test_it_is_a_bijection(size: int, seed: int) -> None:
    order = Permutation(size, seed)
    images = [order[index] for index in range(size)]

    assert sorted(images) == list(range(size))


@settings(max_examples=100)
@given(st.integers(1, 10**60), seeds, st.data())
def test_it_stays_within_any_size(size: int, seed: int, data: st.DataObject) -> None:
    order = Permutation(size, seed)
    indices = {0, size - 1, data.draw(st.integers(0, size - 1))}

    assert all(0 <= order[index] < size for index in indices)
    assert len({order[index] for index in indices}) == len(indices)


@settings(max_examples=30)
@given(st.integers(1, 10**20), seeds)
def test_the_same_seed_gives_the_same_order(size: int, seed: int) -> None:
    assert Permutation(size, seed)[size // 2] == Permutation(size, seed)[size // 2]


@pytest.mark.parametrize("size", [2, 3, 4])
def test_every_order_of_few_is_about_as_likely(size: int) -> None:
    seeds = 3000
    orders = Counter(
        tuple(order[index] for index in range(size))
        for order in (Permutation(size, seed) for seed in range(seeds))
    )

    assert len(orders) == factorial(size)
    expected = seeds / factorial(size)
    # chi-squared, with 23 degrees of freedom at most: above 60 once in thirty thousand
    assert sum((count - expected) ** 2 / expected for count in orders.values()) < 60


@pytest.mark.parametrize("size", [10, 97, 1000, 10**12])
def test_neighbours_are_torn_apart(size: int) -> None:
    """Neither the first places nor the distance of neighbours shows a pattern."""
    firsts = [Permutation(size, seed)[0] / size for seed in range(400)]
    steps = [
        (Permutation(size, seed)[1] - Permutation(size, seed)[0]) % size / size
        for seed in range(400)
    ]

    assert 0.4 < sum(firsts) / 400 < 0.55
    assert 0.4 < sum(steps) / 400 < 0.6


def test_a_sample_of_many_spreads_over_the_whole() -> None:
    order = Permutation(10**12, seed=5)
    counts = Counter(order[index] * 10 // 10**12 for index in range(5000))

    assert set(counts) == set(range(10))
    assert all(400 < count < 600 for count in counts.values())
