"""Workers on Slurm and Ray, while tasks are cancelled and requeued, and nodes fail."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from params_proto.workers.workers_dir import read_handles
from tests.faults import proc
from tests.faults.promises import Values
from tests.faults.sweeps import Sweep
from tests.faults.violations import SkippedError, expect
from tests.faults.workers import OPTIONS, Signals, expect_finished, inject_faults
from tests.launchers.ray_cluster import Cluster, ray_cluster
from tests.slurm.cluster import MISSING, Slurm, slurm

_JOBS = 40
_LONGER = "longest=0.4"  # seconds that a job takes: long enough for faults to hit it
_SPARED = ("0", "1")  # array tasks that are requeued, but never killed or cancelled


def on_slurm(folder: Path, rng: Random, values: Values, times: int) -> None:
    """Submits sweeps to one Slurm, one after the other, with `wait=false`."""
    if shutil.which("slurmctld") is None:
        raise SkippedError(MISSING)
    (folder / "slurm").mkdir()
    with slurm(folder / "slurm") as cluster:
        for number in range(times):
            (folder / str(number)).mkdir()
            _on_slurm(folder / str(number), rng, values, cluster)


def _on_slurm(folder: Path, rng: Random, values: Values, cluster: Slurm) -> None:
    sweep = Sweep(folder, [f"x=range({_JOBS})", _LONGER], ["hydra/launcher=submitit_slurm"])
    run = sweep.start(*OPTIONS, "hydra.sweeper.wait=false")
    expect(run.wait_for_exit() == 0, "submitting fails", run.output)
    (handle,) = read_handles(sweep.directory)
    array = handle.array
    signals = Signals(
        sweep, rng, lambda pid: proc.variable(pid, "SLURM_ARRAY_TASK_ID") in {*_SPARED, None}
    )
    faults: list[Callable[[], object]] = [
        signals.send,
        lambda: cluster.run("scancel", f"{array}_{rng.choice('23')}"),
        lambda: cluster.run("scontrol", "requeue", f"{array}_{rng.choice(_SPARED)}"),
        lambda: _restart_node(cluster, rng),
        lambda: _start_requeued(cluster, array),
    ]
    inject_faults(sweep, _JOBS, rng, faults, longest=0.4)
    signals.end()
    _start_requeued(cluster, array)
    expect_finished(sweep, {number: values[number] for number in range(_JOBS)})
    cluster.cancel_all()


def _restart_node(cluster: Slurm, rng: Random) -> None:
    """Stops the node's daemon for a while."""
    cluster.stop_node()
    time.sleep(rng.uniform(0, 1))
    cluster.start_node()


def _start_requeued(cluster: Slurm, array: str) -> None:
    """Starts requeued tasks soon, instead of after two minutes."""
    for state, number in cluster.tasks(array, "%T", "%A"):
        if state == "PENDING":
            cluster.run("scontrol", "update", f"jobid={number}", "starttime=now+2")


def on_ray(folder: Path, rng: Random, values: Values, times: int) -> None:
    """Runs sweeps on one Ray cluster that repeatedly loses a node and gets a new one."""
    if importlib.util.find_spec("ray") is None:
        raise SkippedError("Ray is not installed: pip install ray")
    with ray_cluster(folder) as cluster:
        for number in range(times):
            (folder / str(number)).mkdir()
            _on_ray(folder / str(number), rng, values, cluster)


def _on_ray(folder: Path, rng: Random, values: Values, cluster: Cluster) -> None:
    address = f"hydra.launcher.ray.init.address={cluster.address}"
    sweep = Sweep(folder, [f"x=range({_JOBS})", _LONGER], ["hydra/launcher=ray", address])
    run = sweep.start(*OPTIONS)
    sweep.wait_for_jobs(rng.randint(1, 10), run)
    signals = Signals(sweep, rng, lambda worker: True)

    def lose_node() -> None:
        cluster.lose_node()
        time.sleep(rng.uniform(0, 1))
        cluster.add_node()

    inject_faults(sweep, _JOBS, rng, [signals.send, signals.send, lose_node], longest=0.4)
    signals.end()
    run.wait_for_exit()
    expect_finished(sweep, {number: values[number] for number in range(_JOBS)})
