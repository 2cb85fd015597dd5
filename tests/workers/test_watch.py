"""When `watch` ends: with the sweep, or when no worker is left, as far as its machine can tell."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from params_proto.records.process import Process
from params_proto.workers.setup import (
    Started,
    folder,
    has_workers,
    note_started,
    stop,
)
from tests.waiting import until
from tests.workers.conftest import Project

HOUR = 3600


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sweep's, on a machine without Slurm."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    folder(tmp_path).mkdir(parents=True)
    (folder(tmp_path) / "setup.json").touch()
    return tmp_path


def squeue(directory: Path, script: str) -> None:
    """Puts a stand-in for `squeue` there."""
    path = directory / "bin/squeue"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def silent_for(directory: Path, seconds: float) -> None:
    """Makes it so long since workers were started."""
    os.utime(folder(directory) / "started.jsonl", (time.time() - seconds,) * 2)


def test_no_workers(directory: Path) -> None:
    assert not has_workers(directory)


@pytest.mark.parametrize("script", [None, "echo slurm_load_jobs error: no answer >&2; exit 1"])
def test_slurm_that_cannot_be_asked(directory: Path, script: str | None) -> None:
    if script:
        squeue(directory, script)
    note_started(directory, Started(array=f"5{bool(script)}"))
    for silence, expected in ((0, True), (23 * HOUR, True), (25 * HOUR, False)):
        silent_for(directory, silence)
        assert has_workers(directory) is expected

    log = folder(directory) / "node7-42.log"  # of a worker that Slurm has started again since
    log.write_text("a sign of life")
    os.utime(folder(directory) / "setup.json", (time.time() - 26 * HOUR,) * 2)
    os.utime(log, (time.time() - HOUR,) * 2)
    assert has_workers(directory)
    stop(directory, now=False)  # those in the queue will not run a job
    assert not has_workers(directory)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo PENDING; echo RUNNING", True),
        ("true", False),
        ("echo slurm_load_jobs error: Invalid job id specified >&2; exit 1", False),
    ],
    ids=["queued", "ended", "forgotten"],
)
def test_slurm_that_answers(directory: Path, script: str, expected: bool) -> None:
    squeue(directory, script)
    note_started(directory, Started(array=script))
    assert has_workers(directory) is expected


def test_a_process_of_another_machine(directory: Path) -> None:
    note_started(directory, Started(Process("node7", 42, None)))
    assert has_workers(directory)  # it may be importing the app
    silent_for(directory, 301)
    assert not has_workers(directory)


def test_watching_without_squeue(project: Project) -> None:
    project.sweep("how=waits", "hydra.sweeper.wait=false", workers=1)
    project.began(0)
    assert project.cli("stop", "out", "--now") == 0
    until(lambda: not project.workers())
    (project.out / ".sweep/workers/stop").unlink()
    note_started(project.out, Started(array="17"))

    watched = project.command("watch", "out", env={**os.environ, "PATH": "/nowhere"})
    assert watched.stdout is not None
    assert watched.stdout.readline() == (
        "No worker runs yet: waiting for those that were started.\n"
    )
    project.go()
    assert project.cli("work", "out") == 0
    said, _ = watched.communicate(timeout=60)
    assert "1 completed, 0 failed in out" in said
    assert watched.returncode == 0
