"""What a process leaves in a sweep's directory that dies while it writes."""

from __future__ import annotations

from pathlib import Path

from tests.multirun.conftest import Run


def test_files_half_written_by_a_dead_process_are_removed(multirun: Run, app: Path) -> None:
    multirun("lr=1,2")
    left = [app / "out/.sweep-0123456789abcdef.tmp", app / "out/.sweep/.sweep-fedcba9876543210.tmp"]
    mine = app / "out/.sweep-notes.tmp"
    for path in (*left, mine):
        path.write_text("half")
    (app / "out/.sweep/jobs/0/0/1.json").unlink()
    multirun("lr=1,2", "hydra.sweeper.resume=true")
    assert [path.exists() for path in (*left, mine)] == [False, False, True]
