"""Training that is preempted repeatedly ends with the same weights as undisturbed training."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from random import Random

from params_proto.records import Status
from params_proto.workers.workers_dir import has_workers, read_setup
from tests.faults import proc
from tests.faults.promises import records
from tests.faults.sweeps import TIMEOUT, Sweep
from tests.faults.violations import expect
from tests.faults.workers import live_workers

_SEEDS = 2
_EPOCHS = 20  # per preemption
_SIGNALS = [signal.SIGTERM, signal.SIGTERM, signal.SIGKILL]


def preempt(folder: Path, rng: Random, times: int) -> None:
    """Ends workers with SIGTERM or SIGKILL while they train, and starts replacements."""
    epochs = _EPOCHS * times
    undisturbed = _start_sweep(folder / "undisturbed", epochs)
    _finish(undisturbed)
    sweep = _start_sweep(folder / "preempted", epochs)
    for _ in range(times):
        before, deadline = _lines(sweep), time.monotonic() + TIMEOUT
        while _lines(sweep) == before and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.1))
        workers = live_workers(sweep)
        if not workers:
            break
        proc.kill(rng.choice(workers), rng.choice(_SIGNALS))
        sweep.run(read_setup(sweep.directory).worker_command)
    _finish(sweep)

    last = sweep.runs[-1].output
    actual, expected = records(sweep.directory), records(undisturbed.directory)
    expect(len(actual) == _SEEDS, f"{len(actual)} records", last)
    for seed in range(_SEEDS):
        is_equal = actual[seed].value == expected[seed].value
        expect(is_equal, f"seed {seed} has different weights", last)
    trained = Counter(tuple(line.split()[:2]) for line in _lines(sweep))
    repeated = trained.total() - len(trained)
    expect(len(trained) == _SEEDS * epochs, f"{len(trained)} epochs were trained", last)
    expect(repeated <= times, f"{repeated} epochs were repeated in {times} preemptions", last)


def _start_sweep(folder: Path, epochs: int) -> Sweep:
    folder.mkdir()
    sweep = Sweep(folder, [f"seed=range({_SEEDS})", f"epochs={epochs}"], app="trains")
    run = sweep.start("hydra.sweeper.workers=2", "hydra.sweeper.wait=false")
    expect(run.wait_for_exit() == 0, "the sweep does not start", run.output)
    return sweep


def _finish(sweep: Sweep) -> None:
    """Waits for the end of a sweep, with one more worker in case none is left."""
    sweep.run(read_setup(sweep.directory).worker_command).wait_for_exit()
    while has_workers(sweep.directory):
        time.sleep(0.05)
    statuses = {record.status for record in records(sweep.directory).values()}
    expect(statuses == {Status.COMPLETED}, f"jobs are {statuses}", sweep.runs[-1].output)


def _lines(sweep: Sweep) -> list[str]:
    path = sweep.folder / "epochs"
    return path.read_text().splitlines() if path.exists() else []
