"""How many equal jobs come before one, as the steps tell it and as a look at all jobs does."""

from __future__ import annotations

from collections import Counter

import pytest

from params_proto import Sweep
from params_proto.multirun.jobs.distinct import occurrence_of

GRID = Sweep().product(lr=[1, 2], seed=range(3))
SWEEPS = {
    "none": GRID,
    "last": GRID.repeat(3),
    "first": Sweep().product(lr=[1, 2]).repeat(2).product(seed=[1, 2, 3]),
    "twice": Sweep().product(lr=[1, 2]).repeat(2).product(seed=[1, 2, 3]).repeat(3),
    "pairs": Sweep().zip(lr=[1, 2], seed=[3, 3]).repeat(2).set(name="x"),
    "derived": GRID.repeat(2).derive(name="{lr}"),
    "alone": Sweep().repeat(4),
}
LOOKED_AT = {
    "equal values": Sweep().product(lr=[1, 1]).repeat(2),
    "pinned": GRID.repeat(2).set(lr=5),
    "dropped": GRID.repeat(2).exclude(lr=1),
    "shuffled": GRID.repeat(2).shuffle(seed=1),
    "rows": Sweep().chain({"lr": 1}, {"lr": 1}).repeat(2),
    "part": GRID.repeat(2)[1:5],
    "put together": GRID.repeat(2) + GRID,
}


@pytest.mark.parametrize("name", SWEEPS)
def test_what_the_steps_tell(name: str) -> None:
    sweep = SWEEPS[name]
    occurrence = occurrence_of(sweep.expression)
    assert occurrence is not None
    seen: Counter[str] = Counter()
    for index, config in enumerate(sweep):
        assert occurrence(index) == seen[repr(config)]
        seen[repr(config)] += 1


@pytest.mark.parametrize("name", LOOKED_AT)
def test_what_they_do_not_tell(name: str) -> None:
    assert occurrence_of(LOOKED_AT[name].expression) is None
