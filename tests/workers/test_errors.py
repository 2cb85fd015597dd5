"""Mistakes that are reported before any job starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from params_proto import Sweep, SweepError
from tests.workers.conftest import Project


def train(lr: float = 0.1) -> float:
    return lr


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "hydra.sweeper.workers=0 is not a number of workers: 1 or more"),
        ({"workers": 2, "launcher": "joblib"}, "Leave hydra/launcher out for workers on this"),
        ({"wait": False}, "wait=false needs workers"),
        ({"workers": 1, "gpus": [1, 1]}, "lists a GPU twice"),
        ({"workers": 3, "gpus": [1, 2]}, "there are only 2 free slots"),
        ({"workers": 3, "jobs_per_gpu": 2}, "jobs_per_gpu=2 needs hydra.sweeper.gpus"),
    ],
    ids=["no-workers", "joblib", "wait", "one-gpu-twice", "slots", "no-gpus"],
)
def test_options(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(SweepError, match=message):
        Sweep(train).product(lr=[1, 2]).launch(sweep_dir="out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("alone")
def test_a_function_that_cannot_be_pickled(tmp_path: Path) -> None:
    generator = (number for number in range(3))

    def uses_it(lr: float = 0.1) -> float:
        return lr + next(generator)

    with pytest.raises(SweepError, match="workers get uses_it pickled, and it cannot be"):
        Sweep(uses_it).product(lr=[1, 2]).launch(sweep_dir="out", workers=1)
    assert not (tmp_path / "out").exists()


def test_no_command(project: Project, python: Any) -> None:
    code = (
        "import sys, train; train.main.run(['-m', 'seed=1,2', 'hydra.sweeper.workers=1',"
        "'hydra.sweep.dir=out'])"
    )
    message = python("-c", code, cwd=project.folder, status=1).stderr
    assert "a worker runs the app's own command, but this sweep was not started by one" in message
    assert not project.out.exists()


def test_flags_of_the_command_line(project: Project, capsys: Any) -> None:
    project.sweep("seed=1", workers=1)
    for flags, message in {
        "--rerun wrong": "--rerun=wrong: it is `all`, or a list of",
        "--rerun failed,wrong": "--rerun=['failed', 'wrong']: it is `all`",
        "--gpus 0,0": "--gpus=['0', '0'] lists a GPU twice. To run several jobs per GPU, set --jobs"
        "-per-gpu=2.",
        "--gpus [0,1] --workers 3": "--workers=3: there are only 2 free slots",
        "--jobs-per-gpu 2": "--jobs-per-gpu=2 needs --gpus: auto, a number of GPUs",
        "--workers 0": "--workers=0 is not a number of workers: 1 or more.",
        "--gpus 0,1 --workers 0": "--workers=0 is not a number of workers: 1 or more.",
    }.items():
        assert project.cli("work", "out", *flags.split()) == 1
        assert message in capsys.readouterr().err


def test_no_sweep(project: Project, capsys: Any) -> None:
    (project.folder / "out").mkdir()
    assert project.cli("work", "out") == 1
    assert "out does not contain a sweep." in capsys.readouterr().err
    assert project.cli("watch", "out") == 1
    assert project.cli("stop", "out") == 1
