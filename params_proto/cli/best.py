"""`params-proto best DIR`."""

from __future__ import annotations

import shlex
from collections import Counter
from pathlib import Path
from typing import Any

from params_proto.analysis.alone import again
from params_proto.analysis.ranking import ranking_of
from params_proto.analysis.rows import metrics_of, table
from params_proto.analysis.text import counted
from params_proto.errors import SweepError
from params_proto.records import Records, Status
from params_proto.records.layout import MULTIRUN
from params_proto.records.plan import has_plan, read_plan

_CWD = "hydra.runtime.cwd"


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
    if not any(row.status == Status.COMPLETED.value for row in rows):
        statuses = counted(Counter(row.status for row in rows))
        raise SweepError(f"No job of {directory} has completed: {statuses}.")
    if order is None:
        returned = f"return {', '.join(metrics)}" if metrics else "have returned nothing"
        raise SweepError(f"Best by what? The jobs {returned}: give --metric.")
    best = next(iter(order.of(rows)), None)
    if best is None or order.score(best.metrics) is None:
        raise SweepError(f"No job of {directory} has returned a number as its {order.metric}.")
    record = Records(directory).read(best.job)
    assert record is not None
    return f"{_there(directory) if plan.script else ''}{again(plan, record)}"


def _there(directory: Path) -> str:
    """What takes a shell to where the sweep was started, if this is elsewhere."""
    from omegaconf import OmegaConf

    kept = directory / MULTIRUN
    started: Any = OmegaConf.select(OmegaConf.load(kept), _CWD) if kept.is_file() else None
    if not isinstance(started, str) or Path(started) == Path.cwd():
        return ""
    return f"cd {shlex.quote(started)} && "
