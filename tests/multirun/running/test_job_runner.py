"""Jobs that are claimed and run without a sweeper, by plain processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from params_proto.multirun import JobRunner
from params_proto.multirun.job_runner import Launch, Skipped
from params_proto.multirun.jobs import Job
from params_proto.records import JobStore, Record
from tests.records.test_manifest import PLAN

WORKER = """
import sys, time
from pathlib import Path
from omegaconf import OmegaConf
from params_proto.multirun import JobRunner
from params_proto.multirun.jobs import Job

def task(config):
    with open("ran.txt", "a") as file:
        file.write(f"{config.seed}\\n")
    Path(f"worker-{sys.argv[1]}").touch()
    while len(list(Path().glob("worker-*"))) < 2:  # so that each runs a job
        time.sleep(0.01)
    return {"seed": config.seed}

runner = JobRunner(task, Path.cwd())
for number in range(40):
    overrides = [f"seed={number}"]
    runner.run(Job(number, overrides), OmegaConf.from_dotlist(overrides))
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """That of a sweep over seeds, none of whose jobs has run."""
    PLAN._replace(keys=["seed"], selecting=[]).write(tmp_path)
    return tmp_path


def records(directory: Path) -> list[Record]:
    return [one for one in JobStore(directory).all() if isinstance(one, Record)]


def test_two_processes_run_the_jobs_of_a_sweep_each_once(directory: Path) -> None:
    (directory / "worker.py").write_text(WORKER)
    commands = [[sys.executable, "worker.py", name] for name in ("a", "b")]
    workers = [subprocess.Popen(command, cwd=directory) for command in commands]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    found = records(directory)
    assert [(one.job, one.status.value, one.attempt) for one in found] == [
        (job, "completed", 1) for job in range(40)
    ]
    assert [(one.value, one.config) for one in found] == [({"seed": job},) * 2 for job in range(40)]
    assert {one.pid for one in found} == {worker.pid for worker in workers}
    ran = (directory / "ran.txt").read_text().split()
    assert sorted(map(int, ran)) == [*range(40)]


def fails_below_2(config: Any) -> int:
    if config.seed < 2:
        raise ValueError(config.seed)
    return config.seed


def test_a_job_that_is_done_or_comes_after_too_many_failures_is_skipped(directory: Path) -> None:
    runner = JobRunner(fails_below_2, directory)
    runner.launch = Launch(max_failures=1, failures=directory / "failed")

    def run(seed: int, rerun_after: int = 0) -> Any:
        job = Job(seed, [f"seed={seed}"], rerun_after=rerun_after)
        return runner.run(job, OmegaConf.create({"seed": seed}))

    assert run(2) == 2
    assert isinstance(run(2), Skipped)
    assert run(2, rerun_after=1) == 2
    for seed in (0, 1):
        with pytest.raises(ValueError, match=str(seed)):
            run(seed)
    assert isinstance(run(3), Skipped)
    assert [(one.job, one.status.value, one.attempt) for one in records(directory)] == [
        (0, "failed", 1),
        (1, "failed", 1),
        (2, "completed", 2),
    ]
