"""A set of numbers."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from params_proto.multirun.jobs.taken import Taken

numbers = st.integers(0, 2000) | st.integers(10**12, 10**12 + 2000)


@given(st.lists(numbers), numbers)
def test_it_is_a_set(given: list[int], other: int) -> None:
    taken = Taken()
    for number in given:
        taken.add(number)

    assert all(number in taken for number in given)
    assert (other in taken) == (other in given)


@pytest.mark.growth
def test_a_million_take_no_megabyte() -> None:
    tracemalloc.start()
    taken = Taken()
    for number in range(1_000_000):
        taken.add(number)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 999_999 in taken
    assert size < 2**20
