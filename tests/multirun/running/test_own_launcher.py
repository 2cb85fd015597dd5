"""Launchers with their own way of counting jobs or returning results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.multirun.conftest import records

APP = """
from hydra.core.hydra_config import HydraConfig
from params_proto import proto

@proto.cli
def main(seed: int = 0, number: int = 0):
    print("job", HydraConfig.get().job.num, seed, number)
    return seed

if __name__ == "__main__":
    main()
"""

# NUMBERS and RETURNS stand for expressions.
PLUGIN = """
from hydra.core.utils import run_job
from hydra.plugins.launcher import Launcher
from omegaconf import open_dict

class Own(Launcher):
    def setup(self, *, hydra_context, task_function, config):
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(self, jobs, initial_job_idx):
        first, n = initial_job_idx, len(jobs)
        results = []
        for number, job in zip(NUMBERS, jobs):
            config = self.context.config_loader.load_sweep_config(self.config, list(job))
            with open_dict(config):
                config.hydra.job.id = config.hydra.job.num = number
            results.append(run_job(
                hydra_context=self.context, task_function=self.task, config=config,
                job_dir_key="hydra.sweep.dir", job_subdir_key="hydra.sweep.subdir",
            ))
        return RETURNS
"""
OWN = "hydra.launcher._target_=hydra_plugins.own.Own"
SAME = "[first + k for k in range(n)]"
Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, python: Any) -> Run:
    """Runs `python app.py -m overrides...` through the launcher."""
    (tmp_path / "hydra_plugins").mkdir()
    (tmp_path / "app.py").write_text(APP)

    def run(*overrides: str, numbers: str = SAME, returns: str = "results", status: int = 0):
        plugin = PLUGIN.replace("NUMBERS", numbers)
        (tmp_path / "hydra_plugins/own.py").write_text(plugin.replace("RETURNS", returns))
        return python("app.py", "-m", *overrides, OWN, "hydra/hydra_logging=none", status=status)

    return run


def test_a_job_has_its_number_however_the_launcher_counts(run: Run, tmp_path: Path) -> None:
    sweep = ["seed=range(0,9)", "number=${hydra:job.num}", "hydra.sweep.dir=out"]
    done = run(*sweep, "hydra.sweeper.slice=1::3")
    assert done.stdout == "job 1 1 1\njob 4 4 4\njob 7 7 7\n"
    jobs = records(tmp_path / "out")
    assert {number: (one["dir"], one["overrides"][0]) for number, one in jobs.items()} == {
        number: (str(number), f"seed={number}") for number in (1, 4, 7)
    }
    rest = run("hydra.sweeper.resume=out")
    assert [line.split()[1:3] for line in rest.stdout.splitlines()] == [
        [number, number] for number in ("0", "2", "3", "5", "6", "8")
    ]


@pytest.mark.parametrize("returns", ["None", "results[:1]"])
def test_the_records_tell_what_a_launcher_does_not_return(
    run: Run, tmp_path: Path, returns: str
) -> None:
    run("seed=0,1,2", "hydra.sweep.dir=out", returns=returns)
    assert sorted(records(tmp_path / "out")) == [0, 1, 2]
    assert (tmp_path / "out/results.csv").read_text().count("completed") == 3


def test_jobs_that_a_launcher_leaves_out_are_launched_again(run: Run, tmp_path: Path) -> None:
    done = run("seed=0,1,2", "hydra.sweep.dir=out", numbers="[first]")
    ran = [line for line in done.stdout.splitlines() if line.startswith("job ")]
    assert ran == ["job 0 0 0", "job 1 1 0", "job 2 2 0"]
    assert sorted(records(tmp_path / "out")) == [0, 1, 2]


def test_a_launcher_that_runs_no_job(run: Run, tmp_path: Path) -> None:
    said = run("seed=0,1,2", "hydra.sweep.dir=out", numbers="[]", status=1).stderr
    assert "the launcher returned 0 of 3 results." in said
    assert records(tmp_path / "out") == {}
    assert run("hydra.sweeper.resume=out").stdout == "job 0 0 0\njob 1 1 0\njob 2 2 0\n"
