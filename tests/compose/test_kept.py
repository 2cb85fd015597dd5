"""The config files copied to `.sweep`; if that fails, nothing is left behind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from tests.compose.loaders import write
from tests.conftest import files_of_at_most


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_in_its_place(multirun: Any, app: Path) -> None:
    path = app / "out/.sweep"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(CompactHydraException, match=r"\.sweep cannot be .*: File exists\. "):
        multirun("seed=1,2")
    assert names(app / "out") == [".sweep"]
    assert path.read_text() == "mine"
    path.unlink()
    assert multirun("seed=1,2").jobs == ["seed=1", "seed=2"]


@pytest.mark.parametrize(
    ("size", "file"),
    [
        (8, "out/.sweep"),
        (128, "out/.sweep/plan.json"),
        (1024, "out/multirun.yaml"),
        (100_000, "out/.sweep/configs"),
    ],
    ids=["sign", "plan", "multirun", "configs"],
)
def test_a_disk_that_is_full(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch, size: int, file: str
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # which would be cut off
    write(app / "conf", {"db/pg": f"port: 1\n# {'x' * 200_000}\n"})
    with (
        files_of_at_most(size),
        pytest.raises(CompactHydraException, match=f"{file} cannot be written: File too large"),
    ):
        multirun("seed=1,2", "db=pg,mysql")
    assert not [*(app / "out/.sweep").glob("jobs/**/*.json")]
    assert len(multirun("seed=1,2", "db=pg,mysql", "hydra.sweeper.resume=true").jobs) == 4


def test_a_link_is_not_written_through(multirun: Any, app: Path) -> None:
    elsewhere, link = app / "elsewhere", app / "out/.sweep/configs"
    link.parent.mkdir(parents=True)
    elsewhere.mkdir(mode=0o755)
    (elsewhere / "mine.yaml").write_text("mine: 1\n")
    link.symlink_to(elsewhere, target_is_directory=True)
    with pytest.raises(CompactHydraException, match=r"\.sweep/configs cannot be removed"):
        multirun("seed=1,2")
    assert names(elsewhere) == ["mine.yaml"]
