"""The page of the measurements, docs/performance.md, from the templates `page.md`, `workers.md`."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.startup import short_runs
from tests.benchmarks.table import Row

TEXT = Path(__file__).parent / "page.md"
WORKERS = Path(__file__).parent / "workers.md"
PATH = Path(__file__).parents[2] / "docs/performance.md"
_HEADING = "## Workers"


def write(found: Mapping[str, Sequence[Row]], pairs: int) -> None:
    """Writes the whole page except its section on workers, which stays.

    Args:
        found: the rows of each table, by its name, the headings first.
        pairs: how many pairs of runs were made.
    """
    text = _filled(
        TEXT,
        pairs,
        joblib=version("hydra-joblib-launcher"),
        runs=str(short_runs(pairs)),
        **{name: _table(rows) for name, rows in found.items()},
    )
    _, heading, section = PATH.read_text("utf-8").partition(_HEADING)
    PATH.write_text(f"{text}\n{heading}{section}", "utf-8")


def write_workers(rows: Sequence[Row], pairs: int) -> None:
    """Writes the page's section on workers, its last.

    Args:
        rows: of the table, the headings first.
        pairs: how many pairs of runs were made.
    """
    text, _, _ = PATH.read_text("utf-8").partition(_HEADING)
    section = _filled(
        WORKERS, pairs, submitit=version("hydra-submitit-launcher"), workers=_table(rows)
    )
    PATH.write_text(f"{text.rstrip()}\n\n{section}", "utf-8")


def _filled(template: Path, pairs: int, **texts: str) -> str:
    text = template.read_text("utf-8").format(
        cpus=os.cpu_count(),
        system=platform.system(),
        python=platform.python_version(),
        hydra=version("hydra-core"),
        omegaconf=version("omegaconf"),
        pairs=f"{pairs} pairs of runs" if pairs > 1 else "one pair of runs",
        **texts,
    )
    return text.rstrip() + "\n"


def _table(rows: Sequence[Row]) -> str:
    headings, *others = rows
    under = ["---", *["---:"] * (len(headings) - 1)]
    return "".join(
        [f"| {' | '.join(row)} |\n" for row in (headings, under, *map(_escaped, others))]
    )


def _escaped(row: Row) -> list[str]:
    """Text as Markdown, where `s[10**9 : 10**11][5]` would become bold text and a link."""
    return [re.sub(r"([*\[])", r"\\\1", cell) for cell in row]
