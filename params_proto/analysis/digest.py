"""What a person wants to see of a sweep that has ended: the best jobs, and how many there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from heapq import nsmallest
from itertools import islice
from typing import NamedTuple

from params_proto.analysis.ranking import Ranking, ranking
from params_proto.analysis.rows import PENDING, Row, Table

MOST = 20  # jobs that are shown


class Digest(NamedTuple):
    """A sweep, in so many lines.

    Args:
        keys: the swept ones.
        metrics: the names of what the tasks returned.
        first: the first jobs that have run.
        best: the best ones, by the metric that is asked for, or by the number that tasks return.
        statuses: how many jobs there are of each.
    """

    keys: list[str]
    metrics: list[str]
    first: list[Row]
    best: list[Row]
    statuses: Counter[str | None]

    def order(self, metric: str | None, direction: str | None) -> Ranking | None:
        """The order of `best`; None where no metric is asked for, and tasks return no number.

        Raises:
            SweepError: no task returned the metric that is asked for.
        """
        return ranking(metric, direction, self.metrics)

    @property
    def ran(self) -> int:
        """How many jobs have run."""
        return self.statuses.total() - self.statuses[PENDING]


def digest(of: Table, order: Ranking) -> Digest:
    """Reads a sweep, which may be a long one, once.

    Args:
        of: the sweep.
        order: by which jobs are best, if they return what it asks for.
    """
    metrics: dict[str, None] = {}
    statuses = Counter[str | None]()

    def ran() -> Iterable[Row]:
        for row in of:
            statuses[row.status] += 1
            metrics.update(dict.fromkeys(row.metrics))
            if row.status != PENDING:
                yield row

    first: list[Row] = []

    def noting(rows: Iterable[Row]) -> Iterable[Row]:
        rest = iter(rows)
        for row in islice(rest, MOST):
            first.append(row)
            yield row
        yield from rest

    best = nsmallest(MOST, noting(ran()), key=order.place)
    return Digest(of.keys, list(metrics), first, best, statuses)
