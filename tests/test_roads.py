"""Every kind of sweep runs by every road as it does in a loop: all in one sweep, and each alone."""

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


@pytest.mark.parametrize("road", ["file", "saved", "group", "launch"])
def test_each_kind_of_sweep(project: Path, python: Any, road: str) -> None:
    lines = python("app.py", road).stdout.splitlines()

    assert [line for line in lines if not line.startswith("job")] == [
        *[f"kinds {kind} same" for kind in KINDS if road == "file"],
        *[f"{target} all same" for target in ("prefix", "function", "both", "dataclass")],
    ]
