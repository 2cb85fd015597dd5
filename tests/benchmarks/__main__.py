"""Measures the cost of a sweep: `make bench`, which writes docs/performance.md."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tests.benchmarks import (
    algebra,
    composition,
    many,
    multiruns,
    page,
    records,
    scale,
    startup,
    workers,
)
from tests.benchmarks.table import Row, Table

TABLES = {
    "multiruns": multiruns.TABLE,
    "composition": composition.TABLE,
    "startup": startup.TABLE,
    "many": many.TABLE,
    "records": records.TABLE,
    "algebra": algebra.TABLE,
}
# Only by their names: the first takes an hour, and is on no page; the second needs a Slurm.
BY_NAME = {"scale": scale.TABLE, "workers": workers.TABLE}


def main() -> None:
    names = [name for table in TABLES.values() for name in table.measures]
    others = [name for table in BY_NAME.values() for name in table.measures]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    which = f"one of {', '.join(names)}; only by their names: {', '.join(others)}"
    parser.add_argument("rows", nargs="*", metavar="ROW", help=which)
    parser.add_argument("--pairs", type=int, default=5, help="runs of each kind (default: 5)")
    arguments = parser.parse_args()
    if unknown := set(arguments.rows) - {*names, *others}:
        parser.error(f"no row {', '.join(unknown)}")
    rows = arguments.rows or names
    tables = {**TABLES, **BY_NAME} if arguments.rows else TABLES
    found = {name: measured(table, rows, arguments.pairs) for name, table in tables.items()}
    if not arguments.rows:
        page.write(found, arguments.pairs)
    if "workers" in rows:
        page.write_workers(found["workers"], arguments.pairs)


def measured(table: Table, names: Sequence[str], pairs: int) -> list[Row]:
    """Measures some rows of a table, and prints each when it is ready, after the headings."""
    found = [table.columns]
    measures = [measure for name, measure in table.measures.items() if name in names]
    if measures:
        print(f"\n{table.title}\n")
        show(table.columns)
    for measure in measures:
        for row in measure(pairs):
            show(row)
            found.append(row)
    return found


def show(row: Row) -> None:
    first, *others = row
    print(f"{first:<60}" + "".join([f"{cell:>14}" for cell in others]), flush=True)


if __name__ == "__main__":
    main()
