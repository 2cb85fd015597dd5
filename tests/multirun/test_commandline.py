"""Hydra's override syntax gives the same jobs as in Hydra's basic sweeper."""

from __future__ import annotations

import pytest

from params_proto.algebra.expression import Expression
from params_proto.multirun.plan import Job, combine_with_command_line
from params_proto.multirun.request import read_overrides
from params_proto.overrides.parse import KeyValues
from tests.multirun.stock import jobs_of_ours


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (["lr=1,2", "++lr=3"], [["++lr=3"]]),
        (["lr=1,2", "a=0", "lr=3,4"], [["lr=3", "a=0"], ["lr=4", "a=0"]]),
        (["+lr=1,2", "lr=3"], [["+lr=3"]]),
        (["+lr=1", "lr=3"], [["+lr=1", "lr=3"]]),
        (["++lr=1", "lr=3,4"], [["++lr=3"], ["++lr=4"]]),
        (["db@a=1,2", "db=3"], [["db@a=1", "db=3"], ["db@a=2", "db=3"]]),
        (["lr=range(0,2)", "++lr=5,6"], [["++lr=5"], ["++lr=6"]]),
        (["d={a:1},{a:2}", "++d=3"], [["++d=3"]]),
    ],
    ids=str,
)
def test_a_key_that_is_swept_and_given_again_runs_no_job_twice(
    overrides: list[str], jobs: list[list[str]]
) -> None:
    assert jobs_of_ours(overrides) == [jobs]


def test_a_shuffled_sweep_has_one_order() -> None:
    given = read_overrides(["a=shuffle(range(50))"])
    plan = combine_with_command_line(Expression(), (), given, [], lambda key: False)
    first = [job.overrides for job in plan.jobs()]
    assert first == [job.overrides for job in plan.jobs()]
    assert sorted(first) == sorted([f"a={i}"] for i in range(50))


def test_a_large_sweep_is_not_listed() -> None:
    given = read_overrides([f"k{i}=range(1000000)" for i in range(6)])
    plan = combine_with_command_line(Expression(), (), given, [], lambda key: False)
    assert plan.space.size == 10**36
    jobs = plan.jobs()
    assert [next(jobs), next(jobs)] == [
        Job(0, [f"k{i}=0" for i in range(6)]),
        Job(1, [*(f"k{i}=0" for i in range(5)), "k5=1"]),
    ]


def test_a_deletion_is_no_value_of_the_key() -> None:
    given = read_overrides(["+db=a", "~db", "++db=b"])
    assert [one.name for one in given] == ["db", "~db", "db"]
    assert read_overrides(["~db=pg"]) == [KeyValues("~db", ("pg",))]
    assert jobs_of_ours(["~db=null"]) == [[["~db"]]]


def test_a_key_that_is_given_twice_may_have_very_many_values() -> None:
    (given,) = read_overrides(["++a=x,y", "a=range(1000000000000)"])
    assert (given.key, given.values) == ("++a", range(10**12))
