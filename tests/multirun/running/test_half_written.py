"""What a process leaves in a sweep's directory that dies while it writes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from params_proto.records.process import this_process
from tests.multirun.conftest import Run


@pytest.fixture
def dead() -> int:
    """The number of a process that is there no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_files_half_written_by_a_dead_process_are_removed(
    multirun: Run, app: Path, dead: int
) -> None:
    multirun("lr=1,2")
    own = app / "out/.sweep"
    name = ".sweep-0123456789abcdef.tmp"
    left = [app / "out" / name, own / name, own / "configs" / name]
    left += [own / "jobs/0/0" / f".0.json.{this_process().host}-{dead}.tmp"]
    mine = app / "out/.sweep-notes.tmp"
    for path in (*left, mine):
        path.write_text("half")
    (app / "out/.sweep/jobs/0/0/1.json").unlink()
    multirun("lr=1,2", "hydra.sweeper.resume=true")
    assert [path.exists() for path in (*left, mine)] == [False] * 4 + [True]


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
