"""Distributed training: jobs that start the sweep's command again for their other ranks."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.records import JobStore, Record
from tests.conftest import Python

APP = '''
import os
import subprocess
import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.utils import get_original_cwd, to_absolute_path

HOME = Path(__file__).parent


def command(rank):
    """Lightning's command for a rank and its folder, or this process's own if PLAIN is set."""
    own = [sys.executable, to_absolute_path(sys.argv[0]), *sys.argv[1:]]
    if os.environ.get("PLAIN"):
        return own, None
    run = HydraConfig.get().run.dir
    added = [f'hydra.run.dir="{run}"', f"hydra.job.name=rank_{rank}", "hydra.output_subdir=null"]
    return own + added, get_original_cwd()


@hydra.main(config_path="conf", config_name="config", version_base="1.3")
def main(config):
    rank, hydra = int(os.environ.get("LOCAL_RANK", 0)), HydraConfig.get()
    with (HOME / f"ranks{rank}.txt").open("a") as file:
        file.write(f"{hydra.job.num} {config.seed} {config.lr} {hydra.runtime.output_dir}\\n")
    if rank == 0:
        (HOME / "conf/config.yaml").write_text("seed: 0\\nlr: 0.5\\n")  # while the sweep runs
        own, folder = command(1)
        subprocess.run(own, cwd=folder, env={**os.environ, "LOCAL_RANK": "1"}, check=True)
    elif config.seed == 13:
        raise ValueError("no luck")


if __name__ == "__main__":
    main()
'''


def records(directory: Path) -> list[Record]:
    return list(JobStore(directory).readable())


def statuses(directory: Path) -> list[str]:
    return [one.status.value for one in records(directory)]


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/config.yaml").write_text("seed: 0\nlr: 0.1\n")
    (tmp_path / "train.py").write_text(APP)
    return tmp_path


OURS = ["-m", "hydra/sweeper=params_proto"]
SEEDS = [*OURS, "seed=1,2"]
JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=1"]
AGAIN = ["hydra.sweeper.resume=runs/1", "hydra.sweeper.resume_changed=[lr]"]
FIRST = ["hydra.sweep.dir=runs/1", "hydra.sweeper.slice=0:1"]


@pytest.mark.parametrize(
    ("commands", "plain"),
    [
        pytest.param(
            [["-m", "train", *SEEDS, "hydra.sweep.dir='runs/${now:%S%f}'", *JOBLIB]],
            False,
            id="module, time and joblib",
            marks=pytest.mark.launchers,
        ),
        pytest.param(
            [["train.py", *SEEDS, *FIRST], ["train.py", *OURS, *AGAIN]], True, id="resume"
        ),
    ],
)
def test_each_rank_runs_the_job_of_the_first(
    lab: Path,
    python: Python,
    monkeypatch: pytest.MonkeyPatch,
    commands: list[list[str]],
    plain: bool,
) -> None:
    if plain:
        monkeypatch.setenv("PLAIN", "1")
    for command in commands:
        python(*command)
    (directory,) = (lab / "runs").iterdir()
    first = (lab / "ranks0.txt").read_text()
    changed = 0.5 if len(commands) == 2 else 0.1  # the second command starts with another config
    assert first.splitlines() == [f"0 1 0.1 {directory}/0", f"1 2 {changed} {directory}/1"]
    assert (lab / "ranks1.txt").read_text() == first
    assert statuses(directory) == ["completed"] * 2
    assert [one.attempt for one in records(directory)] == [1, 1]


def test_a_rank_that_fails(lab: Path, python: Python) -> None:
    done = python("train.py", *OURS, "seed=13", "hydra.sweep.dir=runs/1", status=1)
    assert "ValueError: no luck" in done.stderr
    assert statuses(lab / "runs/1") == ["failed"]


WAITS = """
import os
import time
from pathlib import Path
from params_proto import proto

@proto.cli
def main(seed: int = 0):
    rank = os.environ["SUBMITIT_LOCAL_GLOBALID"]
    Path(f"{rank}-{seed}").touch()
    while not Path(f"{1 - int(rank)}-{seed}").exists():
        time.sleep(0.01)
    return int(rank)

main()
"""


@pytest.mark.launchers
def test_tasks_that_submitit_starts(lab: Path, python: Python) -> None:
    (lab / "waits.py").write_text(WAITS)
    submitit = ["hydra/launcher=submitit_local", "hydra.launcher.tasks_per_node=2"]
    submitit += ["hydra.launcher.timeout_min=1"]
    python("waits.py", "-m", "seed=1", "hydra.sweep.dir=runs/1", *submitit)
    assert [(one.status.value, one.value) for one in records(lab / "runs/1")] == [("completed", 0)]


STARTS_ANOTHER = """
import subprocess
import sys
from params_proto import proto

@proto.cli
def main(seed: int = 0, lr: float = 0.1):
    print(f"ran {seed} {lr}", flush=True)
    if seed:
        inner = [sys.argv[0], "-m", "lr=1,2", "hydra.sweep.dir=runs/inner"]
        subprocess.run([sys.executable, *inner], check=True)

main()
"""


def test_another_sweep_that_a_job_starts(lab: Path, python: Python) -> None:
    (lab / "outer.py").write_text(STARTS_ANOTHER)
    done = python("outer.py", "-m", "seed=1", "hydra.sweep.dir=runs/outer")
    ran = [line for line in done.stdout.splitlines() if line.startswith("ran")]
    assert ran == ["ran 1 0.1", "ran 0 1.0", "ran 0 2.0"]
    assert statuses(lab / "runs/inner") == ["completed"] * 2
