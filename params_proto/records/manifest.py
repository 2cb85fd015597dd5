"""What is in the directory of a sweep, where, and with which permissions.

sweep.yaml               the sweep
results.csv              a row for each job, once the sweep has ended
multirun.yaml            its config, as Hydra's own sweeper writes it
.sweep/plan.json         how it was started, and with what: `PlanFile`
.sweep/jobs/0/1/1234.json      the record of job 1234: never more than 1,000 in a folder
.sweep/jobs/0/1/1234.claim-2   held by the process that is about to make the second attempt
.sweep/running/          one file for each process that runs the sweep
.sweep/workers/          what workers share, and a log of each: `params_proto.workers.workers_dir`
.sweep/configs/          the config files as of the start of the sweep
.sweep/composed.json     the first job's config, to detect changes
.sweep/failed/           counts the failures of a run with hydra.sweeper.max_failures

Files and folders in `.sweep` get the mode of their folder, and so that of `.sweep` itself, which
`hydra.sweep.mode` sets: workers, and processes that resume the sweep, need not know it. The setgid
bit, which new folders inherit from the system, is kept.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from typing import Any, NamedTuple, cast

from params_proto import _files
from params_proto._text import parse_json
from params_proto.errors import SweepError
from params_proto.records.process import Process, this_process

SWEEP = "sweep.yaml"
MULTIRUN = "multirun.yaml"
RESULTS = "results.csv"
STATE_DIR = ".sweep"
PLAN = "plan.json"
CONFIGS = "configs"
COMPOSED = "composed.json"
FAILED_DIR = "failed"
RUNNING_DIR = "running"
WORKERS_DIR = "workers"
JOBS = "jobs"

DIRECTIONS = ("minimize", "maximize")

_IN_A_FOLDER = 1000
_NUMBER = re.compile(r"0|[1-9][0-9]*", re.ASCII)


class PlanFile(NamedTuple):
    """`.sweep/plan.json`: what a sweep was started with, for a process that resumes it.

    {"format": 1, "script": ["train.py", "-m"], "function": "train.py:main",
    "config_name": "config", "task": ["+sweep=ablation"], "hydra": ["hydra.mode=MULTIRUN"],
    "sweep_selectors": ["+sweep=ablation"], "keys": ["lr"], "groups": [],
    "derived": [], "jobs": 40, "sweep": "1f0c...", "earlier": 0,
    "created": "2026-11-24T10:00:00.000+01:00", "metric": "accuracy", "direction": "maximize"}

    Args:
        script: the command that was run, without overrides; empty if Python code started the sweep.
        function: the function that the jobs run, `file.py:name`.
        config_name: the name of the primary config.
        task: the overrides of the command line, without those of Hydra.
        hydra: the overrides of Hydra.
        sweep_selectors: the overrides in `task` that only choose which sweep to run.
        keys: the swept keys.
        groups: the swept keys that choose an option of a config group.
        derived: the swept keys that are computed from others.
        jobs: how many there are; None if counting them means filtering every config.
        sweep: the SHA-256 of `sweep.yaml`.
        earlier: how many other sweeps used the directory before.
        created: when it was created, ISO 8601 with time zone.
        metric: the returned value that ranks jobs; None for a number that they return.
        direction: `minimize` or `maximize`; None for the metric's usual one.
        format: the version of this format and of the records.
    """

    FORMAT = 1

    script: list[str]
    function: str
    config_name: str | None
    task: list[str]
    hydra: list[str]
    sweep_selectors: list[str]
    keys: list[str]
    groups: list[str]
    derived: list[str]
    jobs: int | None
    sweep: str
    earlier: int
    created: str
    metric: str | None = None
    direction: str | None = None
    format: int = FORMAT

    def write(self, directory: Path) -> None:
        """Writes the plan into a sweep's directory."""
        path = directory / STATE_DIR / PLAN
        with suppress(OSError):  # writing the file reports it
            make_folder(path.parent)
        _files.write(path, [json.dumps(self._asdict(), indent=1) + "\n"], as_folder=True)


_TEXT, _TEXTS, _MAYBE = (str,), (list,), (str, type(None))
_PLAN_TYPES: dict[str, tuple[type, ...]] = {
    **{"script": _TEXTS, "function": _TEXT, "config_name": _MAYBE, "task": _TEXTS},
    **{"hydra": _TEXTS, "sweep_selectors": _TEXTS, "keys": _TEXTS, "groups": _TEXTS},
    **{"derived": _TEXTS, "jobs": (int, type(None)), "sweep": _TEXT, "earlier": (int,)},
    **{"created": _TEXT, "metric": _MAYBE, "direction": _MAYBE},
}


def has_plan(directory: Path) -> bool:
    """Whether a directory contains a sweep."""
    return (directory / STATE_DIR / PLAN).is_file() and (directory / SWEEP).is_file()


def read_plan(directory: Path) -> PlanFile:
    """Reads the plan in a sweep's directory."""
    path = directory / STATE_DIR / PLAN
    try:
        values = read_object(path.read_bytes())
        check_types(values, {"format": (int,)})
        if values["format"] != PlanFile.FORMAT:
            raise SweepError(
                f"{path} has format {values['format']}, and this version of params_proto reads"
                f" format {PlanFile.FORMAT}: resume with the version that started the sweep."
            )
        check_types(values, _PLAN_TYPES)
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {_files.reason(error)}.") from error
    except UnreadableError as error:
        raise SweepError(f"{path} is not the plan of a sweep: {error}.") from error
    fields: dict[str, Any] = {name: values.get(name) for name in PlanFile._fields}
    return PlanFile(**fields)


# --- JSON objects


class UnreadableError(ValueError):
    """A file that is neither a record nor a plan."""


def read_object(text: str | bytes) -> dict[str, Any]:
    """Parses a file that contains a JSON object."""
    try:
        found = parse_json(text)
    except ValueError as error:
        raise UnreadableError(f"it is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise UnreadableError("it is not a JSON object")
    return cast("dict[str, Any]", found)


def check_types(values: Mapping[str, Any], types: Mapping[str, tuple[type, ...]]) -> None:
    """Raises if a value has another type; a missing one counts as None.

    The elements of a list are texts.
    """
    for name, allowed in types.items():
        value: Any = values.get(name)
        if type(value) not in allowed or (list in allowed and {*map(type, value)} - {str}):
            raise UnreadableError(f"{name} is {value!r:.60}")


# --- where records are


def record_path(directory: Path, job: int) -> Path:
    """The file of a job's record in a sweep's directory.

    >>> record_path(Path("out"), 12_345_678).as_posix()
    'out/.sweep/jobs/12/345/12345678.json'
    """
    millions, thousands = divmod(job // _IN_A_FOLDER, _IN_A_FOLDER)
    return Path(f"{directory}/{STATE_DIR}/{JOBS}/{millions}/{thousands}/{job}.json")


def worker_log(directory: Path, worker: Process) -> Path:
    """The log of a worker, which exists from its start on."""
    return directory / STATE_DIR / WORKERS_DIR / f"{worker.host}-{worker.pid}.log"


def record_paths(directory: Path) -> Iterator[tuple[int, Path]]:
    """The records in a sweep's directory with their job numbers, in order.

    Files with other names are ignored.
    """
    jobs = directory / STATE_DIR / JOBS
    for millions in _numbers(jobs):
        for thousands in _numbers(jobs / str(millions)):
            folder = jobs / str(millions) / str(thousands)
            for job in _numbers(folder, ".json"):
                yield job, folder / f"{job}.json"


def _numbers(folder: Path, suffix: str = "") -> list[int]:
    """The numbers among the names in a folder, in order."""
    names = os.listdir(folder) if folder.is_dir() else []
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return sorted(map(int, filter(_NUMBER.fullmatch, stems)))


# --- making files


def make_folder(folder: Path) -> None:
    """Makes `.sweep` or a folder in it, with its parents."""
    if folder.is_dir():
        return
    if folder.name == STATE_DIR:
        folder.mkdir(parents=True, exist_ok=True)
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    with suppress(OSError):  # a file system without modes
        above = folder.parent.stat().st_mode & 0o777
        folder.chmod(S_IMODE(folder.stat().st_mode) & ~0o777 | above)


def create_file(path: Path, mode: str, text: str = "") -> None:
    """Writes a text file in `.sweep` and makes its folder; `mode` is `open`'s, such as x."""
    make_folder(path.parent)
    with path.open(mode, encoding="utf-8") as file:
        with suppress(OSError):  # a file system without modes, or another user's file
            os.fchmod(file.fileno(), path.parent.stat().st_mode & 0o666)
        file.write(text)


def write_file(path: Path, text: str) -> None:
    """Replaces a file in `.sweep` atomically."""
    me = this_process()
    draft = path.with_name(f".{path.name}.{me.host}-{me.pid}.tmp")
    try:
        create_file(draft, "w", text)
        os.replace(draft, path)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
