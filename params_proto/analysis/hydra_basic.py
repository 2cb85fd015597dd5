"""The directory of a sweep that Hydra's basic sweeper ran, which keeps no records."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from params_proto.analysis.rows import Row, differing_keys
from params_proto.errors import SweepError
from params_proto.overrides.identity import values
from params_proto.records.layout import MULTIRUN
from params_proto.records.returned import plain

_NUMBER = re.compile(r"^    num: ([0-9]+)$", re.MULTILINE)


def jobs(directory: Path) -> list[Row]:
    """The jobs that began: what they were given and when, by Hydra's `overrides.yaml`.

    Args:
        directory: the sweep's.

    Raises:
        SweepError: the sweep ran without such files.
    """
    subdir = _subdir(directory)
    if subdir is None:
        raise SweepError(
            f"{directory} was run by Hydra's basic sweeper with hydra.output_subdir=null, so the"
            " overrides of its jobs were not saved. Run it without that option"
            " (hydra.output_subdir=.hydra), or with hydra/sweeper=params_proto, which keeps"
            " records."
        )
    found: list[Row] = []
    for file in directory.rglob(f"{subdir}/overrides.yaml"):
        overrides: list[str] = yaml.safe_load(file.read_bytes()) or []
        config = {key: plain(value) for key, value in values(overrides)}
        # Read as text: PyYAML takes ten milliseconds for each of these files.
        hydra = file.with_name("hydra.yaml")
        number = _NUMBER.search(hydra.read_text("utf-8")) if hydra.is_file() else None
        started = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        found.append(
            Row(
                int(number[1]) if number else 0,
                config,
                started=started.isoformat(timespec="milliseconds"),
                dir=str(file.parents[1].relative_to(directory)),
            )
        )
    return sorted(found, key=lambda row: row.job)


def swept(jobs: Sequence[Row], directory: Path) -> tuple[list[str], frozenset[str]]:
    """The keys with different values in different jobs, and which of them are groups.

    Args:
        jobs: those that began.
        directory: the sweep's.
    """
    if not jobs:
        return [], frozenset()
    configs = [row.config for row in jobs]
    keys = differing_keys(configs) if len(jobs) > 1 else list(configs[0])
    file = directory / str(jobs[0].dir) / str(_subdir(directory)) / "hydra.yaml"
    choices = _config_of_hydra(file).get("runtime", {}).get("choices", {})
    return keys, frozenset(key for key in keys if "/" in key or key in choices)


def _subdir(directory: Path) -> str | None:
    """The name of the folder in which each job has Hydra's files; None where they have none."""
    return _config_of_hydra(directory / MULTIRUN).get("output_subdir", ".hydra")


def _config_of_hydra(file: Path) -> dict[str, Any]:
    config: Any = (file.is_file() and yaml.safe_load(file.read_bytes())) or {}
    return config.get("hydra") or {}
