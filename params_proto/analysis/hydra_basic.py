"""The directory of a sweep that Hydra's basic sweeper ran, which keeps no records."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from params_proto._text import to_json
from params_proto.analysis.rows import Row, Table, differing_keys
from params_proto.overrides.identity import values
from params_proto.records.manifest import MULTIRUN

_NUMBER = re.compile(r"^    num: ([0-9]+)$", re.MULTILINE)


def basic_table(directory: Path) -> Table:
    """The jobs of Hydra's basic sweeper that began, from their `overrides.yaml`.

    Its keys are those that differ between jobs. With hydra.output_subdir=null there are no such
    files.
    """
    subdir = _config_of_hydra(directory / MULTIRUN)["output_subdir"]
    rows: list[Row] = []
    for file in directory.rglob(f"{subdir}/overrides.yaml"):
        overrides: list[str] = yaml.safe_load(file.read_bytes())
        # Read as text: PyYAML takes ten milliseconds for each of these files.
        (number,) = _NUMBER.findall(file.with_name("hydra.yaml").read_text("utf-8"))
        started = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
        rows.append(
            Row(
                int(number),
                {key: to_json(value) for key, value in values(overrides)},
                started=started.isoformat(timespec="milliseconds"),
                dir=str(file.parents[1].relative_to(directory)),
            )
        )
    rows.sort(key=lambda row: row.job)
    configs = [row.config for row in rows]
    keys = differing_keys(configs if len(rows) > 1 else [*configs, {}])
    hydra = _config_of_hydra(next(directory.rglob(f"{subdir}/hydra.yaml"), directory / MULTIRUN))
    groups = frozenset(key for key in keys if key in hydra["runtime"]["choices"])
    return Table(directory, keys, groups, lambda: rows)


def _config_of_hydra(file: Path) -> dict[str, Any]:
    config: Any = yaml.safe_load(file.read_bytes())
    return config["hydra"]
