"""`params-proto best DIR`."""

from __future__ import annotations

import shlex
from pathlib import Path

from params_proto.errors import SweepError
from params_proto.records import Records
from params_proto.records.plan import has_plan, read_plan
from params_proto.table.ranking import ranking
from params_proto.table.rows import metrics_of, table


def run(directory: Path, metric: str | None, direction: str | None) -> str:
    """The command that runs the best job again, alone; of a launch from Python, its overrides.

    Args:
        directory: the sweep's.
        metric: by which it is best.
        direction: what is better.

    Raises:
        SweepError: there is no such sweep or metric, or no job has a number of it.
    """
    if not has_plan(directory):
        table(directory)  # says what is wrong, unless it is a sweep of the basic sweeper
        raise SweepError(f"{directory} was run by another sweeper, which kept no results.")
    rows = list(table(directory))
    metrics = metrics_of(rows)
    order = ranking(metric, direction, metrics)
    if order is None:
        returned = f"return {', '.join(metrics)}" if metrics else "have returned nothing yet"
        raise SweepError(f"Best by what? The jobs {returned}: give --metric.")
    best = next(iter(order.of(rows)), None)
    if best is None or not order.has(best):
        raise SweepError(f"No job of {directory} has returned a number as its {order.metric}.")
    record = Records(directory).read(best.job)
    assert record is not None
    plan = read_plan(directory)
    return shlex.join([*_alone(plan.script), *record.overrides])


def _alone(script: list[str]) -> list[str]:
    """How the app is started for one job.

    Where Python launched the sweep there is no command line to start it by.

    >>> _alone(["python", "-m", "lab.train", "-m", "-cn", "other"])
    ['python', '-m', 'lab.train', '-cn', 'other']
    >>> _alone([])
    []
    """
    module = script[1:2] == ["-m"]
    start = 3 if module else 2
    return [*script[:start], *[one for one in script[start:] if one not in ("-m", "--multirun")]]
