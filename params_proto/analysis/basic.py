"""The directory of a sweep that Hydra's basic sweeper ran, which keeps no records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import yaml

from params_proto._text import to_json
from params_proto.analysis.rows import Row
from params_proto.errors import SweepError
from params_proto.overrides.identity import values
from params_proto.records.manifest import MULTIRUN

_NUMBER = re.compile(r"^    num: ([0-9]+)$", re.MULTILINE)


def jobs(directory: Path) -> list[Row]:
    """The jobs that began: what they were given and when, as Hydra's `overrides.yaml` has it.

    Args:
        directory: the sweep's.

    Raises:
        SweepError: the sweep was run so that there are no such files.
    """
    folder = _folder(directory)
    if folder is None:
        raise SweepError(
            f"{directory} was run by Hydra's basic sweeper with hydra.output_subdir=null, so that"
            " its jobs have not left what they were given. Run it without that,"
            " hydra.output_subdir=.hydra, or by hydra/sweeper=params_proto, which keeps records."
        )
    found = [_row(path.parent, directory) for path in directory.rglob(f"{folder}/overrides.yaml")]
    return sorted(found, key=lambda row: row.job)


def swept(jobs: list[Row], directory: Path) -> tuple[list[str], frozenset[str]]:
    """The keys with different values in different jobs, and which of them are groups.

    Args:
        jobs: those that began.
        directory: the sweep's.
    """
    values: dict[str, set[str]] = {}
    for row in jobs:
        for key, value in row.config.items():
            values.setdefault(key, set()).add(repr(value))
    held = {key: sum(key in row.config for row in jobs) for key in values}
    swept = [
        key
        for key, found in values.items()
        if len(jobs) == 1 or len(found) > 1 or held[key] < len(jobs)
    ]
    own = _folder(directory) or ""
    groups = {group for row in jobs[:1] if row.dir for group in _choices(directory / row.dir / own)}
    return swept, frozenset(key for key in swept if "/" in key or key in groups)


def _choices(own: Path) -> Iterable[str]:
    """The groups that a job has an option of, by its folder of Hydra's files."""
    file = own / "hydra.yaml"
    try:
        return [*_of_hydra(file)["runtime"]["choices"]] if file.is_file() else ()
    except (KeyError, TypeError):  # of another version of Hydra
        return ()


def _folder(directory: Path) -> str | None:
    """The name of the folder that each job has of Hydra's files; None where they have none."""
    return _of_hydra(directory / MULTIRUN).get("output_subdir", ".hydra")


def _of_hydra(file: Path) -> Mapping[str, Any]:
    """The config of Hydra itself in a file; nothing where the file has none."""
    read: Any = yaml.safe_load(file.read_bytes())
    found = cast("dict[str, Any]", read).get("hydra") if isinstance(read, dict) else None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _row(own: Path, sweep: Path) -> Row:
    file = own / "overrides.yaml"
    lines: list[str] = yaml.safe_load(file.read_bytes()) or []
    hydra = own / "hydra.yaml"
    number = _NUMBER.search(hydra.read_text("utf-8")) if hydra.is_file() else None
    began = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    return Row(
        job=int(number[1]) if number else 0,
        config={key: to_json(value) for key, value in values(lines)},
        metrics={},
        status=None,
        attempt=None,
        duration=None,
        started=began.isoformat(timespec="milliseconds"),
        dir=str(own.parent.relative_to(sweep)),
        error=None,
    )
