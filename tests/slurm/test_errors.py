"""Errors from Slurm, and workers that never start: each is reported once, with what to do."""

from __future__ import annotations

import pytest

from tests.slurm.cluster import MAX_ARRAY_SIZE
from tests.slurm.conftest import SlurmSweep
from tests.slurm.sweep import wait_for_exit

pytestmark = pytest.mark.cluster

READY = "To run the jobs on this machine: params-proto work out"


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("hydra.launcher.partition=nope", "Invalid partition name specified."),
        ("hydra.launcher.mem_gb=100", "Requested node configuration is not available."),
        (f"hydra.sweeper.workers={MAX_ARRAY_SIZE + 1}", "MaxArraySize"),
    ],
    ids=["partition", "memory", "array"],
)
def test_errors_of_sbatch_are_reported_once(sweep: SlurmSweep, option: str, reason: str) -> None:
    output = wait_for_exit(sweep.start("seed=1,2", "hydra.sweeper.workers=2", option), 1)

    assert output.startswith("could not submit the workers: ")
    assert output.count(reason) == 1
    assert READY in output
    wait_for_exit(sweep.cli("work", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 1)] * 2


@pytest.mark.parametrize("options", [["hydra.launcher.timeout_min=2"], ["hydra.sweeper.grace=200"]])
def test_a_warning_that_leaves_no_time(sweep: SlurmSweep, options: list[str]) -> None:
    output = wait_for_exit(sweep.start("seed=1,2", "hydra.sweeper.workers=2", *options), 1)

    assert "hydra.launcher.signal_delay_s=120: Slurm warns a worker this many seconds" in output
    assert not sweep.directory.exists()


def test_a_machine_without_slurm(sweep: SlurmSweep) -> None:
    without_sbatch = ["env", f"PATH={sweep.folder}"]
    output = wait_for_exit(
        sweep.start("seed=1,2", "hydra.sweeper.workers=2", prefix=without_sbatch), 1
    )

    assert "are you indeed on a slurm cluster?" in output
    assert READY in output


def test_several_tasks_per_worker(sweep: SlurmSweep) -> None:
    options = ["hydra.sweeper.workers=2", "hydra.launcher.tasks_per_node=2"]
    output = wait_for_exit(sweep.start("seed=1,2", *options), 1)

    assert "tasks_per_node and nodes: a worker is a single task" in output
    assert not sweep.directory.exists()


def test_a_directory_that_is_not_shared(sweep: SlurmSweep) -> None:
    sweep.directory.mkdir()
    mounted = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs out; "$@"', "sh"]
    output = wait_for_exit(sweep.start("seed=1,2", "hydra.sweeper.workers=2", prefix=mounted), 3)

    assert "2 jobs left, but no worker is running." in output
    assert "see this directory?" in output


NO_PYTHON = "hydra.launcher.setup=['export PYTHONHOME=/nowhere']"
NO_MODULE = "import os\nif 'SLURM_JOB_ID' in os.environ:\n    import missing_module\n"


@pytest.mark.parametrize(
    ("script", "options", "reason"),
    [
        (NO_MODULE, [], "  ModuleNotFoundError: No module named 'missing_module'\n"),
        ("", [NO_PYTHON], "No module named 'encodings'"),
    ],
    ids=["script", "python"],
)
def test_workers_that_fail_to_start(
    sweep: SlurmSweep, script: str, options: list[str], reason: str
) -> None:
    path = sweep.folder / "train.py"
    path.write_text(script + path.read_text())
    output = wait_for_exit(sweep.start("seed=1,2", "hydra.sweeper.workers=2", *options), 3)

    assert "2 jobs left, but no worker is running." in output
    assert reason in output
    assert "Finish the sweep with: params-proto work out" in output
