"""Workers compared with Hydra's launchers at their best: the same jobs of the same app."""

from __future__ import annotations

import heapq
import os
import signal
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
BASIC = "hydra/sweeper=basic"
SWEEPER = "hydra/sweeper=params_proto"
IMPORTS = 2.0  # seconds
SLURM = ("hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=60")
ALONE = "hydra.sweeper.workers=1"
_SHELL = ("sh", "-c", '"$0" "$@"; echo returned; sleep 600')


class Told(NamedTuple):
    """What a job has logged: its start and end, its worker's process and its own, its GPU."""

    begin: float
    end: float
    worker: str
    process: str
    gpu: str


class Ran(NamedTuple):
    """A sweep that has ended.

    Args:
        returned: seconds until its command returned.
        seconds: until the last job had ended.
        jobs: what each has told, in the order of their begins.
    """

    returned: float
    seconds: float
    jobs: Sequence[Told]


def sweep(
    folder: Path, arguments: Sequence[str], *, leaves: bool = False, imports: float = 0
) -> Ran:
    """Runs a sweep in its own folder.

    Args:
        folder: an empty one.
        arguments: the overrides.
        leaves: whether the shell is killed one second after its command returned.
        imports: seconds that the app takes to import.
    """
    start = time.time()
    with subprocess.Popen(
        [*(_SHELL if leaves else ()), sys.executable, str(APP), "-m", *arguments],
        cwd=folder,
        env={**_environment(folder), "IMPORTS": str(imports)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if leaves else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        if leaves:
            assert process.stdout is not None
            while process.stdout.readline() != b"returned\n":
                assert process.poll() is None
            returned = time.time() - start
            time.sleep(1)
            os.killpg(process.pid, signal.SIGKILL)
        else:
            assert process.wait() == 0
            returned = time.time() - start
    (directory,) = folder.glob("multirun/*/*")
    while has_workers(directory):
        time.sleep(0.05)
    lines = [line.split() for line in (folder / "told").read_text().splitlines()]
    jobs = sorted(Told(float(begin), float(end), *rest) for begin, end, *rest in lines)
    return Ran(returned, max(job.end for job in jobs) - start, jobs)


def _environment(folder: Path) -> dict[str, str]:
    # Processes without the script find its library by the path.
    return {**os.environ, "PYTHONPATH": str(APP.parent), "TOLD": str(folder / "told")}


def in_turns(
    pairs: int, kinds: Mapping[str, Sequence[str]], imports: float = 0
) -> dict[str, list[Ran]]:
    """Runs sweeps of several kinds in turns."""
    found: dict[str, list[Ran]] = {name: [] for name in kinds}
    for _ in range(pairs):
        for name, arguments in kinds.items():
            with tempfile.TemporaryDirectory() as folder:
                found[name].append(sweep(Path(folder), arguments, imports=imports))
    return found


def submitted(pairs: int) -> Iterator[Row]:
    """A thousand jobs are submitted to Slurm, and the command returns."""
    options = (SWEEPER, *SLURM, "x=range(1000)", "hydra.sweeper.workers=4")
    returned: list[float] = []
    with _slurm():
        for _ in range(pairs):
            with tempfile.TemporaryDirectory() as folder:
                ran = sweep(Path(folder), [*options, "hydra.sweeper.wait=false"], leaves=True)
            assert len(ran.jobs) == 1000, f"{len(ran.jobs)} of 1,000 jobs ran"
            returned.append(ran.returned)
    what = "1,000 jobs on Slurm: the command returns (wait=false)"
    yield what, "after the last", f"{median(returned):.1f} s", ""


def throughput(pairs: int) -> Iterator[Row]:
    """Short jobs in an app that takes long to import, four at a time on Slurm."""
    jobs = ("x=range(1000)", "seconds=0.1", *SLURM)
    kinds = {
        "stock": (BASIC, *jobs, "hydra.launcher.array_parallelism=4"),
        "ours": (SWEEPER, *jobs, "hydra.sweeper.workers=4"),
    }
    with _slurm():  # a thousand jobs are many pairs already
        runs = in_turns(max(pairs // 5, 1), kinds, IMPORTS)
    stock, ours = (median(one.seconds for one in runs[name]) for name in kinds)
    what = "1,000 jobs of 0.1 s, 2 s of imports, 4 at a time on Slurm"
    yield what, f"{stock:.0f} s", f"{ours:.0f} s", f"{stock / ours:.1f}x"


def overhead(pairs: int) -> Iterator[Row]:
    """The time between the end of a job and the start of the next in the same slot."""
    jobs = "x=range(20)"
    joblib = (BASIC, jobs, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    submitit = ("hydra/launcher=submitit_slurm", "hydra.launcher.array_parallelism=1")
    kinds = {
        "submitit, an interpreter per job": (BASIC, "x=range(5)", *submitit),
        "joblib, loky": joblib,
        "joblib, multiprocessing": (*joblib, "hydra.launcher.backend=multiprocessing"),
        "": (SWEEPER, jobs, ALONE),
    }
    with _slurm():
        runs = in_turns(pairs, kinds, IMPORTS)
    between = {name: median(map(_between, found)) for name, found in runs.items()}
    ours = between.pop("")
    for name, stock in between.items():
        what = f"between two jobs, 2 s of imports: {name}"
        yield what, f"{stock * 1000:.0f} ms", f"{ours * 1000:.0f} ms", f"{stock / ours:.1f}x"


def _between(ran: Ran) -> float:
    """The median time in one slot: one at a time, or in one joblib process."""
    processes = {job.process for job in ran.jobs}
    places = [ran.jobs]
    if len(processes) == 2:
        places = [[job for job in ran.jobs if job.process == one] for one in processes]
    return median(after.begin - before.end for place in places for before, after in pairwise(place))


def makespan(pairs: int) -> Iterator[Row]:
    """Jobs of lognormal lengths, where Slurm takes arrays of twenty tasks."""
    jobs = ("x=range(300)", "seconds=0.2", "spread=true", *SLURM)
    batches = ("hydra.sweeper.max_batch_size=20", "hydra.launcher.array_parallelism=4")
    kinds = {
        "stock": (BASIC, *jobs, *batches),
        "ours": (SWEEPER, *jobs, "hydra.sweeper.workers=4"),
    }
    with _slurm(most_tasks=20):
        runs = in_turns(pairs, kinds)
    spans = {name: median(map(_over_ideal, found)) for name, found in runs.items()}
    what = "300 lognormal jobs of 0.3 s on average, 4 at a time: makespan over the ideal"
    yield what, *[f"{spans[name]:.2f}" for name in kinds], f"{spans['stock'] / spans['ours']:.1f}x"


def _over_ideal(ran: Ran) -> float:
    """From the first start to the last end, relative to a list schedule without overhead."""
    jobs = ran.jobs
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
    yield "100 jobs of 1 s on 2 GPUs with 2 slots each: slots busy", "none", f"{busy:.1%}", ""


def _busy(ran: Ran) -> float:
    span = max(job.end for job in ran.jobs) - min(job.begin for job in ran.jobs)
    return sum(job.end - job.begin for job in ran.jobs) / (4 * span)


def metadata(pairs: int) -> Iterator[Row]:
    """System calls of all processes that name a file of the sweep, for each further job."""
    kinds = {
        "stock": (BASIC, "hydra/launcher=submitit_local"),
        "ours": (SWEEPER, ALONE),
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
            env=_environment(Path(name)),
            check=True,
            capture_output=True,
        )
        return log.read_text(errors="replace").count(f"{name}/out")


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
