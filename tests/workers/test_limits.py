"""Limits on failures and time, and what a job knows about them."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from params_proto.workers.job import RunningJob
from tests.waiting import until
from tests.workers.conftest import Project, alive


@pytest.mark.growth
def test_failures_and_time(project: Project, capsys: Any) -> None:
    output = project.sweep("how=raises,sleeps,saves", "hydra.sweeper.max_failures=0", workers=1,
                           status=1)  # fmt: skip
    assert "1 failed, 2 pending in out" in output
    assert project.cli("work", "out", "--time-limit", "5.5s") == 3
    assert project.statuses() == ["failed", "completed"]
    assert "Not enough time left for a job: the longest took 3 s" in project.logs()
    assert "1 job left, but no worker" in capsys.readouterr().err

    assert project.cli("work", "out", "--time-limit", "1") == 3
    assert project.statuses() == ["failed", "completed", "interrupted"]
    assert re.search(r"time left 0\.\d", (project.out / "2/output.log").read_text())
    project.go()
    assert project.cli("work", "out") == 1
    assert project.statuses() == ["failed", "completed", "completed"]
    last = project.records()[2]
    assert (last.value, last.attempt, last.failures) == ({"step": 2}, 2, 0)


@pytest.mark.growth
def test_too_many_failures_with_retries_left(project: Project) -> None:
    options = ["hydra.sweeper.max_failures=0", "hydra.sweeper.retries=3"]
    output = project.sweep("how=raises", "seed=range(3)", *options, workers=1, status=1)
    assert "1 failed, 2 pending in out" in output
    assert "params-proto work out --rerun failed,crashed" in output
    assert project.cli("watch", "out") == 1


@pytest.mark.growth
def test_a_job_that_kills_its_worker_does_not_affect_others(project: Project) -> None:
    project.sweep("how=kills-worker,ends", workers=1, status=3)
    assert project.statuses() == ["running"]
    assert project.cli("work", "out") == 0
    first, other = project.records()
    assert (first.attempt, other.attempt) == (2, 1)
    assert first.started > other.started  # jobs that killed a worker run last


@pytest.mark.growth
def test_processes_left_by_a_job_are_killed(project: Project) -> None:
    project.sweep("how=leaves", workers=1)
    assert project.statuses() == ["completed"]
    assert not alive(int((project.folder / "left").read_text()))


@pytest.mark.growth
def test_removed_results_are_written_again(project: Project) -> None:
    project.sweep("how=ends", workers=1)
    (project.out / "results.csv").unlink()
    assert project.cli("work", "out") == 0
    assert (project.out / "results.csv").read_text().count("completed") == 1


@pytest.mark.growth
def test_work_ends_with_its_workers(project: Project) -> None:
    project.sweep("how=waits,ends", "hydra.sweeper.wait=false", workers=1)
    project.wait_for_start(0)
    assert project.cli("stop", "out", "--now") == 0
    until(lambda: not project.workers())
    command = project.work("out")
    project.wait_for_start(0, attempts=2)
    command.send_signal(signal.SIGTERM)
    output, _ = command.communicate(timeout=60)
    assert command.returncode == 128 + signal.SIGTERM, output
    assert not project.workers()
    assert project.statuses() == ["interrupted"]


def test_the_newest_file(tmp_path: Path) -> None:
    job = RunningJob(directory=tmp_path)
    assert job.latest("*.ckpt") is None
    for name, age in (("9.ckpt", 30), ("10.ckpt", 10), ("11.ckpt", 20), ("last.pt", 0)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    assert job.latest("*.ckpt") == tmp_path / "10.ckpt"
