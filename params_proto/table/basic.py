"""The directory of a sweep that Hydra's basic sweeper ran, which keeps no records."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from params_proto.overrides.identity import values
from params_proto.records.returned import plain
from params_proto.table.rows import Row

_NUMBER = re.compile(r"^    num: ([0-9]+)$", re.MULTILINE)


def jobs(directory: Path) -> list[Row]:
    """The jobs that began: what they were given and when, as `.hydra/overrides.yaml` has it.

    Args:
        directory: the sweep's.
    """
    found = [
        _row(path.parent.parent, directory) for path in directory.rglob(".hydra/overrides.yaml")
    ]
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
    groups = {group for row in jobs[:1] if row.dir for group in _choices(directory / row.dir)}
    return swept, frozenset(key for key in swept if "/" in key or key in groups)


def _choices(job: Path) -> Iterable[str]:
    """The groups that a job has an option of."""
    file = job / ".hydra" / "hydra.yaml"
    hydra: Any = yaml.safe_load(file.read_bytes()) if file.is_file() else None
    try:
        return [*hydra["hydra"]["runtime"]["choices"]]
    except (KeyError, TypeError):  # of another version of Hydra
        return ()


def _row(directory: Path, sweep: Path) -> Row:
    own = directory / ".hydra"
    file = own / "overrides.yaml"
    lines: list[str] = yaml.safe_load(file.read_bytes()) or []
    hydra = own / "hydra.yaml"
    number = _NUMBER.search(hydra.read_text("utf-8")) if hydra.is_file() else None
    began = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    return Row(
        job=int(number[1]) if number else 0,
        config={key: plain(value) for key, value in values(lines)},
        metrics={},
        status=None,
        attempt=None,
        duration=None,
        started=began.isoformat(timespec="milliseconds"),
        dir=str(directory.relative_to(sweep)),
        error=None,
    )
