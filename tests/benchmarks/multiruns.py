"""A multirun from its start to its end, beside Hydra's basic sweeper."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.processes import Cost, in_turns, run
from tests.benchmarks.table import Row, Table

JOBS = 200
APPS = Path(__file__).parent / "apps"
DIRECTORY = "sweep"
SWEEPERS = "basic", "params_proto"

# The sweeper's own node and name, in what Hydra writes of a job.
_SWEEPER = re.compile(rb"^  sweeper:\n(?:    .*\n)*|.*hydra/sweeper.*\n", re.MULTILINE)


class Multirun(NamedTuple):
    """A row.

    Args:
        what: its first cell.
        app: whose folder it is.
        swept: the overrides, which make 200 jobs.
        launcher: others, which choose the launcher.
    """

    what: str
    app: str
    swept: tuple[str, ...]
    launcher: tuple[str, ...] = ()


MULTIRUNS = {
    "trivial": Multirun(
        "one flat config, values swept",
        "trivial",
        ("lr=range(1,11)", "batch_size=16,32,64,128", "seed=1,2,3,4,5"),
    ),
}


def measured(multirun: Multirun, pairs: int) -> Iterator[Row]:
    """Runs pairs of multiruns.

    Args:
        multirun: the row.
        pairs: how many.

    Raises:
        AssertionError: the two leave different jobs.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        left: set[str] = set()

        def whole(sweeper: str) -> Cost:
            cost = _run(multirun, sweeper, multirun.swept, folder)
            left.add(_digest(folder / DIRECTORY))
            assert len(left) == 1, f"{multirun.what}: the sweepers leave different jobs"
            return cost

        for sweeper in SWEEPERS:  # what is imported is compiled first
            _run(multirun, sweeper, (), folder)
        both = in_turns(pairs, *[partial(whole, sweeper) for sweeper in SWEEPERS])
    basic, ours = both.wall()
    yield (
        multirun.what,
        f"{basic:.1f} s",
        f"{ours:.1f} s",
        f"{ours / JOBS * 1000:.0f} ms",
        f"{both.wall_ratio():.1f}x",
        f"{both.cpu_ratio():.1f}x",
    )


def _run(multirun: Multirun, sweeper: str, swept: tuple[str, ...], folder: Path) -> Cost:
    shutil.rmtree(folder / DIRECTORY, ignore_errors=True)
    app = APPS / multirun.app / "app.py"
    chosen = f"hydra/sweeper={sweeper}", f"hydra.sweep.dir={DIRECTORY}"
    return run([app, "-m", *chosen, *multirun.launcher, *swept], folder)


def _digest(directory: Path) -> str:
    """Of the files that describe the jobs: their configs, overrides and Hydra's node."""
    jobs = sorted(directory.glob("*/.hydra"))
    assert len(jobs) == JOBS, f"{len(jobs)} jobs"
    digest = hashlib.sha256()
    for job in jobs:
        for file in ("config.yaml", "overrides.yaml", "hydra.yaml"):
            digest.update(f"{job.parent.name}/{file}\n".encode())
            digest.update(_SWEEPER.sub(b"", (job / file).read_bytes()))
    return digest.hexdigest()


TABLE = Table(
    f"A multirun of {JOBS} jobs",
    "",
    ("app", "basic", "params_proto", "a job", "time", "CPU time"),
    {name: partial(measured, multirun) for name, multirun in MULTIRUNS.items()},
)
