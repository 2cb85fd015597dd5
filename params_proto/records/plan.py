"""`.sweep/plan.json`: what a sweep was started with, for whoever goes on with it.

{"format": 1, "script": ["train.py", "-m"], "function": "train.py:main", "config_name": "config",
"task": ["+sweep=ablation"], "hydra": ["hydra.mode=MULTIRUN"],
"selecting": ["+sweep=ablation"], "order": ["lr", "sweep"], "keys": ["lr"], "groups": [],
"choices": [], "jobs": 40, "sweep": "1f0c...", "earlier": 0,
"created": "2026-11-24T10:00:00.000+01:00", "metric": "accuracy", "direction": "maximize"}
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, cast

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.records.json_text import read_json
from params_proto.records.layout import OWN, PLAN, SWEEP
from params_proto.records.mode import make

FORMAT = 1


class PlanFile(NamedTuple):
    """What it holds.

    Args:
        script: what was run, up to the overrides, as `python` gets it; nothing where a script
            launched the sweep itself.
        function: what the jobs run, `file.py:name`.
        config_name: of the primary config.
        task: the overrides of the command line, but for those of Hydra.
        hydra: those of Hydra.
        selecting: those of `task` that only say which sweep is to run.
        order: of the keys in a job's overrides.
        keys: those that are swept.
        groups: those of them that choose an option of a config group.
        choices: those of `hydra` that choose a launcher or sweeper of which a config sets options.
        jobs: how many there are; None where that would take a pass over what is filtered.
        sweep: the SHA-256 of `sweep.yaml`.
        earlier: how many other sweeps have had the directory before.
        created: when, ISO 8601 with the zone.
        metric: what tasks return by which one is the best; None for a number that they return.
        direction: `minimize` or `maximize`; None for what is usual for the metric.
        format: the version of this form, and of the records'.
    """

    script: list[str]
    function: str
    config_name: str | None
    task: list[str]
    hydra: list[str]
    selecting: list[str]
    order: list[str]
    keys: list[str]
    groups: list[str]
    choices: list[str]
    jobs: int | None
    sweep: str
    earlier: int
    created: str
    metric: str | None = None
    direction: str | None = None
    format: int = FORMAT

    def write(self, directory: Path) -> None:
        """Writes it into a sweep's directory.

        Raises:
            SweepError: it cannot be written.
        """
        path = _path(directory)
        try:
            make(path.parent)
        except OSError as error:
            raise SweepError(
                f"{path.parent} cannot be made: {error.strerror or error}. What becomes of the jobs"
                " is kept there: remove what is in the way, or give the sweep another"
                " hydra.sweep.dir."
            ) from error
        _files.write(path, [json.dumps(self._asdict(), indent=1) + "\n"], as_folder=True)


def has_plan(directory: Path) -> bool:
    """Whether a sweep has begun in a directory."""
    return _path(directory).is_file() and (directory / SWEEP).is_file()


def read_plan(directory: Path) -> PlanFile:
    """Reads it from a sweep's directory.

    Raises:
        SweepError: it is not there, or not what was written.
    """
    path = _path(directory)
    try:
        found: Any = read_json(path.read_bytes())
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise SweepError(f"{path} is no plan of a sweep: it is no JSON ({error}).") from error
    names = set(PlanFile._fields)
    values = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    if missing := names - values.keys():
        raise SweepError(f"{path} is no plan of a sweep: {', '.join(sorted(missing))} missing.")
    if values["format"] != FORMAT:
        raise SweepError(
            f"{path} is of format {values['format']!r:.20}, and this version of params_proto reads"
            f" format {FORMAT}: go on with the version that began the sweep."
        )
    lists = ("script", "task", "hydra", "selecting", "order", "keys", "groups", "choices")
    for name in lists:
        if not _are_texts(values[name]):
            raise SweepError(f"{path} is no plan of a sweep: {name} is no list of texts.")
    for name in ("metric", "direction"):
        if not isinstance(values[name], (str, type(None))):
            raise SweepError(f"{path} is no plan of a sweep: {name} is no text.")
    if not isinstance(values["function"], str):
        raise SweepError(f"{path} is no plan of a sweep: function is no text.")
    if not isinstance(values["earlier"], int):
        raise SweepError(f"{path} is no plan of a sweep: earlier is no number.")
    return PlanFile(**{name: values[name] for name in names})


def _path(directory: Path) -> Path:
    return directory / OWN / PLAN


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(text, str) for text in cast("list[Any]", value)
    )
