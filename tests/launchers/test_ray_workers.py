"""Workers as tasks of Ray: on a cluster that loses a node, and by a job that Ray runs."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from params_proto.records import Record
from params_proto.records.process import process_of
from tests.launchers.ray_cluster import Cluster, ray_cluster
from tests.launchers.test_jobs import RAY
from tests.slurm.sweep import Sweep, ended
from tests.waiting import until

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("quiet_ray")]


@pytest.fixture
def sweep(tmp_path: Path) -> Iterator[Sweep]:
    found = Sweep(tmp_path, ["hydra/launcher=ray", "hydra.sweeper.workers=4"])
    yield found
    found.end()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with ray_cluster(tmp_path) as found:
        yield found


def test_a_lost_node_loses_no_job(sweep: Sweep, cluster: Cluster) -> None:
    address = f"hydra.launcher.ray.init.address={cluster.address}"
    command = sweep.start("seed=range(8)", "gate=open", address)
    sweep.wait_for_begun(4)

    workers = {one.pid for one in sweep.records.all() if isinstance(one, Record)}
    cluster.lose_node()
    until(lambda: sum(process_of(pid).is_alive for pid in workers) == 2)
    sweep.open()
    shown = ended(command)

    assert "4 workers as tasks of Ray" in shown
    assert "8 completed in out" in shown
    assert sorted(sweep.outcomes()) == [("completed", 1)] * 6 + [("completed", 2)] * 2
    assert sweep.told("ended") == [*"01234567"]


def test_options_of_the_launcher_reach_the_tasks(sweep: Sweep) -> None:
    environment = "+hydra.launcher.ray.remote.runtime_env.env_vars.LAB=mine"
    ended(sweep.start("seed=1,2", *RAY, environment))

    assert [one.value for one in sweep.records.all() if isinstance(one, Record)] == ["mine"] * 2


def test_the_end_of_the_command_interrupts_the_jobs(sweep: Sweep) -> None:
    command = sweep.start("seed=range(3)", "gate=open", *RAY)
    sweep.wait_for_begun(2)

    os.kill(command.pid, signal.SIGINT)
    assert "Finish the sweep with: params-proto work out" in ended(command, 130)
    assert sweep.outcomes() == [("interrupted", 1)] * 2
    sweep.open()
    ended(sweep.cli("work", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 2)] * 2 + [("completed", 1)]


def test_leaving_is_for_a_job_that_ray_runs(sweep: Sweep, cluster: Cluster) -> None:
    refused = ended(sweep.start("seed=range(4)", "hydra.sweeper.wait=false"), 1)
    assert "ray job submit --no-wait -- python" in refused
    assert not sweep.directory.exists()

    ray = str(Path(sys.executable).with_name("ray"))
    submit = [ray, "job", "submit", "--no-wait", "--address", cluster.dashboard, "--"]
    line = shlex.join(sweep.command("seed=range(4)"))
    ended(sweep.run(*submit, "sh", "-c", f"cd {sweep.folder} && {line}"))
    until((sweep.directory / ".sweep" / "workers" / "setup.json").exists)
    ended(sweep.cli("watch", str(sweep.directory)))
    assert sweep.outcomes() == [("completed", 1)] * 4
