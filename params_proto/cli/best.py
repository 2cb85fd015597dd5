"""`params-proto best DIR`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from params_proto.analysis.alone import again, cd_to_start
from params_proto.analysis.metrics import as_float, is_number, total
from params_proto.analysis.ranking import ranking_of
from params_proto.analysis.repeats import configurations, repeat_keys
from params_proto.analysis.rows import Row, metrics_of, table
from params_proto.analysis.text import cell, counted
from params_proto.errors import SweepError
from params_proto.multirun.progress import write
from params_proto.records import Records, Status
from params_proto.records.plan import has_plan, read_plan


def run(
    directory: Path, metric: str | None, direction: str | None, over: Sequence[str] | None
) -> str:
    """The command that runs the best job again, alone; of a launch from Python, its overrides.

    Which job that is, and by what, goes to standard error.

    Args:
        directory: the sweep's.
        metric: by which it is best; None for that of the sweep.
        direction: what is better; None for that of the sweep, or what is usual for the metric.
        over: keys that tell repeats apart, to rank configurations by the mean of their repeats. The
            command is then the multirun that runs those of the best one.

    Raises:
        SweepError: there is no such sweep, metric or key, or no job has a number of it.
    """
    if not has_plan(directory):
        table(directory)  # says what is wrong, unless it is a sweep of the basic sweeper
        raise SweepError(f"{directory} was run by another sweeper, which kept no results.")
    found = table(directory)
    rows = list(found)
    metrics = metrics_of(rows)
    plan = read_plan(directory)
    order = ranking_of(found, metric, direction, metrics)
    if not any(row.status == Status.COMPLETED.value for row in rows):
        statuses = counted(Counter(row.status for row in rows))
        raise SweepError(f"No job of {directory} has completed: {statuses}.")
    if not metrics:
        raise SweepError(f"No job of {directory} returned a value: there is nothing to rank.")
    if order is None:
        raise SweepError(f"Best by what? The jobs return {', '.join(metrics)}: give --metric.")
    keys = repeat_keys(over or (), found.keys)
    numbers = configurations(rows, keys) if over else range(len(rows))
    groups: dict[int, list[Row]] = {}
    for number, row in zip(numbers, rows, strict=True):
        if is_number(row.metrics.get(order.metric)):
            groups.setdefault(number, []).append(row)
    means = {number: _mean(group, order.metric) for number, group in groups.items()}
    scores = [(order.score({order.metric: mean}), number) for number, mean in means.items()]
    ranked = [(score, number) for score, number in scores if score is not None]
    if not ranked:
        raise SweepError(f"No job of {directory} has returned a number as its {order.metric}.")
    _, best = min(ranked)
    jobs = [row.job for row in groups[best]]
    of = order._replace(metric=f"mean {order.metric}") if over else order
    which = f"job{'s' if len(jobs) > 1 else ''} {', '.join(map(str, jobs))}"
    write(of.describe(f"= {cell(means[best])}, {which}", "--direction "))
    records = [record for job in jobs if (record := Records(directory).read(job)) is not None]
    return f"{cd_to_start(directory) if plan.script else ''}{again(plan, records, keys)}"


def _mean(rows: Sequence[Row], metric: str) -> float:
    """That of one job is its number as it returned it."""
    numbers = [row.metrics[metric] for row in rows]
    return numbers[0] if len(numbers) == 1 else total(map(as_float, numbers)) / len(numbers)
