"""What ends a command, a worker, or a job from outside, and what becomes of its jobs."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.waiting import until
from tests.workers.conftest import Project, alive


def worker_of(project: Project, job: int) -> int:
    return project.records()[job].pid


def attempts(project: Project) -> list[tuple[str, int, int]]:
    return [(one.status.value, one.attempt, one.failures) for one in project.records()]


def test_a_sweep_outlives_its_command_and_workers(project: Project) -> None:
    command = project.start("how=waits", "seed=0,1,2", workers=3)
    jobs = [project.began(seed) for seed in range(3)]
    command.kill()
    os.kill(worker_of(project, 0), signal.SIGKILL)
    until(lambda: not alive(jobs[0]))
    assert not (project.folder / "cleaned-0").exists()
    os.kill(worker_of(project, 1), signal.SIGTERM)
    until(lambda: len(project.workers()) == 1)
    assert (project.folder / "cleaned-1").exists()
    assert attempts(project)[1:] == [("interrupted", 1, 0), ("running", 1, 0)]
    project.go()
    until(lambda: not project.workers())
    assert attempts(project) == [("completed", 2, 0), ("completed", 2, 0), ("completed", 1, 0)]
    assert (project.out / "results.csv").read_text().count("completed") == 3


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.growth)]
)
def test_the_command_is_interrupted(project: Project, number: int) -> None:
    command = project.start("how=saves,waits", "seed=0,1", "hydra.sweeper.grace=20")
    jobs = [project.began(0), project.began(1)]
    command.send_signal(number)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 128 + number
    assert "Traceback" not in said
    assert "Finish the sweep with: params-proto work out" in said
    assert not project.workers()
    assert not any(map(alive, jobs))
    assert attempts(project) == [("interrupted", 1, 0)] * 2
    assert (project.out / "0/1.ckpt").exists()

    project.go()
    assert project.cli("work", "out") == 0
    assert attempts(project)[:2] == [("completed", 2, 0)] * 2
    assert project.statuses() == ["completed"] * 4
    assert project.records()[0].value == {"step": 2}


def test_stop(project: Project, capsys: Any) -> None:
    said = project.sweep("how=waits,ends", "seed=0,1,2", "hydra.sweeper.wait=false",
                         "hydra.sweeper.grace=0.1", workers=1)  # fmt: skip
    for line in ("watch out", "work out", "stop out"):
        assert f"params-proto {line}" in said
    project.began(0)
    assert project.cli("stop", "out") == 0
    assert "No more jobs start in out" in capsys.readouterr().out
    project.go()
    assert project.cli("watch", "out") == 3
    assert "5 jobs left" in capsys.readouterr().err
    assert attempts(project) == [("completed", 1, 0)]
    assert project.cli("work", "out") == 0
    assert attempts(project) == [("completed", 1, 0)] * 6


@pytest.mark.growth
def test_stop_now(project: Project) -> None:
    command = project.start("how=waits,in-c", "seed=0", "hydra.sweeper.grace=0.1")
    project.began(0)
    until(lambda: (project.out / "1/output.log").exists())
    assert project.cli("stop", "out", "--now") == 0
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 3
    assert "2 jobs left: the sweep has been stopped." in said
    assert attempts(project) == [("interrupted", 1, 0)] * 2
