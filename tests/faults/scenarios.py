"""All scenarios by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import clusters, disk, kill, preempt, race, signals, workers
from tests.faults.promises import Values

Scenario = Callable[[Path], object]
"""Injects faults into a sweep in an empty folder.

The functions for them also take some of: `rng`, the source of randomness; `values`, what the jobs
return; `times`, the number of sweeps, races or preemptions.

Raises:
    ViolationError: the sweeper has violated a guarantee.
    SkippedError: this machine cannot run the scenario.
"""


@dataclass(frozen=True)
class Context:
    """What all scenarios share.

    Args:
        seed: the random seed.
        values: what each job returns without faults.
    """

    seed: int
    values: Values

    def random(self, name: str) -> Random:
        """A scenario's own source of randomness, independent of the others."""
        return Random(f"{self.seed}-{name}")


def scenarios(context: Context, sweeps: int) -> Mapping[str, Scenario]:
    """All scenarios, as many of each kind as requested.

    Args:
        context: what they share.
        sweeps: number of sweeps to kill. For a quarter as many, their processes get signals; for
            another quarter, their workers do, on this machine, Slurm and Ray; a tenth are raced.
    """
    values = context.values
    found: dict[str, Scenario] = {
        "disk-full": partial(disk.full, values=values),
        "disk-read-only": partial(disk.read_only, values=values),
        "preempt": partial(
            preempt.preempt, rng=context.random("preempt"), times=max(sweeps // 2, 1)
        ),
    }
    for name, scenario, times in (
        ("slurm", clusters.on_slurm, sweeps // 10),
        ("ray", clusters.on_ray, sweeps // 40),
    ):
        found[name] = partial(
            scenario, rng=context.random(name), values=values, times=max(times, 1)
        )
    for number in range(max(sweeps // 20, 1)):
        name = f"race-resume-{number}"
        found[name] = partial(
            race.resume, rng=context.random(name), values=values, times=min(sweeps, 10)
        )
    for number in range(max(sweeps // 10, 1)):
        found[f"race-start-{number}"] = partial(race.start, values=values)
    kinds = {
        "kill": kill.kill_and_resume,
        "signals": signals.interrupt_and_resume,
        "workers": workers.disturb_workers,
    }
    for kind, times in (("kill", sweeps), ("signals", sweeps // 4), ("workers", sweeps // 8)):
        for number in range(max(times, 1)):
            name = f"{kind}-{number}"
            found[name] = partial(kinds[kind], rng=context.random(name), values=values)
    return found
