"""Compares workers with Hydra's launchers at their best: the same jobs of an app, alternating."""

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

from params_proto.workers.workers_dir import has_workers
from tests.benchmarks.table import Row, Table
from tests.slurm.cluster import slurm

APP = Path(__file__).parent / "apps/imports/app.py"
BASIC = "hydra/sweeper=basic"
SWEEPER = "hydra/sweeper=params_proto"
MEANS = {"0.3 s": 0.2, "1 s": 0.65}  # of lognormal lengths, by their medians in seconds
IMPORTS = 2.0  # seconds
SLURM = ("hydra/launcher=submitit_slurm", "hydra.launcher.timeout_min=60")
ONE_WORKER = "hydra.sweeper.workers=1"
_SHELL = ("sh", "-c", '"$0" "$@"; echo returned; sleep 600')


class JobTimes(NamedTuple):
    """A job's line in the log: start and end, process ids of its worker and itself, and its GPU."""

    start: float
    end: float
    worker: str
    process: str
    gpu: str


class SweepTimes(NamedTuple):
    """The times of a sweep.

    Args:
        returned: seconds until the command returned.
        seconds: seconds until the last job ended.
        jobs: the times of the jobs, in the order in which they started.
    """

    returned: float
    seconds: float
    jobs: Sequence[JobTimes]


def sweep(
    folder: Path, arguments: Sequence[str], *, kill_shell: bool = False, imports: float = 0
) -> SweepTimes:
    """Runs a sweep.

    Args:
        folder: an empty folder.
        arguments: the overrides.
        kill_shell: whether to kill the shell one second after the command has returned.
        imports: seconds that the app's library takes to import.
    """
    start = time.time()
    with subprocess.Popen(
        [*(_SHELL if kill_shell else ()), sys.executable, str(APP), "-m", *arguments],
        cwd=folder,
        env={**_environment(folder), "IMPORTS": str(imports)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if kill_shell else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        if kill_shell:
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
    lines = [line.split() for line in (folder / "jobs.log").read_text().splitlines()]
    jobs = sorted(JobTimes(float(start), float(end), *rest) for start, end, *rest in lines)
    return SweepTimes(returned, max(job.end for job in jobs) - start, jobs)


def _environment(folder: Path) -> dict[str, str]:
    # Processes that do not run the script find its library on the path.
    return {**os.environ, "PYTHONPATH": str(APP.parent), "JOB_LOG": str(folder / "jobs.log")}


def alternate(
    pairs: int, kinds: Mapping[str, Sequence[str]], imports: float = 0
) -> dict[str, list[SweepTimes]]:
    """Runs sweeps of several kinds alternately."""
    times: dict[str, list[SweepTimes]] = {name: [] for name in kinds}
    for _ in range(pairs):
        for name, arguments in kinds.items():
            with tempfile.TemporaryDirectory() as folder:
                times[name].append(sweep(Path(folder), arguments, imports=imports))
    return times


def submitted(pairs: int) -> Iterator[Row]:
    """Submits a thousand jobs to Slurm, and kills the shell."""
    options = (SWEEPER, *SLURM, "x=range(1000)", "hydra.sweeper.workers=4")
    returned: list[float] = []
    with _slurm():
        for _ in range(pairs):
            with tempfile.TemporaryDirectory() as folder:
                overrides = [*options, "hydra.sweeper.wait=false"]
                times = sweep(Path(folder), overrides, kill_shell=True)
            assert len(times.jobs) == 1000, f"{len(times.jobs)} of 1,000 jobs ran"
            returned.append(times.returned)
    what = "1,000 jobs on Slurm: the command returns (wait=false)"
    yield what, "after the last", f"{median(returned):.1f} s", ""


def throughput(pairs: int) -> Iterator[Row]:
    """Short jobs in an app that takes long to import, four at a time on Slurm."""
    jobs = ("x=range(1000)", "seconds=0.1", *SLURM)
    kinds = {
        "stock": (BASIC, *jobs, "hydra.launcher.array_parallelism=4"),
        "ours": (SWEEPER, *jobs, "hydra.sweeper.workers=4"),
    }
    with _slurm():  # with a thousand jobs, few pairs are enough
        runs = alternate(max(pairs // 5, 1), kinds, IMPORTS)
    stock, ours = (median(times.seconds for times in runs[name]) for name in kinds)
    what = "1,000 jobs of 0.1 s, 2 s of imports, 4 at a time on Slurm"
    yield what, f"{stock:.0f} s", f"{ours:.0f} s", f"{stock / ours:.1f}x"


def overhead(pairs: int) -> Iterator[Row]:
    """The time between the end of a job and the start of the next one in the same slot."""
    jobs = "x=range(20)"
    joblib = (BASIC, jobs, "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    submitit = ("hydra/launcher=submitit_slurm", "hydra.launcher.array_parallelism=1")
    kinds = {
        "submitit, an interpreter per job": (BASIC, "x=range(5)", *submitit),
        "joblib, loky": joblib,
        "joblib, multiprocessing": (*joblib, "hydra.launcher.backend=multiprocessing"),
        "": (SWEEPER, jobs, ONE_WORKER),
    }
    with _slurm():
        runs = alternate(pairs, kinds, IMPORTS)
    gaps = {name: median(map(_gap, times)) for name, times in runs.items()}
    ours = gaps.pop("")
    for name, stock in gaps.items():
        what = f"between two jobs, 2 s of imports: {name}"
        yield what, f"{stock * 1000:.0f} ms", f"{ours * 1000:.0f} ms", f"{stock / ours:.1f}x"


def _gap(times: SweepTimes) -> float:
    """The median time between jobs in one slot: all jobs, or those of one joblib process."""
    processes = {job.process for job in times.jobs}
    slots = [times.jobs]
    if len(processes) == 2:
        slots = [[job for job in times.jobs if job.process == process] for process in processes]
    return median(after.start - before.end for slot in slots for before, after in pairwise(slot))


def makespan(pairs: int) -> Iterator[Row]:
    """Jobs of lognormal length, on a Slurm that limits arrays to twenty tasks."""
    for mean, seconds in MEANS.items():
        yield _makespan(pairs, mean, seconds)


def _makespan(pairs: int, mean: str, seconds: float) -> Row:
    jobs = ("x=range(300)", f"seconds={seconds}", "spread=true", *SLURM)
    batches = ("hydra.sweeper.max_batch_size=20", "hydra.launcher.array_parallelism=4")
    kinds = {
        "stock": (BASIC, *jobs, *batches),
        "ours": (SWEEPER, *jobs, "hydra.sweeper.workers=4"),
    }
    with _slurm(max_array_size=20):
        runs = alternate(pairs, kinds)
    spans = {name: median(map(_relative_makespan, times)) for name, times in runs.items()}
    what = f"300 lognormal jobs of {mean} on average, 4 at a time: makespan over the ideal"
    return what, *[f"{spans[name]:.2f}" for name in kinds], f"{spans['stock'] / spans['ours']:.1f}x"


def _relative_makespan(times: SweepTimes) -> float:
    """The makespan, divided by that of a list schedule without overhead."""
    jobs = times.jobs
    free = [0.0] * 4
    for job in jobs:
        heapq.heapreplace(free, free[0] + job.end - job.start)
    return (max(job.end for job in jobs) - jobs[0].start) / max(free)


def gpus(pairs: int) -> Iterator[Row]:
    """Two slots on each of two GPUs."""
    options = ("hydra.sweeper.gpus=[0,1]", "hydra.sweeper.jobs_per_gpu=2")
    jobs = (SWEEPER, "x=range(100)", "seconds=1", *options)
    runs = alternate(pairs, {"ours": jobs})["ours"]
    for times in runs:
        changes = [(job.start, 1, job.gpu) for job in times.jobs]
        changes += [(job.end, -1, job.gpu) for job in times.jobs]
        running = {"0": 0, "1": 0}
        for _, change, gpu in sorted(changes):
            running[gpu] += change
            assert running[gpu] <= 2, f"{running[gpu]} jobs on GPU {gpu}"
    busy = median(map(_busy, runs))
    yield "100 jobs of 1 s on 2 GPUs with 2 slots each: slots busy", "none", f"{busy:.1%}", ""


def _busy(times: SweepTimes) -> float:
    """The fraction of the makespan during which the four slots are busy."""
    makespan = max(job.end for job in times.jobs) - min(job.start for job in times.jobs)
    return sum(job.end - job.start for job in times.jobs) / (4 * makespan)


def metadata(pairs: int) -> Iterator[Row]:
    """System calls of all processes that name a file of the sweep, for each additional job."""
    kinds = {
        "stock": (BASIC, "hydra/launcher=submitit_local"),
        "ours": (SWEEPER, ONE_WORKER),
    }
    calls = {name: (_calls(kind, 30) - _calls(kind, 10)) / 20 for name, kind in kinds.items()}
    stock, ours = calls["stock"], calls["ours"]
    what = "operations on the sweep's directory per job, including Hydra's own 20"
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


def _slurm(max_array_size: int = 1001) -> ExitStack:
    """Runs a Slurm within the block."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.enter_context(slurm(Path(folder), max_array_size))
        return stack.pop_all()


def all_rows(pairs: int) -> Iterator[Row]:
    """All rows of the table."""
    for measure in (submitted, throughput, overhead, makespan, gpus, metadata):
        yield from measure(pairs)


TABLE = Table(
    "Workers",
    ("what", "launcher", "workers", "ratio"),
    {"workers": all_rows},
)
