"""The benchmark's apps match their description on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from params_proto import Sweep
from tests.benchmarks import algebra, scale
from tests.benchmarks.multiruns import APPS, JOBS, MULTIRUNS, Multirun
from tests.benchmarks.processes import run_from_prefixes
from tests.pages import ROOT
from tests.versions import VERSION_BASE

PAGE = ROOT / "docs/performance.md"
PRIMARY = {"project": "train"}


@pytest.mark.parametrize(("app", "values"), [("trivial", 4), ("project", 86)])
def test_apps_have_as_many_values_as_the_page_says(app: str, values: int) -> None:
    folder = APPS / app / "conf"
    with initialize_config_dir(str(folder), **VERSION_BASE):
        overrides = ["experiment=coast"] if app == "project" else []
        config = OmegaConf.to_container(compose(PRIMARY.get(app, "config"), overrides))
    assert _values(config) == values


@pytest.mark.parametrize("multirun", MULTIRUNS.values(), ids=MULTIRUNS)
def test_multiruns_have_200_jobs(multirun: Multirun) -> None:
    assert len(Sweep.from_overrides(multirun.swept)) == JOBS


def test_page_is_the_text_with_its_tables() -> None:
    """A change of the text must be made in both."""
    page = PAGE.read_text("utf-8")
    for name in ("page.md", "workers.md"):
        text = (ROOT / "tests/benchmarks" / name).read_text("utf-8")
        for paragraph in text.split("\n\n"):
            if "{" not in paragraph:
                assert paragraph.strip() in page


def test_benchmarks_run_without_pytest() -> None:
    """Which their environment does not have, as users' environments do not."""
    modules = algebra.fresh("import sys, tests.benchmarks.__main__; print(*sys.modules)").split()
    assert "sklearn" in modules
    assert "pytest" not in modules
    assert float(algebra.fresh(algebra.DISCOVERY)) > 0


@pytest.mark.growth
def test_what_is_measured_at_scale() -> None:
    """With few jobs, each measurement finds what it looks for."""
    found = {row[0]: row[1] for row in scale.rows([("a=range(100)",)], 1)}

    assert [*found] == [*scale.RUNS, *scale.OF_FILES]
    assert found["the most of them in one folder"] == "100"  # the records
    assert 100 < int(found["files and folders of the sweep"]) < 130


@pytest.mark.growth
def test_a_benchmark_of_configs_that_hydra_composes_fails(tmp_path: Path) -> None:
    sweep = [APPS / "trivial/app.py", "-m", "hydra/sweeper=params_proto", "seed=1,2"]
    run_from_prefixes([*sweep, "hydra.sweep.dir=fast"], tmp_path)
    with pytest.raises(RuntimeError, match=r"Counter\("):
        run_from_prefixes([*sweep, "hydra.sweeper.compose=hydra", "hydra.sweep.dir=slow"], tmp_path)


def _values(node: Any) -> int:
    return sum(map(_values, cast("Any", node).values())) if isinstance(node, dict) else 1
