"""Workers on Slurm and on Ray, whose tasks are cancelled and requeued, and whose nodes fail."""

from __future__ import annotations

import importlib.util
import shutil
import time
from pathlib import Path
from random import Random

from params_proto.workers.setup import all_started
from tests.faults import proc
from tests.faults.promises import Values
from tests.faults.sweeps import Sweep
from tests.faults.violations import SkippedError, expect
from tests.faults.workers import OPTIONS, Signals, disturb, expect_finished
from tests.launchers.ray_cluster import Cluster, ray_cluster
from tests.slurm.cluster import MISSING, Slurm, slurm

_JOBS = 40
_LONGER = "longest=0.4"  # seconds of a job: there is time to do something to it
_SPARED = ("0", "1")  # the tasks of an array that are never killed or cancelled, only requeued


def on_slurm(folder: Path, rng: Random, values: Values, times: int) -> None:
    """Submits sweeps to one Slurm, one after another, and leaves.

    Args:
        folder: an empty one.
        rng: decides all that is random here.
        values: what the jobs return.
        times: how many sweeps.
    """
    if shutil.which("slurmctld") is None:
        raise SkippedError(MISSING)
    (folder / "slurm").mkdir()
    with slurm(folder / "slurm") as cluster:
        for number in range(times):
            (folder / str(number)).mkdir()
            _submitted(folder / str(number), rng, values, cluster)


def _submitted(folder: Path, rng: Random, values: Values, cluster: Slurm) -> None:
    sweep = Sweep(folder, [f"x=range({_JOBS})", _LONGER], ["hydra/launcher=submitit_slurm"])
    run = sweep.start(*OPTIONS, "hydra.sweeper.wait=false")
    expect(run.ended() == 0, "it is not submitted", run.output)
    (started,) = all_started(sweep.directory)
    array = started.array
    signals = Signals(
        sweep, rng, lambda pid: proc.variable(pid, "SLURM_ARRAY_TASK_ID") in {*_SPARED, None}
    )
    acts = [
        signals.send,
        lambda: cluster.run("scancel", f"{array}_{rng.choice('23')}"),
        lambda: cluster.run("scontrol", "requeue", f"{array}_{rng.choice(_SPARED)}"),
        lambda: _fail(cluster, rng),
    ]
    disturb(sweep, _JOBS, rng, [*acts, lambda: _start_requeued(cluster, array)], longest=0.4)
    signals.end()
    _start_requeued(cluster, array)
    expect_finished(sweep, {number: values[number] for number in range(_JOBS)})
    cluster.empty()


def _fail(cluster: Slurm, rng: Random) -> None:
    """The node's daemon does not answer for a while."""
    cluster.stop_node()
    time.sleep(rng.uniform(0, 1))
    cluster.start_node()


def _start_requeued(cluster: Slurm, array: str) -> None:
    """Makes requeued tasks start soon instead of after two minutes."""
    for state, number in cluster.tasks(array, "%T", "%A"):
        if state == "PENDING":
            cluster.run("scontrol", "update", f"jobid={number}", "starttime=now+2")


def on_ray(folder: Path, rng: Random, values: Values, times: int) -> None:
    """Runs sweeps on a Ray cluster that repeatedly loses a node and gets another.

    Args:
        folder: an empty one.
        rng: decides all that is random here.
        values: what the jobs return.
        times: how many sweeps.
    """
    if importlib.util.find_spec("ray") is None:
        raise SkippedError("there is no Ray: pip install ray")
    with ray_cluster(folder) as cluster:
        for number in range(times):
            (folder / str(number)).mkdir()
            _on_ray(folder / str(number), rng, values, cluster)


def _on_ray(folder: Path, rng: Random, values: Values, cluster: Cluster) -> None:
    address = f"hydra.launcher.ray.init.address={cluster.address}"
    sweep = Sweep(folder, [f"x=range({_JOBS})", _LONGER], ["hydra/launcher=ray", address])
    run = sweep.start(*OPTIONS)
    sweep.wait_for_bodies(rng.randint(1, 10), run)
    signals = Signals(sweep, rng, lambda worker: True)

    def lose_node() -> None:
        cluster.lose_node()
        time.sleep(rng.uniform(0, 1))
        cluster.add_node()

    disturb(sweep, _JOBS, rng, [signals.send, signals.send, lose_node], longest=0.4)
    signals.end()
    run.ended()
    expect_finished(sweep, {number: values[number] for number in range(_JOBS)})
