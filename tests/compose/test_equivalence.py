"""Configs from prefixes are Hydra's own: on each tree, for overrides that hypothesis generates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hydra import version
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.compose.both_ways import Comparison
from tests.compose.lines import Case, cases
from tests.compose.tree import Tree, trees
from tests.versions import HYDRA_1_3

TREES = trees()


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_of_any_overrides(
    tree: Tree,
    compared: Callable[[Tree], Comparison],
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    share = -(-pytestconfig.getoption("--configs") // len(TREES))
    both = compared(tree)
    failed: list[Case] = []

    def compare(up_to: int, number: int) -> None:
        @seed(number)
        @settings(
            max_examples=share + 20,
            database=None,
            phases=[Phase.generate],  # to shrink a failure takes minutes, and the jobs are few
            suppress_health_check=[*HealthCheck],
        )
        @given(cases(tree))
        def compare_case(case: Case) -> None:
            if both.count.all >= up_to and not failed:
                return
            failed.append(case)
            if HYDRA_1_3:
                version.setbase(case.version_base)
            if case.master is None:
                both.compare_single(case.jobs)
            else:
                both.compare_sweep(case.master, case.jobs)
            failed.pop()

        compare_case()

    compare(-(-share // 2), 0)  # half of them the same in every run
    compare(share, pytestconfig.option.seed)
    count = both.count
    record_property("configs", [count.all, count.valid, count.from_prefix])
    assert count.all >= share
    few = 5  # one sweep may have one override that is not cacheable in all of its jobs
    enough = count.from_prefix + few >= 0.7 * count.valid
    assert enough or tree.not_cacheable, f"few from a prefix: {count}"
