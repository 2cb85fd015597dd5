"""What a sweep costs, measured: `make bench`."""

from __future__ import annotations

import argparse

from tests.benchmarks import algebra, composition, many, multiruns, startup
from tests.benchmarks.table import Row, Table

TABLES = [multiruns.TABLE, composition.TABLE, startup.TABLE, many.TABLE, algebra.TABLE]


def main() -> None:
    names = [name for table in TABLES for name in table.measures]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"one of {', '.join(names)}")
    parser.add_argument("--pairs", type=int, default=5, help="runs of each kind (default: 5)")
    asked = parser.parse_args()
    for table in TABLES:
        rows(table, asked.rows or names, asked.pairs)


def rows(table: Table, names: list[str], pairs: int) -> list[Row]:
    """Measures a table and prints each row when it is there."""
    found: list[Row] = []
    wanted = [measure for name, measure in table.measures.items() if name in names]
    if wanted:
        print(f"\n{table.title}\n", flush=True)
        show(table.columns)
    for measure in wanted:
        for row in measure(pairs):
            show(row)
            found.append(row)
    return found


def show(row: Row) -> None:
    first, *others = row
    print(f"{first:<60}" + "".join([f"{cell:>14}" for cell in others]), flush=True)


if __name__ == "__main__":
    main()
