"""The identity of a job: its overrides, in any order and spelling."""

from __future__ import annotations

import math
from typing import Any

import pytest

from params_proto.overrides.identity import identity, job_numberer, values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("1", 1), ("-7", -7), ("007", "007"), ("1e-1", 0.1), ("9" * 30, 10**30 - 1)],
        *[("adam", "adam"), ("a.b-c", "a.b-c"), ("nanny", "nanny"), ("'1'", "1")],
        *[("null", None), ("NULL", None), ("True", True), ("inf", math.inf)],
        *[("[1,a]", [1, "a"]), ("${", "${"), ("", "")],
    ],
)
def test_the_value_of_an_override(text: str, value: Any) -> None:
    ((key, found),) = values([f"++a.b={text}"])
    assert (key, type(found), found) == ("a.b", type(value), value)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (["a=1", "b=2"], ["b=2", "a=1"], True),
        (["a=1"], ["+a=1.0"], True),
        (["a={x: 1, y: 2}"], ["a={y: 2.0, x: 1}"], True),
        (["~a"], ["~a=1"], True),
        (["a=1"], ["a=true"], False),
        (["a=1"], ["a='1'"], False),
        (["a=null"], ["~a"], False),
        (["a=null"], ["a='null'"], False),
        (["a=1"], ["a=1", "a=1"], False),
    ],
)
def test_equal_jobs(one: list[str], other: list[str], same: bool) -> None:
    assert (identity(one) == identity(other)) == same
    number_of = job_numberer([(identity(one), 5), (identity(one), 7)])
    assert [number_of(one), number_of(other), number_of(one)] == [
        5,
        *((7, 8) if same else (8, 7)),
    ]
