"""Signals to commands, workers and jobs, and the status of the jobs afterwards."""

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
    return [(record.status.value, record.attempt, record.failures) for record in project.records()]


def test_a_sweep_outlives_its_command_and_workers(project: Project) -> None:
    command = project.start("how=waits", "seed=0,1,2", workers=3)
    jobs = [project.wait_for_start(seed) for seed in range(3)]
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


@pytest.mark.parametrize("imports", ["", pytest.param("threads", marks=pytest.mark.growth)])
def test_a_job_dies_with_its_worker(project: Project, capsys: Any, imports: str) -> None:
    """So do the processes it has started. Another worker runs it as if it had not started."""
    project.sweep("how=spawns", "hydra.sweeper.wait=false", workers=1,
                  env={**os.environ, "TRAIN_IMPORTS": imports})  # fmt: skip
    spawned = project.folder / "spawned"
    until(lambda: spawned.exists() and spawned.read_text().endswith("\n"))
    processes = [int(pid) for pid in spawned.read_text().split()]
    assert all(map(alive, processes))
    assert project.cli("results", "out") == 0
    assert "1 running" in capsys.readouterr().out

    os.kill(worker_of(project, 0), signal.SIGKILL)
    until(lambda: not any(map(alive, processes)))
    assert attempts(project) == [("running", 1, 0)]  # only its own worker may record a crash
    assert project.cli("results", "out") == 0
    assert "1 interrupted" in capsys.readouterr().out
    assert project.cli("work", "out") == 0
    assert attempts(project) == [("completed", 2, 0)]


def test_a_second_interrupt_kills(project: Project) -> None:
    """It does not wait for the grace period."""
    command = project.start("how=in-c", "hydra.sweeper.grace=600", workers=1)
    until((project.folder / "held-0").exists)
    (worker,) = project.workers()
    command.send_signal(signal.SIGINT)
    until(lambda: "Stopping job 0; it will be killed after 600 s" in project.logs())
    command.send_signal(signal.SIGINT)
    output, _ = command.communicate(timeout=60)
    assert "Their jobs will be killed in 600 s, or if you press Ctrl-C again." in output
    assert command.returncode == 130
    until(lambda: not alive(worker))
    until(lambda: not alive(int((project.folder / "held-0").read_text())))


@pytest.mark.growth
def test_an_exception_after_the_signal(project: Project) -> None:
    command = project.start("how=raises-then", workers=1)
    project.wait_for_start(0)
    (worker,) = project.workers()
    os.kill(worker, signal.SIGTERM)
    command.communicate(timeout=60)
    assert command.returncode == 3
    (record,) = project.records()
    assert (record.status.value, record.error, record.value) == ("interrupted", None, None)
    assert "half of a result" in (project.out / "0/output.log").read_text()


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.growth)]
)
def test_the_command_is_interrupted(project: Project, number: int) -> None:
    command = project.start("how=saves,waits", "seed=0,1", "hydra.sweeper.grace=20")
    jobs = [project.wait_for_start(0), project.wait_for_start(1)]
    command.send_signal(number)
    output, _ = command.communicate(timeout=60)
    assert command.returncode == 128 + number
    assert "Traceback" not in output
    assert "Finish the sweep with: params-proto work out" in output
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
    output = project.sweep("how=waits,ends", "seed=0,1,2", "hydra.sweeper.wait=false",
                           "hydra.sweeper.grace=0.1", workers=1)  # fmt: skip
    for line in ("watch out", "work out", "stop out"):
        assert f"params-proto {line}" in output
    project.wait_for_start(0)
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
    project.wait_for_start(0)
    until(lambda: (project.out / "1/output.log").exists())
    assert project.cli("stop", "out", "--now") == 0
    output, _ = command.communicate(timeout=60)
    assert command.returncode == 3
    assert "2 jobs left: the sweep has been stopped." in output
    assert attempts(project) == [("interrupted", 1, 0)] * 2
