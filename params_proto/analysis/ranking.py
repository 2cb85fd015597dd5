"""Which jobs are best, by a metric."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from params_proto.analysis.metrics import as_float, is_number
from params_proto.errors import SweepError, did_you_mean

if TYPE_CHECKING:
    from params_proto.analysis.rows import Row, Table

MINIMIZE, MAXIMIZE = DIRECTIONS = ("minimize", "maximize")
ALONE = "value"  # the name of what a task returns that returns a number
# Metrics of which more is better by convention: the last word of a name, as in val/acc or test_f1.
_MAXIMIZED = {
    *("acc", "accuracy", "auc", "bleu", "f1", "iou", "map", "precision", "r2", "recall"),
    *("return", "reward", "score"),
}


class Ranking(NamedTuple):
    """An order of jobs.

    Args:
        metric: by which.
        maximize: whether more is better.
        is_default: whether nobody has chosen the direction.
    """

    metric: str
    maximize: bool = False
    is_default: bool = False

    @classmethod
    def by(cls, metric: str, direction: str | None) -> Ranking:
        """The order by a metric.

        Args:
            metric: its name.
            direction: `minimize` or `maximize`; None for what is conventional for the metric, which
                is `minimize` for one without a convention.

        >>> [one for one in ("val/acc", "test.F1", "roc_auc", "loss", "acc_loss")
        ...  if Ranking.by(one, None).maximize]
        ['val/acc', 'test.F1', 'roc_auc']
        """
        last_word = re.split(r"[\W_]", metric)[-1].lower()
        maximize = last_word in _MAXIMIZED if direction is None else direction == MAXIMIZE
        return cls(metric, maximize, direction is None)

    @property
    def extreme(self) -> str:
        """What the best is in numbers: `lowest` or `highest`."""
        return "highest" if self.maximize else "lowest"

    def describe(self, rest: str, option: str) -> str:
        """What comes first, and how to turn the order round where nobody has chosen it.

        Args:
            rest: what is said of it.
            option: the beginning of the option that chooses the direction.

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

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows, best first; those that have no number come last, in their own order.

        >>> from params_proto.analysis.rows import Row
        >>> losses = [2, "diverged", 1]
        >>> rows = [Row(job, {}, {"loss": one}, *[None] * 6) for job, one in enumerate(losses)]
        >>> [row.job for row in Ranking("loss").of(rows)]
        [2, 0, 1]
        """
        return sorted(rows, key=self.place)

    def place(self, row: Row) -> tuple[bool, float]:
        """By which rows are put in this order."""
        score = self.score(row.metrics)
        return (True, 0.0) if score is None else (False, score)

    def score(self, metrics: Mapping[str, Any]) -> float | None:
        """A number that is less for what is better; None where there is none to tell it by.

        Args:
            metrics: what a task returned, by name.
        """
        number = _number(metrics.get(self.metric))
        return -number if number is not None and self.maximize else number


def ranking(metric: str | None, direction: str | None, metrics: Sequence[str]) -> Ranking | None:
    """The order that is asked for.

    Args:
        metric: its name; None for a task's that returns a number.
        direction: `minimize` or `maximize`; None for what is conventional for the metric.
        metrics: the names of what the tasks returned.

    Returns:
        None where no metric is asked for, and the tasks returned no number or more than one.

    Raises:
        SweepError: no such metric, or no direction.
    """
    if direction not in (None, *DIRECTIONS):
        raise SweepError(f"direction={direction}: it is {' or '.join(DIRECTIONS)}.")
    if metric is None:
        if list(metrics) != [ALONE]:
            return None
        metric = ALONE
    else:
        metric = named(metric, metrics)
        if metrics and metric not in metrics:
            raise SweepError(
                f"metric={metric}: the jobs returned no {metric}.{did_you_mean(metric, metrics)}"
            )
    return Ranking.by(metric, direction)


def named(metric: str, metrics: Sequence[str]) -> str:
    """The metric that is meant by a name, which may be that of its column.

    Args:
        metric: the name that was given.
        metrics: the names of what the tasks returned.

    >>> named("metric.lr", ["lr"]), named("metric.lr", ["metric.lr", "lr"]), named("loss", [])
    ('lr', 'metric.lr', 'loss')
    """
    return metric if metric in metrics or not metrics else metric.removeprefix("metric.")


def ranking_of(
    of: Table, metric: str | None, direction: str | None, metrics: Sequence[str]
) -> Ranking | None:
    """The order that is asked for, or else the sweep's own.

    Args:
        of: the sweep.
        metric: the name of one; None for the sweep's.
        direction: `minimize` or `maximize`; None for the sweep's, if that is about this metric.
        metrics: the names of what the tasks returned.

    Returns:
        None where nobody has said by which metric, and there is no number alone.

    Raises:
        SweepError: no such metric, or no direction.
    """
    if direction is None and (metric is None or _is_of(of, metric, metrics)):
        direction = of.direction
    own = of.metric if metric is None and metrics else None
    if own is not None and named(own, metrics) not in metrics:
        raise SweepError(
            f"the sweep was run with hydra.sweeper.metric={own}, and its jobs returned no {own}."
            f"{did_you_mean(own, metrics)} Give --metric."
        )
    return ranking(metric or of.metric, direction, metrics)


def common_ranking(
    tables: Sequence[Table], metric: str, direction: str | None, metrics: Sequence[str]
) -> Ranking | None:
    """The order by a metric of several sweeps together.

    Args:
        tables: the sweeps.
        metric: its name.
        direction: `minimize` or `maximize`; None for that of the sweeps which are about it.
        metrics: the names of what the tasks of all of them returned.

    Raises:
        SweepError: no such metric, or more of it is better in one sweep and worse in another.
    """
    said = {one.direction: one for one in tables if _is_of(one, metric, metrics) and one.direction}
    if direction is None and len(said) > 1:
        which = " and ".join(f"{one.directory} says {name}" for name, one in said.items())
        raise SweepError(f"{metric}: {which}. Give --direction.")
    return ranking(metric, direction or next(iter(said), None), metrics)


def _is_of(of: Table, metric: str, metrics: Sequence[str]) -> bool:
    """Whether a sweep ranks its jobs by a metric itself."""
    return of.metric is not None and named(of.metric, metrics) == named(metric, metrics)


def _number(value: Any) -> float | None:
    number = as_float(value) if is_number(value) else math.nan
    return None if math.isnan(number) else number
