"""Workers as Ray tasks: on a cluster that loses a node, and in a sweep that is a Ray job."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from params_proto.records.process import process_of
from tests.launchers.ray_cluster import Cluster, ray_cluster
from tests.launchers.test_jobs import RAY
from tests.slurm.sweep import Sweep, wait_for_exit
from tests.waiting import until

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("quiet_ray")]


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    sweep = Sweep(tmp_path, ["hydra/launcher=ray", "hydra.sweeper.workers=4"])
    yield sweep
    sweep.end()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ray_cluster(tmp_path) as cluster:
        yield cluster


def test_a_lost_node_loses_no_job(sweep: Sweep, cluster: Cluster) -> None:
    address = f"hydra.launcher.ray.init.address={cluster.address}"
    command = sweep.start("seed=range(8)", "gate=open", address)
    sweep.wait_for_started(4)

    workers = {record.pid for record in sweep.records.readable()}
    cluster.lose_node()
    until(lambda: sum(process_of(pid).is_alive for pid in workers) == 2)
    sweep.open_gate()
    output = wait_for_exit(command)

    assert "4 workers as Ray tasks" in output
    assert "8 completed in out" in output
    assert sorted(sweep.outcomes()) == [("completed", 1)] * 6 + [("completed", 2)] * 2
    assert sweep.logged("ended") == [*"01234567"]


def test_options_of_the_launcher_reach_the_tasks(sweep: Sweep) -> None:
    environment = "+hydra.launcher.ray.remote.runtime_env.env_vars.LAB=mine"
    wait_for_exit(sweep.start("seed=1,2", *RAY, environment))

    assert [record.value for record in sweep.records.readable()] == ["mine"] * 2


def test_interrupting_the_command_interrupts_the_jobs(sweep: Sweep) -> None:
    command = sweep.start("seed=range(3)", "gate=open", *RAY)
    sweep.wait_for_started(2)

    os.kill(command.pid, signal.SIGINT)
    assert "Finish the sweep with: params-proto work out" in wait_for_exit(command, 130)
    assert sweep.outcomes() == [("interrupted", 1)] * 2
    sweep.open_gate()
    wait_for_exit(sweep.cli("work", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 2)] * 2 + [("completed", 1)]


def test_only_a_ray_job_can_be_left_alone(sweep: Sweep, cluster: Cluster) -> None:
    output = wait_for_exit(sweep.start("seed=range(4)", "hydra.sweeper.wait=false"), 1)
    assert "ray job submit --no-wait -- python" in output
    assert not sweep.directory.exists()

    ray = str(Path(sys.executable).with_name("ray"))
    submit = [ray, "job", "submit", "--no-wait", "--address", cluster.dashboard, "--"]
    line = shlex.join(sweep.command("seed=range(4)"))
    wait_for_exit(sweep.run(*submit, "sh", "-c", f"cd {sweep.folder} && {line}"))
    until((sweep.directory / ".sweep" / "workers" / "setup.json").exists)
    wait_for_exit(sweep.cli("watch", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 1)] * 4
