"""Workers beside Hydra's launchers at their best: the same jobs of the same app, in turns."""

from __future__ import annotations

import heapq
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from params_proto.workers.setup import has_workers
from tests.benchmarks.table import Row, Table
from tests.slurm.cluster import slurm

APP = Path(__file__).parent / "apps/imports/app.py"
SWEEPER = "hydra/sweeper=params_proto"
IMPORTS = 2.0  # seconds
SLURM = ("hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=60")
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


class Told(NamedTuple):
    """What a job has told: when it began and ended, and the GPU that it saw."""

    begin: float
    end: float
    gpu: str


class Ran(NamedTuple):
    """A sweep that has ended.

    Args:
        returned: seconds until its command returned.
        seconds: until the last job had ended.
        jobs: what each has told.
    """

    returned: float
    seconds: float
    jobs: Sequence[Told]


def sweep(folder: Path, arguments: Sequence[str], **variables: str) -> Ran:
    """Runs a sweep in a folder of its own.

    Args:
        folder: an empty one.
        arguments: the overrides.
        variables: of the environment.
    """
    told = folder / "told"
    start = time.time()
    subprocess.run(
        [sys.executable, str(APP), "-m", "hydra.sweep.dir=out", *arguments],
        cwd=folder,
        env={**os.environ, "TOLD": str(told), **variables},
        check=True,
        capture_output=True,
    )
    returned = time.time() - start
    while has_workers(folder / "out"):
        time.sleep(0.05)
    jobs = [Told(float(a), float(b), gpu) for _, a, b, gpu in _lines(told)]
    return Ran(returned, max(job.end for job in jobs) - start, jobs)


def _lines(path: Path) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()]


def in_turns(
    pairs: int, kinds: Mapping[str, Sequence[str]], **variables: str
) -> dict[str, list[Ran]]:
    """Runs sweeps of several kinds in turns."""
    found: dict[str, list[Ran]] = {name: [] for name in kinds}
    for _ in range(pairs):
        for name, arguments in kinds.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(sweep(Path(folder), arguments, **variables))
    return found


def submitted(pairs: int) -> Iterator[Row]:
    """A thousand jobs are submitted to Slurm, and the command is gone."""
    options = (*SLURM, "hydra.sweeper.workers=4", "hydra.sweeper.wait=false")
    with _slurm():
        runs = in_turns(pairs, {"ours": (SWEEPER, "x=range(1000)", *options)})["ours"]
    assert all(len(one.jobs) == 1000 for one in runs)
    returned, ended = (median(getattr(one, of) for one in runs) for of in ("returned", "seconds"))
    yield "1,000 jobs on Slurm: the command returns", f"{ended:.0f} s", f"{returned:.1f} s", ""


def throughput(pairs: int) -> Iterator[Row]:
    """Short jobs in an app that takes long to import, four at a time on Slurm."""
    jobs = ("x=range(100)", "seconds=0.1", *SLURM)
    kinds = {
        "stock": ("hydra/sweeper=basic", *jobs, "hydra.launcher.array_parallelism=4"),
        "ours": (SWEEPER, *jobs, "hydra.sweeper.workers=4"),
    }
    with _slurm():
        runs = in_turns(pairs, kinds, IMPORTS=str(IMPORTS))
    yield _seconds("100 jobs of 0.1 s, 2 s of imports, 4 at a time on Slurm", runs)


def overhead(pairs: int) -> Iterator[Row]:
    """What passes between the ends of one job and the begin of the next, in one place."""
    jobs = "x=range(20)"
    submitit = ("hydra/launcher=submitit_slurm", "hydra.launcher.array_parallelism=1")
    kinds = {
        "stock": ("hydra/sweeper=basic", "x=range(5)", *submitit),
        "ours": (SWEEPER, jobs, "hydra.sweeper.workers=1"),
    }
    with _slurm():
        runs = in_turns(pairs, kinds, IMPORTS=str(IMPORTS))
    between = {name: median(map(_between, found)) for name, found in runs.items()}
    stock, ours = between["stock"], between["ours"]
    what = "between two jobs, 2 s of imports: submitit"
    yield what, f"{stock * 1000:.0f} ms", f"{ours * 1000:.0f} ms", f"{stock / ours:.0f}x"


def _between(ran: Ran) -> float:
    jobs = sorted(ran.jobs)
    return median(after.begin - before.end for before, after in pairwise(jobs))


def makespan(pairs: int) -> Iterator[Row]:
    """Jobs of lognormal lengths, where Slurm takes arrays of twenty tasks."""
    jobs = ("x=range(300)", "seconds=0.2", "spread=true", *SLURM)
    batches = ("hydra.sweeper.max_batch_size=20", "hydra.launcher.array_parallelism=4")
    kinds = {
        "stock": ("hydra/sweeper=basic", *jobs, *batches),
        "ours": (SWEEPER, *jobs, "hydra.sweeper.workers=4"),
    }
    with _slurm(most_tasks=20):
        runs = in_turns(pairs, kinds)
    spans = {name: median(map(_over_ideal, found)) for name, found in runs.items()}
    what = "300 jobs of lognormal length, 4 at a time: makespan over the ideal list schedule"
    yield what, *[f"{spans[name]:.2f}" for name in kinds], f"{spans['stock'] / spans['ours']:.1f}x"


def _over_ideal(ran: Ran) -> float:
    """From the first begin to the last end, over what a list schedule without overhead takes."""
    jobs = sorted(ran.jobs)
    free = [0.0] * 4
    for job in jobs:
        heapq.heapreplace(free, free[0] + job.end - job.begin)
    return (max(job.end for job in jobs) - jobs[0].begin) / max(free)


def gpus(pairs: int) -> Iterator[Row]:
    """Two slots on each of two GPUs."""
    options = ("hydra.sweeper.gpus=[0,1]", "hydra.sweeper.jobs_per_gpu=2")
    jobs = (SWEEPER, "x=range(100)", "seconds=1", *options)
    runs = in_turns(pairs, {"ours": jobs})["ours"]
    for one in runs:
        moments = [(job.begin, 1, job.gpu) for job in one.jobs]
        moments += [(job.end, -1, job.gpu) for job in one.jobs]
        on = {"0": 0, "1": 0}
        for _, change, gpu in sorted(moments):
            on[gpu] += change
            assert on[gpu] <= 2, f"{on[gpu]} jobs on GPU {gpu}"
    busy = median(map(_busy, runs))
    yield "100 jobs of 1 s on 2 GPUs with 2 slots each: slots busy", "", f"{busy:.1%}", ""


def _busy(ran: Ran) -> float:
    span = max(job.end for job in ran.jobs) - min(job.begin for job in ran.jobs)
    return sum(job.end - job.begin for job in ran.jobs) / (4 * span)


def metadata(pairs: int) -> Iterator[Row]:
    """Calls of the system that name a file of the sweep, by all processes, for each further job."""
    kinds = {
        "stock": ("hydra/sweeper=basic", "hydra/launcher=submitit_local"),
        "ours": (SWEEPER, "hydra.sweeper.workers=1"),
    }
    calls = {name: (_calls(kind, 30) - _calls(kind, 10)) / 20 for name, kind in kinds.items()}
    stock, ours = calls["stock"], calls["ours"]
    what = "operations on the sweep's directory a job, Hydra's own 20 included"
    yield what, f"{stock:.0f}", f"{ours:.0f}", f"{stock / ours:.1f}x"


def _calls(kind: Sequence[str], jobs: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "calls"
        trace = ["strace", "-f", "-qq", "-e", "trace=%file", "-o", str(log)]
        command = [sys.executable, str(APP), "-m", f"hydra.sweep.dir={name}/out", *kind]
        subprocess.run(
            [*trace, *command, f"x=range({jobs})"],
            cwd=name,
            env={**os.environ, "TOLD": f"{name}/told"},
            check=True,
            capture_output=True,
        )
        return log.read_text(errors="replace").count(f"{name}/out")


def _seconds(what: str, runs: Mapping[str, Sequence[Ran]]) -> Row:
    stock, ours = (median(one.seconds for one in runs[name]) for name in ("stock", "ours"))
    return what, f"{stock:.0f} s", f"{ours:.1f} s", f"{stock / ours:.1f}x"


def _slurm(most_tasks: int = 1001) -> ExitStack:
    """A Slurm, until the block ends."""
    with ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory())
        held.enter_context(slurm(Path(folder), most_tasks))
        return held.pop_all()


def all_rows(pairs: int) -> Iterator[Row]:
    """Every row, by one name."""
    for measure in (submitted, throughput, overhead, makespan, gpus, metadata):
        yield from measure(pairs)


TABLE = Table(
    "Workers",
    ("what", "launcher", "workers", "ratio"),
    {"workers": all_rows},
)
