"""The page of the measurements, docs/performance.md, from the template `page.md`."""

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
PATH = Path(__file__).parents[2] / "docs/performance.md"


def write(found: Mapping[str, Sequence[Row]], pairs: int) -> None:
    """Writes the page.

    Args:
        found: the rows of each table, by its name, the headings first.
        pairs: how many pairs of runs were made.
    """
    page = TEXT.read_text("utf-8").format(
        cpus=os.cpu_count(),
        system=platform.system(),
        python=platform.python_version(),
        hydra=version("hydra-core"),
        omegaconf=version("omegaconf"),
        joblib=version("hydra-joblib-launcher"),
        pairs=f"{pairs} pairs of runs" if pairs > 1 else "one pair of runs",
        runs=short_runs(pairs),
        **{name: _table(rows) for name, rows in found.items()},
    )
    PATH.write_text(page.rstrip() + "\n", "utf-8")


def _table(rows: Sequence[Row]) -> str:
    headings, *others = rows
    under = ["---", *["---:"] * (len(headings) - 1)]
    return "".join(
        [f"| {' | '.join(row)} |\n" for row in (headings, under, *map(_escaped, others))]
    )


def _escaped(row: Row) -> list[str]:
    """Text as Markdown: an expression, `s[10**9 : 10**11][5]`, would be bold and a link there."""
    return [re.sub(r"([*\[])", r"\\\1", cell) for cell in row]
