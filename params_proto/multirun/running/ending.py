"""What a sweep leaves when it ends: `results.csv`, and its table for who looks on."""

from __future__ import annotations

import logging
import shlex
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from params_proto.analysis.csv_file import write_results
from params_proto.analysis.rows import metrics_of, table
from params_proto.errors import SweepError
from params_proto.multirun.mistakes import logged_where_it_can
from params_proto.multirun.start.lock import others
from params_proto.records import Records
from params_proto.records.plan import read_plan

if TYPE_CHECKING:
    from params_proto.analysis.digest import Digest
    from params_proto.analysis.ranking import Ranking
    from params_proto.multirun.start.beginning import Beginning

log = logging.getLogger(__name__)

_PENDING = 100_000  # jobs that have not run, of which more would take too long to list
_HELD = 10_000  # rows that are read once, not twice


def leave_results(beginning: Beginning, there: Path, *, goes_on: bool) -> None:
    """Writes the file, and shows the table unless nobody wants to see it.

    While other parts of the sweep run it does neither: the last of them does.

    Args:
        beginning: the sweep.
        there: its directory, from the root: a job may have changed the working directory.
        goes_on: whether the command that goes on with it is told afterwards.
    """
    options = beginning.options
    if options.part is not None and others(there):
        return
    with logged_where_it_can():
        try:
            found = table(there, _PENDING, beginning.request.plan.space).held(_HELD)
            rows = list(islice(found, 2))
            if len(rows) < 2:  # of which there is nothing to show
                write_results(found, metrics_of(rows))
                return
            from params_proto.analysis.digest import digest

            read = digest(found, options.ranking)
            write_results(found, read.metrics)
            if options.progress:
                _show(beginning, there, read, goes_on=goes_on)
        except SweepError as error:  # the jobs are done all the same
            later = f"params-proto results {beginning.directory}"
            log.error(f"{error} The table can be had later: {later}")


def _show(beginning: Beginning, there: Path, read: Digest, *, goes_on: bool) -> None:
    from params_proto.analysis.text import counted
    from params_proto.multirun.progress.lines import write

    options, directory = beginning.options, beginning.directory
    order, wrong = None, None
    try:
        order = read.order(options.metric, options.direction)
    except SweepError as error:  # that a metric has another name is seen only now
        wrong = str(error)
    lines = ["", read.table(order), "", wrong, f"{counted(read.statuses)} in {directory}"]
    if not goes_on:
        lines.append(_next(beginning, there, read, order))
    write("\n".join([line for line in lines if line is not None]))


def _next(beginning: Beginning, there: Path, read: Digest, order: Ranking | None) -> str:
    directory = str(beginning.directory)
    best = read.best[0] if order is not None and read.best else None
    if order is None or best is None or order.score(best.metrics) is None:
        return f"The whole table: {shlex.join(['params-proto', 'results', directory])}"
    from params_proto.analysis.alone import again

    record = Records(there).read(best.job)
    assert record is not None
    plan = read_plan(there)
    return f"The best{' again' if plan.script else ''}: {again(plan, record)}"
