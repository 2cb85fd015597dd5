"""What a process leaves in a sweep's directory that dies while it writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.multirun.conftest import Run


def test_files_half_written_by_a_dead_process_are_removed(multirun: Run, app: Path) -> None:
    multirun("lr=1,2")
    own = app / "out/.sweep"
    name = ".sweep-0123456789abcdef.tmp"
    left = [app / "out" / name, own / name, own / "earlier" / name, own / "configs" / name]
    mine = app / "out/.sweep-notes.tmp"
    (own / "earlier").mkdir()
    for path in (*left, mine):
        path.write_text("half")
    (app / "out/.sweep/jobs/0/0/1.json").unlink()
    multirun("lr=1,2", "hydra.sweeper.resume=true")
    assert [path.exists() for path in (*left, mine)] == [False] * 4 + [True]


@pytest.mark.parametrize("again", [[], ["lr=1,2,3"]], ids=["as it was", "the other"])
def test_another_sweep_was_about_to_follow(multirun: Run, app: Path, again: list[str]) -> None:
    multirun("lr=1,2")
    out = app / "out"
    before = (out / "sweep.yaml").read_text()
    plan = (out / ".sweep" / "plan.json").read_text()
    multirun("lr=1,2,3", "hydra.sweeper.resume=true")
    other = (out / "sweep.yaml").read_text()
    (out / ".sweep" / "plan.json").write_text(plan)  # its process died before it wrote this
    (out / ".sweep/jobs/0/0/0.json").unlink()
    if not again:
        assert multirun(f"hydra.sweeper.resume={out}").jobs == ["lr=1"]
        assert (out / "sweep.yaml").read_text() == before != other
    else:
        assert multirun(*again, f"hydra.sweeper.resume={out}").jobs == ["lr=1"]
        assert (out / "sweep.yaml").read_text() == other
        assert (out / ".sweep" / "earlier" / "0.yaml").read_text() == before
