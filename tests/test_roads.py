"""Every kind of sweep runs by every road as it does in a loop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

APPS = Path(__file__).parent / "apps" / "roads"
KINDS = ["product", "zip", "combined", "chain", "fixed", "operators", "chosen"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for file in APPS.glob("*.py"):
        shutil.copy(file, tmp_path)
    (tmp_path / "conf" / "sweep").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("road", ["file", "module", "saved", "group", "launch"])
def test_each_kind_of_sweep(project: Path, python: Any, road: str) -> None:
    lines = python("app.py", road).stdout.splitlines()

    assert [line for line in lines if not line.startswith("job")] == [
        *[f"prefix {kind} same" for kind in KINDS],
        *[f"{target} all same" for target in ("function", "both", "dataclass")],
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["hydra.sweeper.sweep=sweeps.py:prefix.zip"],
        ["hydra.sweeper.sweep=sweeps:prefix.zip"],
        ["hydra.sweeper.sweep=saved.yaml"],
        ["-cd", "conf", "+sweep=saved"],
        ["lr=1,2", "batch_size=3,4", "hydra.sweeper.zip=[lr,batch_size]"],
    ],
    ids=["file", "module", "saved", "group", "plain names"],
)
def test_a_command_line(project: Path, python: Any, arguments: list[str]) -> None:
    saved = "prefix: training\nzip: {lr: [1, 2], batch_size: [3, 4]}\n"
    (project / "saved.yaml").write_text(saved)
    group = f"# @package hydra.sweeper.sweep\n{saved}"
    (project / "conf" / "sweep" / "saved.yaml").write_text(group)

    lines = python("app.py", "-m", *arguments).stdout.splitlines()

    jobs = [line for line in lines if line.startswith("job")]
    assert jobs == ["job 42 10 8 1.0 3 0", "job 42 10 8 2.0 4 0"]
