"""Workers as tasks of Ray: on a cluster that loses a node, and by a job that Ray runs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from params_proto.records import JobStore, Record
from params_proto.records.process import process_of
from tests.launchers.test_jobs import RAY
from tests.waiting import until

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("quiet_ray")]

APP = """\
import os
import time
from pathlib import Path

from params_proto import proto


def tell(what, seed):
    told = os.open("told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(told, f"{what} {seed}\\n".encode())


@proto.cli
def main(seed: int = 0, gate: str = ""):
    tell("begin", seed)
    while gate and not Path(gate).exists():
        time.sleep(0.02)
    tell("end", seed)
    return os.environ.get("LAB")


if __name__ == "__main__":
    main()
"""
CLUSTER = """\
import sys

from ray.cluster_utils import Cluster
import psutil  # Ray's own

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": True})
node = cluster.add_node(num_cpus=2)
print("cluster", cluster.address, cluster.head_node.webui_url, flush=True)
for line in sys.stdin:  # with its machine, all processes of a node are gone
    (raylet,) = node.all_processes["raylet"]
    for child in psutil.Process(raylet.process.pid).children(recursive=True):
        child.kill()
    cluster.remove_node(node, allow_graceful=False)
cluster.shutdown()
"""
WORKERS = ["hydra/launcher=ray", "hydra.sweep.dir=out", "hydra.sweeper.workers=4"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    return tmp_path


class Cluster(NamedTuple):
    """A cluster in a process of its own.

    Args:
        process: reads commands.
        address: for `ray.init`.
        dashboard: for `ray job submit`.
    """

    process: subprocess.Popen[str]
    address: str
    dashboard: str

    def lose_a_node(self) -> None:
        assert self.process.stdin is not None
        print("lose", file=self.process.stdin, flush=True)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Two nodes of two CPUs, as raylets of this machine."""
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if line.startswith("cluster "))
        _, address, dashboard = line.split()
        yield Cluster(process, address, f"http://{dashboard}")
        process.communicate()


def start(folder: Path, *command: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str], status: int = 0) -> str:
    text, _ = process.communicate(timeout=200)
    assert process.returncode == status, text
    return text


def outcomes(folder: Path) -> list[tuple[str, int]]:
    found = [one for one in JobStore(folder / "out").all() if isinstance(one, Record)]
    return [(one.status.value, one.attempt) for one in found]


def told(folder: Path, what: str) -> list[str]:
    path = folder / "told"
    lines = path.read_text().splitlines() if path.exists() else []
    return sorted(line.split()[1] for line in lines if line.startswith(what))


def test_a_lost_node_loses_no_job(folder: Path, cluster: Cluster) -> None:
    address = f"hydra.launcher.ray.init.address={cluster.address}"
    sweep = ["seed=range(8)", "gate=open", *WORKERS, address]
    command = start(folder, sys.executable, "app.py", "-m", *sweep)
    until(lambda: len(told(folder, "begin")) == 4)

    workers = {one.pid for one in JobStore(folder / "out").all() if isinstance(one, Record)}
    cluster.lose_a_node()
    until(lambda: sum(process_of(pid).is_alive for pid in workers) == 2)
    (folder / "open").touch()
    shown = ended(command)

    assert "8 completed in out" in shown
    assert [status for status, _ in outcomes(folder)] == ["completed"] * 8
    assert sorted(attempt for _, attempt in outcomes(folder)) == [1] * 6 + [2] * 2
    assert told(folder, "end") == [*"01234567"]


def test_options_of_the_launcher_reach_the_tasks(folder: Path, python: Any) -> None:
    environment = "+hydra.launcher.ray.remote.runtime_env.env_vars.LAB=mine"
    done = python("app.py", "-m", "seed=1,2", *WORKERS, *RAY, environment)

    assert "4 workers as tasks of Ray" in done.stdout
    assert [one.value for one in JobStore(folder / "out").all()] == ["mine"] * 2  # pyright: ignore


def test_the_end_of_the_command_interrupts_the_jobs(folder: Path) -> None:
    command = start(
        folder, sys.executable, "app.py", "-m", "seed=range(3)", "gate=open", *WORKERS, *RAY
    )
    until(lambda: len(told(folder, "begin")) == 2)

    os.kill(command.pid, signal.SIGINT)
    assert "Finish the sweep with: params-proto work out" in ended(command, 130)
    assert outcomes(folder) == [("interrupted", 1)] * 2
    (folder / "open").touch()
    ended(start(folder, sys.executable, "-m", "params_proto", "work", "out"))
    assert outcomes(folder) == [("completed", 2)] * 2 + [("completed", 1)]


def test_leaving_is_for_a_job_that_ray_runs(folder: Path, cluster: Cluster, python: Any) -> None:
    sweep = ["app.py", "-m", "seed=range(4)", *WORKERS]
    refused = python(*sweep, "hydra.sweeper.wait=false", status=1)
    assert "ray job submit --no-wait -- python" in refused.stderr
    assert not (folder / "out").exists()

    ray = str(Path(sys.executable).with_name("ray"))
    submit = [ray, "job", "submit", "--no-wait", "--address", cluster.dashboard, "--"]
    line = shlex.join([sys.executable, *sweep])
    ended(start(folder, *submit, "sh", "-c", f"cd {folder} && {line}"))
    until((folder / "out" / ".sweep" / "workers" / "setup.json").exists)
    ended(start(folder, sys.executable, "-m", "params_proto", "watch", "out"))
    assert outcomes(folder) == [("completed", 1)] * 4
