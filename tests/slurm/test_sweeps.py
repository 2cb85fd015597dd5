"""Sweeps with workers on a real Slurm, run by the commands that a user types."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from tests.slurm.conftest import SlurmSweep
from tests.slurm.sweep import wait_for_exit
from tests.waiting import until

pytestmark = pytest.mark.cluster

FOUR = ["seed=range(12)", "hydra.sweeper.workers=4"]


def test_a_sweep_is_one_array(sweep: SlurmSweep) -> None:
    output = wait_for_exit(sweep.start(*FOUR))

    assert sweep.outcomes() == [("completed", 1)] * 12
    assert len(sweep.logged()) == 12  # jobs that ran, none twice
    assert "4 workers as Slurm job" in output
    assert "[12/12]" in output
    assert "12 completed in out" in output
    workers = {(record.host, record.pid) for record in sweep.records.all()}  # pyright: ignore
    assert workers <= {(sweep.slurm.host, pid) for pid in sweep.slurm.worker_pids(sweep.directory)}
    submissions = [*(sweep.directory / ".submitit").glob("*_0")]
    assert len(submissions) == 1


def test_without_waiting_the_shell_may_exit(sweep: SlurmSweep) -> None:
    shell = ["sh", "-c", '"$0" "$@"; touch submitted; sleep 600']
    session = sweep.start(*FOUR, "gate=open", "hydra.sweeper.wait=false", prefix=shell)
    until((sweep.folder / "submitted").exists)
    os.killpg(session.pid, signal.SIGKILL)
    output = wait_for_exit(session, -signal.SIGKILL)
    for verb in ("watch", "work", "stop"):
        assert f"  params-proto {verb} out" in output

    watched = sweep.cli("watch", str(sweep.directory))  # the workers are still queued
    sweep.wait_for_started(4)
    sweep.open_gate()
    assert "12 completed, 0 failed" in wait_for_exit(watched)
    assert sweep.outcomes() == [("completed", 1)] * 12
    assert (sweep.directory / "results.csv").read_text().count("completed") == 12


def test_watching_waits_for_queued_workers(sweep: SlurmSweep) -> None:
    held = "+hydra.launcher.additional_parameters.hold=true"
    array = sweep.submit("seed=range(4)", "hydra.sweeper.workers=2", held)
    watched = sweep.cli("watch", str(sweep.directory))
    assert "4 pending" in wait_for_exit(sweep.cli("results", str(sweep.directory)))
    assert sweep.slurm.states(array) == ["PENDING"] * 2

    sweep.slurm.run("scontrol", "release", array)
    assert "4 completed, 0 failed" in wait_for_exit(watched)


def test_options_of_the_launcher_reach_sbatch(sweep: SlurmSweep) -> None:
    values = {"partition": "urgent", "timeout_min": 7, "mem_gb": 1, "gpus_per_node": 1}
    options = [f"hydra.launcher.{name}={value}" for name, value in values.items()]
    array = sweep.submit("seed=1,2", "gate=open", "hydra.sweeper.workers=2", *options)
    until(lambda: sweep.slurm.states(array) == ["RUNNING"] * 2)

    job = sweep.slurm.job(array)
    assert (job["Partition"], job["TimeLimit"]) == ("urgent", "00:07:00")
    assert "mem=1G" in job["TRES"]
    assert job["TresPerNode"] == "gres:gpu:1"
    sweep.wait_for_started(2)
    assert sorted(line.split()[1] for line in sweep.logged()) == ["0", "1"]  # a GPU for each worker
    sweep.open_gate()
    sweep.wait_for("completed", "completed")


# --- stopping


def test_stop_cancels_queued_workers_and_lets_jobs_end(sweep: SlurmSweep) -> None:
    array = sweep.submit(*FOUR, "gate=open", "hydra.launcher.array_parallelism=2")
    sweep.wait_for_started(2)

    output = wait_for_exit(sweep.cli("stop", str(sweep.directory)))
    assert "2 queued workers cancelled" in output
    until(lambda: sweep.slurm.states(array) == ["RUNNING"] * 2)
    sweep.open_gate()
    until(lambda: not sweep.slurm.states(array))
    assert sweep.outcomes() == [("completed", 1)] * 2

    output = wait_for_exit(sweep.cli("watch", str(sweep.directory)), 3)
    assert "10 jobs left: the sweep has been stopped" in output
    assert f"params-proto work {sweep.directory}" in output
    wait_for_exit(sweep.cli("work", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 1)] * 12


def test_stop_now_interrupts_the_jobs(sweep: SlurmSweep) -> None:
    array = sweep.submit("seed=range(3)", "gate=open", "hydra.sweeper.workers=3")
    sweep.wait_for_started(3)

    assert "end the jobs that run" in wait_for_exit(
        sweep.cli("stop", str(sweep.directory), "--now")
    )
    until(lambda: not sweep.slurm.states(array))
    assert sweep.outcomes() == [("interrupted", 1)] * 3
    sweep.open_gate()
    wait_for_exit(sweep.cli("work", str(sweep.directory), "--workers", "2"))
    assert sweep.outcomes() == [("completed", 2)] * 3


def test_interrupting_the_command_stops_its_workers(sweep: SlurmSweep) -> None:
    command = sweep.start("seed=range(3)", "gate=open", "hydra.sweeper.workers=2")
    sweep.wait_for_started(2)
    array = sweep.array

    os.kill(command.pid, signal.SIGINT)
    output = wait_for_exit(command, 130)
    assert not sweep.slurm.states(array)
    assert "Finish the sweep with: params-proto work out" in output
    assert sweep.outcomes() == [("interrupted", 1)] * 2


# --- what Slurm does to workers


@pytest.mark.parametrize("saves", [False, True])
def test_a_cancelled_worker_is_not_requeued(sweep: SlurmSweep, saves: bool) -> None:
    command = sweep.start("seed=range(3)", "gate=open", f"saves={saves}", "hydra.sweeper.workers=1")
    sweep.wait_for_started(1)

    sweep.slurm.run("scancel", sweep.array)
    output = wait_for_exit(command, 3)
    assert sweep.outcomes() == [("interrupted", 1)]
    assert not sweep.slurm.states(sweep.array)
    assert "3 jobs left, but no worker" in output
    assert "Received SIGTERM: starting no more jobs." in output  # from the worker's log
    assert "Finish the sweep with: params-proto work out" in output


def test_a_requeued_worker_runs_its_job_again(sweep: SlurmSweep) -> None:
    minutes = ["hydra.launcher.timeout_min=7", "hydra.launcher.signal_delay_s=60"]
    array = sweep.submit(
        "seed=range(3)", "gate=open", "returns_job=true", "hydra.sweeper.workers=1", *minutes
    )
    sweep.wait_for_started(1)

    sweep.slurm.run("scontrol", "requeue", array)
    until(lambda: sweep.slurm.states(array) == ["PENDING"])
    assert sweep.outcomes() == [("interrupted", 1)]
    watched = sweep.cli("watch", str(sweep.directory))
    sweep.open_gate()
    sweep.slurm.skip_requeue_delay(array)
    assert "3 completed" in wait_for_exit(watched)
    assert sweep.outcomes() == [("completed", 2), ("completed", 1), ("completed", 1)]
    values = [record.value for record in sweep.records.readable()]
    assert [attempt for attempt, _ in values] == [2, 1, 1]
    assert all(240 < time_left < 360 for _, time_left in values)  # until the new task's warning


def test_a_preempted_worker_comes_back(sweep: SlurmSweep) -> None:
    array = sweep.submit(
        "seed=range(2)", "gate=open", "hydra.sweeper.workers=1", "hydra.launcher.cpus_per_task=16"
    )
    sweep.wait_for_started(1)

    urgent = ["sbatch", "--partition=urgent", "--cpus-per-task=16", "--output=/dev/null"]
    other = sweep.slurm.run(*urgent, "--wrap", "sleep 600").split()[-1]
    until(lambda: sweep.slurm.states(other) == ["RUNNING"])
    until(lambda: sweep.slurm.states(array) == ["PENDING"])
    assert sweep.outcomes() == [("interrupted", 1)]
    sweep.slurm.run("scancel", other)
    sweep.open_gate()
    sweep.slurm.skip_requeue_delay(array)
    sweep.wait_for("completed", "completed")
    assert sweep.outcomes() == [("completed", 2), ("completed", 1)]


@pytest.mark.parametrize("job", ["saves=true", "saves=false", "hydra.launcher.max_num_timeout=1"])
def test_before_its_time_limit_a_worker_requeues_itself(sweep: SlurmSweep, job: str) -> None:
    warning = "hydra.launcher.signal_delay_s=77"
    array = sweep.submit("seed=range(2)", "gate=open", "hydra.sweeper.workers=1", warning, job)
    sweep.wait_for_started(1)
    (submitted,) = sweep.directory.glob(".submitit/*/*_submission.sh")
    assert "#SBATCH --signal=USR2@77\n" in submitted.read_text()

    # Slurm would send this itself, up to 30 seconds earlier than requested.
    sweep.slurm.run("scancel", "--signal=USR2", array)
    until(lambda: sweep.slurm.job(array)["Restarts"] == "1")
    until(lambda: sweep.slurm.states(array) == ["PENDING"])
    assert sweep.outcomes() == [("interrupted", 1)]
    sweep.open_gate()
    sweep.slurm.skip_requeue_delay(array)
    sweep.wait_for("completed", "completed")
    assert sorted(attempt for _, attempt in sweep.outcomes()) == [1, 2]


def test_max_num_timeout_limits_requeues_for_a_long_job(sweep: SlurmSweep) -> None:
    options = ["hydra.sweeper.workers=1", "hydra.launcher.max_num_timeout=1"]
    command = sweep.start("seed=range(2)", "gate=open", *options)
    sweep.wait_for_started(1)
    array = sweep.array
    sweep.slurm.run("scancel", "--signal=USR2", array)
    until(lambda: sweep.slurm.states(array) == ["PENDING"])
    sweep.slurm.skip_requeue_delay(array)
    sweep.wait_for_started(2)
    sweep.slurm.run("scancel", "--signal=USR2", array)

    output = wait_for_exit(command, 3)
    assert "Not requeued: the job takes longer than the time limit" in output
    assert "hydra.launcher.max_num_timeout=1 allows." in output
    assert "Finish the sweep with: params-proto work out" in output
    assert sweep.outcomes() == [("interrupted", 2)]


def test_a_killed_worker_leaves_its_job_to_others(sweep: SlurmSweep) -> None:
    command = sweep.start("seed=range(4)", "gate=open", "hydra.sweeper.workers=2")
    sweep.wait_for_started(2)

    victim = sweep.slurm.worker_pids(sweep.directory)[0]
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(sweep.slurm.states(sweep.array)) == 1)
    sweep.open_gate()
    wait_for_exit(command)
    assert [status for status, _ in sweep.outcomes()] == ["completed"] * 4
    assert sorted(attempt for _, attempt in sweep.outcomes()) == [1, 1, 1, 2]


def test_jobs_continue_while_the_node_is_down(sweep: SlurmSweep) -> None:
    command = sweep.start("seed=range(3)", "gate=open", "hydra.sweeper.workers=1")
    sweep.wait_for_started(1)

    sweep.slurm.stop_node()
    sweep.open_gate()
    wait_for_exit(command)
    sweep.slurm.start_node()
    assert sweep.outcomes() == [("completed", 1)] * 3


# --- other ways to use Slurm

SCRIPT = """\
#!/bin/sh
#SBATCH --output=script.log
#SBATCH --time=1
{python} -m params_proto work out --time-limit 1h
"""


def test_a_user_script_adds_a_worker(sweep: SlurmSweep) -> None:
    array = sweep.submit(
        "seed=range(3)", "gate=open", "hydra.sweeper.workers=1", "hydra.launcher.partition=urgent"
    )
    sweep.wait_for_started(1)
    script = sweep.script(SCRIPT)
    sweep.wait_for_started(2)
    sweep.slurm.run("scancel", array)  # the other one finishes the sweep
    until(lambda: sweep.slurm.states(array) == [])
    sweep.open_gate()
    until(lambda: not sweep.slurm.states(script))
    assert "3 completed, 0 failed" in (sweep.folder / "script.log").read_text()
    assert sweep.outcomes() == [("completed", 2), ("completed", 1), ("completed", 1)]


# The task of a single worker, like those that submitit submits.
TASK = """\
#!/bin/sh
#SBATCH --output=task.log --requeue
export SUBMITIT_EXECUTOR=slurm
exec {python} -m params_proto work out --time-limit 8s
"""


def test_a_worker_without_time_for_another_job_is_requeued(sweep: SlurmSweep) -> None:
    array = sweep.submit("seed=range(2)", "gate=open", "delay=5", "hydra.sweeper.workers=1")
    sweep.wait_for_started(1)
    sweep.slurm.run("scancel", array)
    until(lambda: not sweep.slurm.states(array))
    sweep.open_gate()

    task = sweep.script(TASK)
    until(lambda: sweep.slurm.job(task)["Restarts"] == "1")
    assert [status for status, _ in sweep.outcomes()].count("completed") == 1
    sweep.slurm.skip_requeue_delay(task)
    sweep.wait_for("completed", "completed")


LAUNCH = """\
from params_proto import Sweep

def train(seed: int = 0):
    return seed * 10

if __name__ == "__main__":
    options = {"launcher": "submitit_slurm", "partition": "urgent", "sweep_dir": "out"}
    df = Sweep(train).product(seed=range(5)).launch(workers=4, **options)
    print(df[["seed", "value", "status"]].to_csv(index=False))
"""


def test_launch_from_python(sweep: SlurmSweep) -> None:
    (sweep.folder / "launch.py").write_text(LAUNCH)

    output = wait_for_exit(sweep.run(sys.executable, "launch.py"))
    assert "seed,value,status\n0,0,completed\n1,10,completed\n2,20,completed\n" in output
    assert "4 workers as Slurm job" in output
