"""Where the files of a sweep stand in its directory.

sweep.yaml               the sweep
results.csv              a row for each job, once the sweep has ended
multirun.yaml            its config, as Hydra's own sweeper writes it
.sweep/plan.json         how it was started, and with what
.sweep/jobs/0/1/1234.json      the record of job 1234: never more than 1,000 in a folder
.sweep/jobs/0/1/1234.claim-2   while a process makes the second attempt its own
.sweep/configs/          the config files as they were
.sweep/composed.json     the first job's config, to see what has changed since
.sweep/earlier/0.yaml    the sweep that was there before this one
.sweep/failed/           what counts the failures of a run with hydra.sweeper.max_failures
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

SWEEP = "sweep.yaml"
MULTIRUN = "multirun.yaml"
RESULTS = "results.csv"
OWN = ".sweep"
PLAN = "plan.json"
CONFIGS = "configs"
COMPOSED = "composed.json"
EARLIER = "earlier"
FAILED = "failed"
LOCK = "lock"
RUNNING = "running"
JOBS = "jobs"

_IN_A_FOLDER = 1000
_RECORD = re.compile(r"(0|[1-9][0-9]*)\.json", re.ASCII)


def record_path(directory: Path, job: int) -> Path:
    """The file of a job's record.

    Args:
        directory: the sweep's.
        job: its number.

    >>> record_path(Path("out"), 12_345_678).as_posix()
    'out/.sweep/jobs/12/345/12345678.json'
    """
    millions, thousands = divmod(job // _IN_A_FOLDER, _IN_A_FOLDER)
    return Path(f"{directory}/{OWN}/{JOBS}/{millions}/{thousands}/{job}.json")


def claim_path(directory: Path, job: int, attempt: int) -> Path:
    """The file that says who makes an attempt, until the record says so."""
    return record_path(directory, job).with_suffix(f".claim-{attempt}")


def folders(directory: Path) -> Iterator[Path]:
    """Those in which files stand that are no job's.

    Args:
        directory: the sweep's.
    """
    own = directory / OWN
    yield from (directory, own, own / EARLIER)
    yield from own.glob(f"{CONFIGS}*")  # a folder for each process that went on


def record_paths(directory: Path) -> Iterator[tuple[int, Path]]:
    """The records that are there, each with the number of its job, in order.

    Files of other names, and records that stand where theirs does not belong, are left out.
    """
    jobs = directory / OWN / JOBS
    for millions in _folders(jobs):
        for thousands in _folders(millions):
            numbers = [
                int(name.group(1))
                for path in thousands.iterdir()
                if (name := _RECORD.fullmatch(path.name))
            ]
            for number in sorted(numbers):
                path = record_path(directory, number)
                if path.parent == thousands:
                    yield number, path


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    numbered = [path for path in folder.iterdir() if path.name.isascii() and path.name.isdigit()]
    return sorted([path for path in numbered if path.is_dir()], key=lambda path: int(path.name))
