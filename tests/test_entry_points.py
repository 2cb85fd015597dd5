"""Every kind of sweep gives the same jobs through every entry point as in a Python loop."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

APPS = Path(__file__).parent / "apps" / "entry_points"
KINDS = ["product", "zip", "combined", "chain", "fixed", "operators", "chosen"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for file in APPS.glob("*.py"):
        shutil.copy(file, tmp_path)
    (tmp_path / "conf" / "sweep").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("entry_point", ["file", "saved", "group", "launch"])
def test_each_kind_of_sweep(project: Path, python: Any, entry_point: str) -> None:
    lines = python("app.py", entry_point).stdout.splitlines()

    assert [line for line in lines if not line.startswith("job")] == [
        *[f"kinds {kind} same" for kind in KINDS if entry_point == "file"],
        *[f"{target} all same" for target in ("prefix", "function", "both", "dataclass")],
    ]
