"""Partial files of a process that dies while writing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.multirun.conftest import Run


@pytest.mark.parametrize(
    ("again", "left"), [([], ["lr=1"]), (["lr=1,2,3"], ["lr=1", "lr=3"])], ids=["old", "new"]
)
def test_another_sweep_was_about_to_follow(
    multirun: Run, app: Path, again: list[str], left: list[str]
) -> None:
    multirun("lr=1,2")
    out = app / "out"
    before = (out / "sweep.yaml").read_text()
    multirun("lr=1,2,3", "hydra.sweeper.resume=true")
    (out / "sweep.yaml").write_text(before)  # its process died before it wrote this
    (out / ".sweep/jobs/0/0/0.json").unlink()
    (out / ".sweep/jobs/0/0/2.json").unlink()
    assert multirun(*again, f"hydra.sweeper.resume={out}").jobs == left
    assert ((out / "sweep.yaml").read_text() == before) == (not again)
