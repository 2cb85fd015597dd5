"""Configs from bases are Hydra's own: on each tree, for overrides that hypothesis generates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hydra import version
from hypothesis import HealthCheck, given, seed, settings

from tests.multirun.compose import changing
from tests.multirun.compose.lines import Case, cases
from tests.multirun.compose.both_ways import Roads
from tests.multirun.compose.tree import Tree, trees
from tests.versions import HYDRA_1_3

TREES = trees()


@pytest.fixture
def roads(
    plugins: None,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    hydra_restore_singletons: None,
) -> Iterator[Callable[[Tree], Roads]]:
    monkeypatch.chdir(tmp_path_factory.getbasetemp())
    monkeypatch.setenv("TURN", "0")
    if HYDRA_1_3:
        version.setbase("1.3")
    changing.register()
    folders = [tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("there")]
    yield lambda tree: Roads(tree, folders)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.name)
def test_of_any_overrides(
    tree: Tree,
    roads: Callable[[Tree], Roads],
    pytestconfig: pytest.Config,
    record_property: Callable[[str, object], None],
) -> None:
    share = -(-pytestconfig.getoption("--configs") // len(TREES))
    with tree.registered():
        both = roads(tree)

        @seed(0)
        @settings(max_examples=share, database=None, suppress_health_check=[*HealthCheck])
        @given(cases(tree))
        def compare(case: Case) -> None:
            if both.count.all >= share:
                return
            if case.master is None:
                both.compare_single(case.jobs[0])
            else:
                both.compare_sweep(case.master, case.jobs)

        compare()
    count = both.count
    record_property("configs", [count.all, count.valid, count.from_base])
    assert tree.doubtful or count.from_base >= 0.7 * count.valid, count.reasons.most_common(9)
