"""What Slurm refuses, and workers that never come up: each is said once, with what to do."""

from __future__ import annotations

import pytest

from tests.slurm.cluster import MOST_TASKS
from tests.slurm.conftest import SlurmSweep
from tests.slurm.sweep import ended

pytestmark = pytest.mark.cluster

READY = "The sweep is in out, and none of its jobs has run: params-proto work out runs them."


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("hydra.launcher.partition=nope", "Invalid partition name specified."),
        ("hydra.launcher.mem_gb=100", "Requested node configuration is not available."),
        (f"hydra.sweeper.workers={MOST_TASKS + 1}", "MaxArraySize"),
    ],
    ids=["partition", "memory", "array"],
)
def test_what_sbatch_says_is_said_once(sweep: SlurmSweep, option: str, reason: str) -> None:
    shown = ended(sweep.start("seed=1,2", "hydra.sweeper.workers=2", option), 1)

    assert shown.startswith("no worker could be submitted: ")
    assert shown.count(reason) == 1
    assert READY in shown
    ended(sweep.cli("work", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 1)] * 2


@pytest.mark.parametrize("options", [["hydra.launcher.timeout_min=2"], ["hydra.sweeper.grace=200"]])
def test_a_warning_that_leaves_no_time(sweep: SlurmSweep, options: list[str]) -> None:
    shown = ended(sweep.start("seed=1,2", "hydra.sweeper.workers=2", *options), 1)

    assert "hydra.launcher.signal_delay_s=120: Slurm warns a worker so many seconds" in shown
    assert READY in shown


def test_a_machine_of_no_cluster(sweep: SlurmSweep) -> None:
    without_sbatch = ["env", f"PATH={sweep.folder}"]
    shown = ended(sweep.start("seed=1,2", "hydra.sweeper.workers=2", prefix=without_sbatch), 1)

    assert "are you indeed on a slurm cluster?" in shown
    assert READY in shown


def test_more_tasks_for_a_worker(sweep: SlurmSweep) -> None:
    options = ["hydra.sweeper.workers=2", "hydra.launcher.tasks_per_node=2"]
    shown = ended(sweep.start("seed=1,2", *options), 1)

    assert "tasks_per_node and nodes: a worker is one task" in shown
    assert not sweep.directory.exists()


def test_a_directory_that_nodes_do_not_see(sweep: SlurmSweep) -> None:
    sweep.directory.mkdir()
    mounted = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs out; "$@"', "sh"]
    shown = ended(sweep.start("seed=1,2", "hydra.sweeper.workers=2", prefix=mounted), 3)

    assert "2 jobs left, and no worker is running." in shown
    assert "see the same directory?" in shown


NO_PYTHON = "hydra.launcher.setup=['export PYTHONHOME=/nowhere']"
NO_MODULE = "import os\nif 'SLURM_JOB_ID' in os.environ:\n    import nothing_of_this_name\n"


@pytest.mark.parametrize(
    ("script", "options", "reason"),
    [
        (NO_MODULE, [], "  ModuleNotFoundError: No module named 'nothing_of_this_name'\n"),
        ("", [NO_PYTHON], "No module named 'encodings'"),
    ],
    ids=["script", "python"],
)
def test_workers_that_die_at_their_start(
    sweep: SlurmSweep, script: str, options: list[str], reason: str
) -> None:
    path = sweep.folder / "train.py"
    path.write_text(script + path.read_text())
    shown = ended(sweep.start("seed=1,2", "hydra.sweeper.workers=2", *options), 3)

    assert "2 jobs left, and no worker is running." in shown
    assert reason in shown
    assert "Finish the sweep with: params-proto work out" in shown
