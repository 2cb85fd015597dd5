"""The output and the files of a sweep that has ended."""

from __future__ import annotations

import csv
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.compose.loaders import write
from tests.records.test_lock import elsewhere

APP = """
from params_proto import proto


@proto.cli
def train(lr: float = 0.1, seed: int = 0):
    if lr == 7:
        raise ValueError("diverged")
    return {"loss": lr * seed, "accuracy": 1 - lr}


train()
"""
PLAIN = """
import os
import hydra

@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(config):
    return config.lr * float(os.environ['SCALE'])

main()
"""
SUBMITIT = ["hydra/launcher=submitit_local"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: Any) -> Any:
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)

    def ran(*arguments: str, status: int = 0) -> list[str]:
        """What it writes to standard error."""
        return python("app.py", "-m", *arguments, status=status).stderr.splitlines()

    return ran


@pytest.fixture
def screen(run: Any) -> Any:
    def shown(*arguments: str) -> list[str]:
        """What a multirun that fails shows, on both streams."""
        command = [sys.executable, "app.py", "-m", *arguments]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert done.returncode == 1, done.stdout
        return done.stdout.splitlines()

    return shown


def rows(directory: Path) -> list[dict[str, str]]:
    with open(directory / "results.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_the_best_first_and_the_command_that_trains_it_again(
    run: Any, tmp_path: Path, python: Any
) -> None:
    best = ["hydra.sweeper.metric=accuracy", "hydra.sweeper.direction=maximize"]
    said = run("lr=0.3,0.1,0.2", "seed=2", "hydra.sweep.dir=out", *best)
    assert sum(line.startswith("[") for line in said) == 3
    assert said[4:8] == [
        "job  lr   loss  accuracy  status     seconds",
        "  1  0.1  0.2   0.9       completed      0.0",
        "  2  0.2  0.4   0.8       completed      0.0",
        "  0  0.3  0.6   0.7       completed      0.0",
    ]
    assert said[8:10] == ["", "3 completed in out"]
    assert said[10] == "Best: highest accuracy = 0.9, job 1"  # the direction was chosen
    start, _, command = said[11].partition(": ")
    assert start == "Run it again"
    assert command.endswith("app.py lr=0.1 seed=2")
    subprocess.run([*shlex.split(command), "hydra.run.dir=again"], cwd=tmp_path, check=True)
    assert "- lr=0.1" in (tmp_path / "again" / ".hydra" / "overrides.yaml").read_text()
    result = python("-m", "params_proto", "best", "out")
    assert result.stdout.strip() == command  # by the metric of the sweep
    assert result.stderr.strip() == "highest accuracy = 0.9, job 1"
    assert [row["accuracy"] for row in rows(tmp_path / "out")] == ["0.7", "0.9", "0.8"]


def test_twenty_rows_at_most(run: Any, tmp_path: Path) -> None:
    said = run("seed=range(0,25)", "hydra.sweeper.metric=acuracy", "hydra.sweep.dir=out")
    assert "and 5 more: params-proto results out" in said
    hint = "metric=acuracy: the jobs returned no acuracy. Did you mean accuracy?"
    assert said[-2:] == [hint, "25 completed in out"]
    assert [line.split()[0] for line in said[27:47]] == [str(job) for job in range(20)]
    assert len(rows(tmp_path / "out")) == 25


def test_jobs_that_failed_and_those_that_did_not_begin(run: Any, tmp_path: Path) -> None:
    stops = ["hydra.sweep.dir=out", "hydra.sweeper.max_failures=0"]
    said = run("lr=0.1,7,0.2", *stops, status=1)
    at = said.index("1 completed, 1 failed, 1 pending in out")
    assert [line.split()[-3:] for line in said[at - 3 : at - 1]] == [
        ["0.9", "completed", "0.0"],
        ["0.0", "ValueError:", "diverged"],
    ]
    assert said[at + 1 :] == []  # the log has the command that resumes, and the best
    assert [row["status"] for row in rows(tmp_path / "out")] == ["completed", "failed", "pending"]


@pytest.mark.parametrize("launcher", [[], pytest.param(SUBMITIT, marks=pytest.mark.launchers)])
def test_the_end_of_a_sweep_in_which_a_job_failed(screen: Any, launcher: list[str]) -> None:
    said = screen("lr=0.1,7", "hydra.sweeper.metric=accuracy", "hydra.sweep.dir=out", *launcher)
    assert said[-4] == "- ValueError: diverged (1 job: 1)"
    assert said[-3].startswith("Resume with: ")
    assert said[-3].endswith(" hydra.sweeper.resume=out")
    assert said[-2].startswith("Best: highest accuracy = 0.9, job 0; ")
    assert said[-1].startswith("Run it again: ")
    assert said[-1].endswith(" ".join([" app.py", *launcher, "lr=0.1"]))
    start = said.index("Traceback (most recent call last):")
    end = said.index("ValueError: diverged")
    frames = [line for line in said[start:end] if line.startswith("  File ")]
    assert len(frames) == 1
    assert frames[0].endswith('app.py", line 8, in train')
    assert said[end - 1].strip() == 'raise ValueError("diverged")'
    assert end < said.index("1 completed, 1 failed in out")


def test_all_of_the_error_where_hydra_is_asked_for_it(
    screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    said = screen("lr=0.1,7", "hydra.sweep.dir=out")
    assert any("run_and_report" in line for line in said)
    assert said[-1] == "ValueError: diverged"


def test_a_launcher_that_cannot_connect(screen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))  # without Slurm's srun
    said = screen("lr=0.1,0.2", "hydra.sweep.dir=out", "hydra/launcher=submitit_slurm")
    assert said[-3].startswith('RuntimeError: Could not detect "srun"')
    assert said[-2].endswith("The sweep stopped.")
    assert said[-1].startswith("Resume with: ")
    text = "\n".join(said)
    assert "pending" not in text  # no table of jobs that have not begun
    assert "hydra_plugins" not in text
    assert "params_proto" not in text.replace("hydra/sweeper=params_proto", "")


def test_the_best_runs_again_with_what_its_job_was_given(tmp_path: Path, python: Any) -> None:
    grid = "# @package hydra.sweeper.sweep\nproduct: {lr: [3, 4]}\n"
    write(tmp_path / "conf", {"config": "lr: 1\nseed: 2\n", "sweep/grid": grid})
    (tmp_path / "app.py").write_text(PLAIN)
    ours = ["hydra/sweeper=params_proto", "hydra.sweep.dir=out", "hydra.sweeper.retries=0"]
    of_jobs = ["+hydra.job.env_set.SCALE=3", "hydra.job.chdir=true"]
    said = python("-u", "app.py", "-m", *ours, *of_jobs, "+sweep=grid", "seed=5").stderr
    last = said.splitlines()[-1]
    kept = " ".join([ours[0], *of_jobs])
    assert last.endswith(f" -u app.py {kept} lr=3 seed=5")
    again = ["sh", "-c", last.partition("again: ")[2]]
    subprocess.run(again, cwd=tmp_path, check=True, capture_output=True)


def test_of_one_job_there_is_nothing_to_tell(
    multirun: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert len(rows(multirun("seed=1").directory)) == 1
    assert capfd.readouterr().err == ""
    multirun(to="none")
    said = capfd.readouterr().err
    assert "Nothing is swept: one job runs. Give a key of the config several values" in said
    assert " such as lr=0.1,0.01; --cfg job shows" in said


def test_the_last_shard_leaves_them(multirun: Any, app: Path) -> None:
    other = elsewhere(app / "out", 0, "1::2")
    multirun("seed=range(0,4)", "hydra.sweeper.slice=0::2")
    assert not (app / "out" / "results.csv").exists()
    other.unlink()
    multirun("seed=range(0,4)", "hydra.sweeper.slice=1::2")
    assert len(rows(app / "out")) == 4


def test_a_file_that_cannot_be_written(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "out" / "results.csv").mkdir(parents=True)
    multirun("seed=1,2")
    said = capsys.readouterr().out
    assert "results.csv cannot be written: Is a directory. To show the table la" in said
