"""`watch` ends with the sweep, or when no worker is left, as far as its machine can tell."""

from __future__ import annotations

import os
import subprocess
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from params_proto.analysis.ranking import Ranking
from params_proto.records.process import Process, process_of
from params_proto.workers.watch import Watcher
from params_proto.workers.workers_dir import (
    WorkerHandle,
    has_workers,
    request_stop,
    save_handle,
    workers_dir,
)
from tests.waiting import until
from tests.workers.conftest import Project

HOUR = 3600


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a sweep, on a machine without Slurm."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    workers_dir(tmp_path).mkdir(parents=True)
    (workers_dir(tmp_path) / "setup.json").touch()
    return tmp_path


def squeue(directory: Path, script: str) -> None:
    """Installs a fake `squeue`."""
    path = directory / "bin/squeue"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def set_silence(directory: Path, seconds: float) -> None:
    """Pretends that workers were started this many seconds ago."""
    os.utime(workers_dir(directory) / "started.jsonl", (time.time() - seconds,) * 2)


def test_no_workers(directory: Path) -> None:
    assert not has_workers(directory)


@pytest.mark.parametrize("script", [None, "echo slurm_load_jobs error: no answer >&2; exit 1"])
def test_without_an_answer_from_slurm(directory: Path, script: str | None) -> None:
    if script:
        squeue(directory, script)
    save_handle(directory, WorkerHandle(array=f"5{bool(script)}"))
    for silence, expected in ((0, True), (23 * HOUR, True), (25 * HOUR, False)):
        set_silence(directory, silence)
        assert has_workers(directory) is expected

    log = workers_dir(directory) / "node7-42.log"  # of a worker that Slurm has requeued
    log.write_text("a sign of life")
    os.utime(workers_dir(directory) / "setup.json", (time.time() - 26 * HOUR,) * 2)
    os.utime(log, (time.time() - HOUR,) * 2)
    assert has_workers(directory)
    request_stop(directory, now=False)  # queued workers will run no jobs
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
def test_with_an_answer_from_slurm(directory: Path, script: str, expected: bool) -> None:
    squeue(directory, script)
    save_handle(directory, WorkerHandle(array=script))
    assert has_workers(directory) is expected


def test_a_process_on_another_machine(directory: Path) -> None:
    save_handle(directory, WorkerHandle(Process("node7", 42, None)))
    assert has_workers(directory)  # it may be importing the app
    set_silence(directory, 301)
    assert not has_workers(directory)


def test_watching_without_squeue(project: Project) -> None:
    project.sweep("how=waits", "hydra.sweeper.wait=false", workers=1)
    project.wait_for_start(0)
    assert project.cli("stop", "out", "--now") == 0
    until(lambda: not project.workers())
    (project.out / ".sweep/workers/stop").unlink()
    save_handle(project.out, WorkerHandle(array="17"))

    watch = project.command("watch", "out", env={**os.environ, "PATH": "/nowhere"})
    assert watch.stdout is not None
    assert watch.stdout.readline() == ("No worker runs yet: waiting for those that were started.\n")
    project.go()
    assert project.cli("work", "out") == 0
    output, _ = watch.communicate(timeout=60)
    assert "1 completed, 0 failed in out" in output
    assert watch.returncode == 0


def test_a_job_that_runs_again_counts_once(project: Project, capsys: Any) -> None:
    project.sweep("how=waits", "hydra.sweeper.wait=false", workers=1)
    project.wait_for_start(0)
    stops: list[object] = []
    checks = count()

    def works(directory: Path) -> bool:
        if not stops:
            stops.append(project.command("stop", "out", "--now"))
        elif project.statuses() == ["interrupted"] and next(checks) == 1:  # it has been read, too
            project.go()
            project.command("work", "out")
        return True

    Watcher(project.out, Ranking("value"), has_workers=works).run()
    assert "[1/1] job 0" in capsys.readouterr().err


def test_a_job_that_is_queued_again_meanwhile(project: Project, capsys: Any) -> None:
    project.sweep("how=raises-once,waits", "hydra.sweeper.wait=false", workers=1)
    project.wait_for_start(0)
    reruns: list[object] = []

    def works(directory: Path) -> bool:
        if not reruns:
            reruns.append(project.command("work", "out", "--rerun", "failed"))
        elif project.statuses()[0] == "completed":
            project.go()
        return True

    watcher = Watcher(project.out, Ranking("value"), has_workers=works)
    watcher.run()
    assert (watcher.completed, watcher.failures) == (2, {})
    assert "[2/2] job 1" in capsys.readouterr().err


def test_no_progress(project: Project) -> None:
    assert "[1/1]" not in project.sweep("seed=1", "hydra.sweeper.progress=false", workers=1)


def test_queued_workers_are_cancelled_once_no_job_is_left(project: Project) -> None:
    (project.folder / "bin").mkdir()
    squeue(project.folder, "echo PENDING")
    (project.folder / "bin/scancel").write_text('#!/bin/sh\necho "$@" >>cancelled\n')
    (project.folder / "bin/scancel").chmod(0o755)
    environment = {**os.environ, "PATH": f"{project.folder}/bin:{os.environ['PATH']}"}
    project.sweep("how=waits", "hydra.sweeper.wait=false", workers=1, env=environment)
    project.wait_for_start(0)
    save_handle(project.out, WorkerHandle(array="17"))
    project.go()
    until(lambda: not project.workers())
    assert (project.folder / "cancelled").read_text() == "--quiet --state=PENDING 17\n"


def test_workers_that_still_start_keep_their_slots(project: Project) -> None:
    project.sweep("how=waits", "hydra.sweeper.wait=false", workers=1)
    project.wait_for_start(0)
    assert project.cli("stop", "out", "--now") == 0
    until(lambda: not project.workers())
    with subprocess.Popen(["sleep", "600"]) as starting:
        save_handle(project.out, WorkerHandle(process_of(starting.pid)))
        message = project.sweep("how=waits", "hydra.sweeper.resume=true", workers=1, status=1)
        starting.kill()
    assert "the sweep in out has workers already" in message
