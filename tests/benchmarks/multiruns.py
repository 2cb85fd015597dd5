"""A multirun from start to end, compared with Hydra's basic sweeper."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.processes import Cost, in_turns, run, run_from_prefixes
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
        app: the app, one of `apps/`.
        swept: the overrides, which make 200 jobs.
        launcher: others, which choose the launcher.
    """

    what: str
    app: str
    swept: tuple[str, ...]
    launcher: tuple[str, ...] = ()


FLAT = ("lr=range(1,11)", "batch_size=16,32,64,128", "seed=1,2,3,4,5")
VALUES = (
    "experiment=coast",
    "model.optimizer.lr=1e-4,2e-4,5e-4,1e-3,2e-3,5e-3,1e-2,2e-2,5e-2,1e-1",
    "model.net.dropout=0.0,0.1,0.2,0.3",
    "seed=1,2,3,4,5",
)
GROUPS = ("experiment=coast", "model=linear,mlp,tcn,unet,transformer", "data=stations,radar")
FEW = ("model/optimizer=adam,adamw,sgd,lion", "seed=1,2,3,4,5")
MANY = (
    "model/optimizer=adam,adamw,sgd,rmsprop,lion",
    "model/loss=mse,quantile",
    "trainer=cpu,gpu",
)
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")

MULTIRUNS = {
    "trivial": Multirun("one flat config: values", "trivial", FLAT),
    "values": Multirun("a project's tree: values", "project", VALUES),
    "groups": Multirun("a project's tree: 40 choices of groups, 5 values each", "project", (*GROUPS, *FEW)),
    "distinct": Multirun("a project's tree: 200 choices of groups", "project", (*GROUPS, *MANY)),
    "joblib": Multirun("one flat config: values, joblib", "trivial", FLAT, JOBLIB),
    "joblib-values": Multirun("a project's tree: values, joblib", "project", VALUES, JOBLIB),
}  # fmt: skip


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
        script = APPS / multirun.app / "app.py"
        left: set[str] = set()

        def whole(sweeper: str) -> Cost:
            cost = run(_command(multirun, sweeper, multirun.swept, script, folder), folder)
            left.add(_digest(folder / DIRECTORY))
            assert len(left) == 1, f"{multirun.what}: the sweepers leave different jobs"
            return cost

        # What is imported is compiled first.
        run(_command(multirun, "basic", (), script, folder), folder)
        run_from_prefixes(
            _command(multirun, "params_proto", multirun.swept, script, folder), folder
        )
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


def _command(
    multirun: Multirun, sweeper: str, swept: Sequence[str], script: Path, folder: Path
) -> list[str | Path]:
    """The command that runs it, in a new directory."""
    shutil.rmtree(folder / DIRECTORY, ignore_errors=True)
    chosen = f"hydra/sweeper={sweeper}", f"hydra.sweep.dir={DIRECTORY}"
    return [script, "-m", *chosen, *multirun.launcher, *swept]


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
    ("app", "basic", "params_proto", "per job", "time", "CPU time"),
    {name: partial(measured, multirun) for name, multirun in MULTIRUNS.items()},
)
