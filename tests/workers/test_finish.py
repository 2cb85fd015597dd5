"""The end of a sweep: results and callbacks, once, and commands on a sweep that has ended."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.waiting import until
from tests.workers.conftest import Project


def multirun_ends(project: Project) -> int:
    """How many times `on_multirun_end` has been called."""
    return (project.folder / "notes").read_text().splitlines().count("multirun ends")


def test_a_multirun_ends_once(project: Project) -> None:
    """Even if it was stopped, hit a time limit, or more workers start after the end."""
    project.sweep("+waits=true", "lr=1,2,3", "hydra.sweeper.wait=false", script="groups.py")
    until(lambda: project.statuses() == ["running"] * 2)
    assert project.cli("stop", "out", "--now") == 0
    until(lambda: not project.workers())
    assert project.cli("work", "out", "--time-limit", "0.5") == 3
    assert project.statuses() == ["interrupted"] * 2
    assert multirun_ends(project) == 0
    assert not (project.out / "results.csv").exists()

    project.go()
    assert project.cli("work", "out", "--workers", "2") == 0
    assert multirun_ends(project) == 1
    assert (project.out / "results.csv").read_text().count("completed") == 3
    assert project.cli("work", "out", "--workers", "2") == 0
    assert multirun_ends(project) == 1


def test_commands_after_the_end(project: Project, capsys: Any) -> None:
    project.sweep("seed=1,2", workers=1)
    assert project.cli("stop", "out") == 0
    assert capsys.readouterr().out == (
        "No job is left to stop: params-proto results out shows how each has ended.\n"
    )
    assert not (project.out / ".sweep/workers/stop").exists()
    assert project.cli("watch", "out") == 0
    assert project.cli("work", "out", "--workers", "2") == 0
    assert not project.workers()
    assert [record.attempt for record in project.records()] == [1, 1]


def test_one_command_finishes_a_sweep(project: Project, capsys: Any) -> None:
    """The command that started it, `watch` and `work` all print the same one."""
    finish = "Finish the sweep with: params-proto work out --rerun failed,crashed\n"
    output = project.sweep("how=raises,ends,raises-once", "hydra.sweeper.max_failures=0", workers=1,
                           status=1)  # fmt: skip
    assert output.count(finish) == 1
    assert "Resume with" not in output
    assert project.cli("watch", "out") == 1
    output = capsys.readouterr().err
    assert "2 jobs left: too many have failed (hydra.sweeper.max_failures).\n" in output
    assert output.count(finish) == 1

    arguments = finish.partition("params-proto ")[2].split()
    assert project.cli(*arguments) == 1
    assert project.statuses() == ["failed", "completed", "failed"]  # which exceeds the limit
    assert capsys.readouterr().err.endswith(finish)
    path = project.folder / "train.py"
    path.write_text(path.read_text().replace('how == "raises"', 'how == "mended"'))
    assert project.cli(*arguments) == 0
    assert project.statuses() == ["completed"] * 3


# --- on Slurm, with fake commands

SCONTROL = """#!/bin/sh
echo "$@" >>requeued
"""


@pytest.mark.growth
@pytest.mark.parametrize(
    ("jobs", "task", "signals", "requeued"),
    [
        ("how=saves", {}, [signal.SIGUSR2], True),
        ("how=waits", {}, [signal.SIGUSR2], True),
        ("how=ends,waits", {}, [signal.SIGUSR2], True),
        ("how=waits", {"PARAMS_PROTO_MAX_NUM_TIMEOUT": "1"}, [signal.SIGUSR2], True),
        (
            "how=waits",
            {"PARAMS_PROTO_MAX_NUM_TIMEOUT": "1", "SLURM_RESTART_COUNT": "1"},
            [signal.SIGUSR2],
            False,
        ),
        ("how=waits", {}, [signal.SIGUSR2, signal.SIGTERM], False),
        ("how=sleeps,ends", {"PARAMS_PROTO_TIME_LIMIT": "5"}, [], True),
        ("how=sleeps", {"PARAMS_PROTO_TIME_LIMIT": "5"}, [], False),
    ],
    ids=[
        "saves",
        "longer",
        "after-another",
        "allowed",
        "used-up",
        "cancelled",
        "no-time",
        "nothing-left",
    ],
)
def test_which_workers_are_requeued(
    project: Project, jobs: str, task: dict[str, str], signals: list[int], requeued: bool
) -> None:
    """At the end of a time limit, if not cancelled: as often as needed, or as allowed."""
    path = project.folder / "bin/scontrol"
    path.parent.mkdir()
    path.write_text(SCONTROL)
    path.chmod(0o755)
    slurm = {"SLURM_JOB_ID": "7", "SUBMITIT_EXECUTOR": "slurm", **task}
    environment = {**os.environ, **slurm, "PATH": f"{path.parent}:{os.environ['PATH']}"}
    command = project.start(jobs, workers=1, env=environment)
    if signals:
        project.wait_for_start(0)
    for number in signals:
        os.kill(project.workers()[0], number)
    command.communicate(timeout=60)
    assert command.returncode == (0 if jobs == "how=sleeps" else 3)
    assert (project.folder / "requeued").exists() is requeued
    if requeued:
        assert (project.folder / "requeued").read_text() == "requeue 7\n"
    assert ("Not requeued: the job takes longer" in project.logs()) is (
        "SLURM_RESTART_COUNT" in task
    )


LAUNCH = """
import os
import time
from pathlib import Path

from params_proto import Sweep

def train(lr: float = 0.1):
    while not Path("go").exists():
        time.sleep(0.01)
    return os.environ["CUDA_VISIBLE_DEVICES"]

if __name__ == "__main__":
    frame = Sweep(train).product(lr=[1, 2, 3]).launch(sweep_dir="out", gpus="auto", wait=False)
    print(frame["lr"].tolist(), sorted({*frame["status"]} | {"pending", "running"}))
"""
FAILS = """
from params_proto import Sweep

def train(lr: float = 0.1):
    raise ValueError("unlucky")

if __name__ == "__main__":
    Sweep(train).product(lr=[1, 2]).launch(sweep_dir="out", workers=1)
"""
SMI = """#!/bin/sh
echo "GPU 0: NVIDIA A100 (UUID: GPU-5c89852c)"
echo "GPU 1: NVIDIA A100 (UUID: GPU-4a6b3cd2)"
"""


def test_the_traceback_of_a_launched_function(project: Project, python: Any) -> None:
    (project.folder / "study.py").write_text(FAILS)
    python("study.py", cwd=project.folder)
    error = project.records()[0].error
    assert error is not None
    assert 'study.py", line 5, in train\n    raise ValueError("unlucky")\n' in error.traceback


def test_a_launch_that_does_not_wait(
    project: Project, python: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project.folder / "study.py").write_text(LAUNCH)
    path = project.folder / "bin/nvidia-smi"
    path.parent.mkdir()
    path.write_text(SMI)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    done = python("study.py", cwd=project.folder)
    assert done.stdout.splitlines()[-1] == "[1.0, 2.0, 3.0] ['pending', 'running']"
    assert "2 workers on this machine for the sweep in out" in done.stdout + done.stderr

    project.go()
    assert project.cli("watch", "out") == 0
    assert {record.value for record in project.records()} <= {"0", "1"}
