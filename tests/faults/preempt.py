"""Trainings that are preempted repeatedly end with the same weights as without preemption."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

from params_proto.records import Status
from params_proto.workers.setup import has_workers, read_setup
from tests.faults import proc
from tests.faults.promises import records
from tests.faults.sweeps import LONGEST, Sweep
from tests.faults.violations import expect
from tests.faults.workers import workers_of

_SEEDS = 2
_EPOCHS = 20  # a preemption
_SIGNALS = [signal.SIGTERM, signal.SIGTERM, signal.SIGKILL]


def preempted(folder: Path, rng: Random, times: int) -> None:
    """Ends workers by SIGTERM or SIGKILL while they train, and starts others in their place.

    Args:
        folder: an empty one.
        rng: decides when, and by which signal.
        times: how often.
    """
    epochs = _EPOCHS * times
    undisturbed = _sweep(folder / "undisturbed", epochs)
    _end(undisturbed)
    sweep = _sweep(folder / "preempted", epochs)
    for _ in range(times):
        before, deadline = _lines(sweep), time.monotonic() + LONGEST
        while _lines(sweep) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
        alive = workers_of(sweep)
        if not alive:
            break
        proc.kill(rng.choice(alive), rng.choice(_SIGNALS))
        sweep.run(read_setup(sweep.directory).worker_command)
    _end(sweep)

    last = sweep.runs[-1].output
    found, wanted = records(sweep.directory), records(undisturbed.directory)
    expect(len(found) == _SEEDS, f"{len(found)} records", last)
    for seed in range(_SEEDS):
        expect(found[seed].value == wanted[seed].value, f"seed {seed} has other weights", last)
    trained = Counter(tuple(line.split()[:2]) for line in _lines(sweep))
    repeated = trained.total() - len(trained)
    expect(len(trained) == _SEEDS * epochs, f"{len(trained)} epochs were trained", last)
    expect(repeated <= times, f"{repeated} epochs were repeated at {times} preemptions", last)


def _sweep(folder: Path, epochs: int) -> Sweep:
    folder.mkdir()
    sweep = Sweep(folder, [f"seed=range({_SEEDS})", f"epochs={epochs}"], app="trains")
    run = sweep.start("hydra.sweeper.workers=2", "hydra.sweeper.wait=false")
    expect(run.ended() == 0, "the sweep does not start", run.output)
    return sweep


def _end(sweep: Sweep) -> None:
    """Waits for the end, with one more worker in case none is left."""
    sweep.run(read_setup(sweep.directory).worker_command).ended()
    while has_workers(sweep.directory):
        time.sleep(0.05)
    statuses = {one.status for one in records(sweep.directory).values()}
    expect(statuses == {Status.COMPLETED}, f"jobs are {statuses}", sweep.runs[-1].output)


def _lines(sweep: Sweep) -> list[str]:
    path = sweep.folder / "epochs"
    return path.read_text().splitlines() if path.exists() else []
