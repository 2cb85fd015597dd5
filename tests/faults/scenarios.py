"""Every scenario by its name: what is done to a sweep, at random where that is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from tests.faults import clock, counts, disk, kill, race, raises, signals
from tests.faults.figures import Figures
from tests.faults.promises import Values

Scenario = Callable[[Path], object]
"""Does something to a sweep in an empty folder.

Raises:
    ViolationError: the sweeper has broken a promise.
    SkippedError: the machine does not allow it.
"""


@dataclass(frozen=True)
class Context:
    """What scenarios share.

    Args:
        seed: of all that is random.
        values: what each job returns that nothing interrupts.
        figures: told what was done.
    """

    seed: int
    values: Values
    figures: Figures

    def random(self, name: str) -> Random:
        """Of one scenario, whatever the others do."""
        return Random(f"{self.seed}-{name}")


def short(context: Context) -> Mapping[str, Scenario]:
    """Those that take some seconds each."""
    values = context.values
    return {
        "raises-basic": raises.basic,
        "raises-joblib": raises.joblib,
        "raises-workers": raises.workers,
        "raises-interrupt": raises.interrupt,
        "disk-in-the-way": disk.in_the_way,
        "disk-records": partial(disk.records_of_others, values=values),
        "disk-unreadable": partial(disk.unreadable, values=values),
        "disk-plan": partial(
            disk.spoilt_plan, values=values, rng=context.random("disk-plan"), times=1
        ),
        "disk-full": partial(disk.full, values=values),
        "disk-read-only": partial(disk.read_only, values=values),
        "clock": partial(clock.jumps, values=values),
        "race-start": partial(race.start, values=values),
        "race-resume": partial(_raced, context, "race-resume", 1),
    }


def long(context: Context, sweeps: int) -> Mapping[str, Scenario]:
    """All of them, those of random moments as often as is asked for.

    Args:
        context: what they share.
        sweeps: how many are killed; half as many races are run, and a quarter gets signals.
    """
    # The longest first: the last ones would have the machine for themselves.
    thousands = min(max(sweeps // 2, 1), 100)
    found: dict[str, Scenario] = {
        "counts-very-many": partial(counts.many, thousands=thousands, figures=context.figures)
    }
    races = max(sweeps // 2, 1)
    for number, times in enumerate(_shares(races, 10)):
        name = f"race-resume-{number}"
        found[name] = partial(_raced, context, name, times)
    for number in range(max(sweeps // 10, 1)):
        found[f"race-start-{number}"] = partial(race.start, values=context.values)
    for kind, times in (("kill", sweeps), ("signals", max(sweeps // 4, 1))):
        for number in range(times):
            name = f"{kind}-{number}"
            found[name] = partial(
                kill.killed if kind == "kill" else signals.signalled,
                rng=context.random(name),
                values=context.values,
                figures=context.figures,
            )
    more = partial(disk.spoilt_plan, values=context.values, rng=context.random("plan"), times=5)
    return {**found, **short(context), "disk-plan-more": more}


def _raced(context: Context, name: str, times: int, folder: Path) -> None:
    refused = race.resume(folder, context.random(name), context.values, times)
    context.figures.count("race: pairs of resumes", times)
    context.figures.count("race: pairs of which one was refused", refused)


def _shares(whole: int, most: int) -> list[int]:
    """A number in parts of at most so many.

    >>> _shares(25, 10)
    [10, 10, 5]
    """
    return [min(most, whole - first) for first in range(0, whole, most)]
