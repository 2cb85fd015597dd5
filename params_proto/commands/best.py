"""`params-proto best DIR`."""

from __future__ import annotations

from pathlib import Path

from params_proto.errors import SweepError
from params_proto.records import Records
from params_proto.records.plan import has_plan, read_plan
from params_proto.table.alone import again
from params_proto.table.ranking import ranking_of
from params_proto.table.rows import metrics_of, table


def run(directory: Path, metric: str | None, direction: str | None) -> str:
    """The command that runs the best job again, alone; of a launch from Python, its overrides.

    Args:
        directory: the sweep's.
        metric: by which it is best; None for that of the sweep.
        direction: what is better; None for that of the sweep.

    Raises:
        SweepError: there is no such sweep or metric, or no job has a number of it.
    """
    if not has_plan(directory):
        table(directory)  # says what is wrong, unless it is a sweep of the basic sweeper
        raise SweepError(f"{directory} was run by another sweeper, which kept no results.")
    found = table(directory)
    rows = list(found)
    metrics = metrics_of(rows)
    plan = read_plan(directory)
    order = ranking_of(found, metric, direction, metrics)
    if order is None:
        returned = f"return {', '.join(metrics)}" if metrics else "have returned nothing yet"
        raise SweepError(f"Best by what? The jobs {returned}: give --metric.")
    best = next(iter(order.of(rows)), None)
    if best is None or order.score(best.metrics) is None:
        raise SweepError(f"No job of {directory} has returned a number as its {order.metric}.")
    record = Records(directory).read(best.job)
    assert record is not None
    return again(plan, record)
