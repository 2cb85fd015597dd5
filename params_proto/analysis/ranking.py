"""Ranks jobs by a metric, individually or by the mean of their repeats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from typing import Any, NamedTuple

from params_proto._text import json_key
from params_proto.analysis.rows import PENDING, Row, Table
from params_proto.errors import SweepError, did_you_mean
from params_proto.records.manifest import DIRECTIONS

MINIMIZE, MAXIMIZE = DIRECTIONS
RETURN_VALUE = "value"  # the metric of a task that returns a number
MAX_LISTED = 20  # jobs or values in a list that ends with "and N more"
# Metrics that are usually maximized: the last word of a name, as in val/acc or test_f1.
_MAXIMIZED = {
    *("acc", "accuracy", "auc", "bleu", "f1", "iou", "map", "precision", "r2", "recall"),
    *("return", "reward", "score"),
}
_SEED = "seed"


class Ranking(NamedTuple):
    """An order of jobs.

    Args:
        metric: the metric that ranks them.
        maximize: whether larger is better.
        is_default: whether the direction is the usual one, not given by the user.
    """

    metric: str
    maximize: bool = False
    is_default: bool = False

    @classmethod
    def by(cls, metric: str, direction: str | None) -> Ranking:
        """The ranking by a metric.

        Without a direction, it is the usual one of the metric, or else `minimize`.

        >>> [one for one in ("val/acc", "test.F1", "roc_auc", "loss", "acc_loss")
        ...  if Ranking.by(one, None).maximize]
        ['val/acc', 'test.F1', 'roc_auc']
        """
        last_word = re.split(r"[\W_]", metric)[-1].lower()
        maximize = last_word in _MAXIMIZED if direction is None else direction == MAXIMIZE
        return cls(metric, maximize, direction is None)

    @property
    def extreme(self) -> str:
        """Whether the best number is the `lowest` or `highest`."""
        return "highest" if self.maximize else "lowest"

    def describe(self, rest: str, option: str) -> str:
        """Describes the best, and how to reverse the direction if it is a default.

        Args:
            rest: the text after the metric.
            option: the beginning of the option that sets the direction.

        >>> Ranking.by("auc", "minimize").describe("= 0.5, job 3", "--direction ")
        'lowest auc = 0.5, job 3'
        >>> Ranking.by("loss", None).describe("= 0.5, job 3", "--direction ")
        'lowest loss = 0.5, job 3; --direction maximize for the highest'
        """
        described = f"{self.extreme} {self.metric} {rest}"
        if not self.is_default:
            return described
        other, extreme = (MINIMIZE, "lowest") if self.maximize else (MAXIMIZE, "highest")
        return f"{described}; {option}{other} for the {extreme}"

    def place(self, row: Row) -> tuple[bool, float]:
        """A sort key for rows, best first; those without a number come last."""
        score = self.score(row.metrics)
        return score is None, score or 0.0

    def score(self, metrics: Mapping[str, Any]) -> float | None:
        """The metric as a number to minimize; None if it is missing or NaN.

        >>> Ranking("acc", maximize=True).score({"acc": 0.5}), Ranking("acc").score({"acc": "no"})
        (-0.5, None)
        """
        value: Any = metrics.get(self.metric)
        if not is_number(value) or value != value:
            return None
        return -value if self.maximize else value


def is_number(value: Any) -> bool:
    """Whether jobs can be ranked by a value; booleans are excluded."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def ranking_of(
    tables: Sequence[Table], metric: str | None, direction: str | None, metrics: Sequence[str]
) -> Ranking | None:
    """The requested ranking, or that of the sweeps; None if there is no single number to rank by.

    Args:
        tables: the sweeps, which get one ranking.
        metric: the metric; None for that of the first sweep, or for a number that tasks return.
        direction: `minimize` or `maximize`; None for that of the first sweep with this metric, or
            for the usual one.
        metrics: the names of all returned values.
    """
    only = RETURN_VALUE if list(metrics) == [RETURN_VALUE] else None
    metric = metric or next((table.metric for table in tables), None) or only
    if metric is None:
        return None
    if metrics and metric not in metrics:
        hint = did_you_mean(metric, metrics)
        raise SweepError(f"metric={metric}: the jobs returned no {metric}.{hint}")
    own = [table.direction for table in tables if (table.metric or RETURN_VALUE) == metric]
    return Ranking.by(metric, direction or next(filter(None, own), None))


def repeat_keys(names: Iterable[str], keys: Sequence[str]) -> list[str]:
    """The swept keys that only distinguish repeats.

    `seed` also matches `model.seed`, unless there is a key `seed`. Unlike others, `seed` may be
    missing.

    >>> repeat_keys(["seed"], ["lr", "model.seed"]), repeat_keys(["seed"], ["seed", "model.seed"])
    (['model.seed'], ['seed'])
    """
    found: list[str] = []
    for name in names:
        same = [key for key in keys if name in (key, key.rpartition(".")[2])]
        if not same and name != _SEED:
            raise SweepError(f"over={name}: no such key is swept.{did_you_mean(name, keys)}")
        found += [name] if name in same else same
    return found


def configurations(rows: Iterable[Row], over: Sequence[str]) -> list[int]:
    """A number for each job, the same for its repeats, which differ only in the keys `over`."""
    seen: dict[str, int] = {}
    configs = [{key: value for key, value in row.config.items() if key not in over} for row in rows]
    return [seen.setdefault(text, len(seen)) for text in map(json_key, configs)]


class Summary(NamedTuple):
    """Figures of a sweep that has ended.

    Args:
        keys: the swept keys.
        metrics: the names of the returned values.
        first: the first jobs that have run.
        best: the best jobs.
        statuses: how many jobs have each status.
    """

    keys: list[str]
    metrics: list[str]
    first: list[Row]
    best: list[Row]
    statuses: Counter[str | None]

    @property
    def ran(self) -> int:
        """How many jobs have run."""
        return self.statuses.total() - self.statuses[PENDING]


def summary(jobs: Table, order: Ranking) -> Summary:
    """Reads a sweep, however long, in one pass."""
    metrics: dict[str, None] = {}
    statuses = Counter[str | None]()
    first: list[Row] = []

    def ran() -> Iterator[Row]:
        for row in jobs:
            statuses[row.status] += 1
            if row.status != PENDING:
                metrics.update(dict.fromkeys(row.metrics))
                first.extend([row] if len(first) < MAX_LISTED else [])
                yield row

    best = nsmallest(MAX_LISTED, ran(), key=order.place)
    return Summary(jobs.keys, list(metrics), first, best, statuses)
