"""What a sweep leaves when it ends: `results.csv`, and its table for who looks on."""

from __future__ import annotations

import logging
import shlex
import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from params_proto.analysis.rows import metrics_of, table
from params_proto.analysis.text import write_results
from params_proto.errors import SweepError
from params_proto.multirun.mistakes import logged_where_it_can
from params_proto.multirun.start.lock import others
from params_proto.records import Records, Status
from params_proto.records.plan import read_plan

if TYPE_CHECKING:
    from params_proto.analysis.ranking import Ranking, Summary
    from params_proto.multirun.start.beginning import Beginning

log = logging.getLogger(__name__)

_PENDING = 100_000  # jobs that have not run, of which more would take too long to list
_HELD = 10_000  # rows that are read once, not twice


def leave_results(beginning: Beginning, there: Path) -> list[str]:
    """Writes the file, and shows the table unless nobody wants to see it.

    While other parts of the sweep run it does neither: the last of them does.

    Args:
        beginning: the sweep.
        there: its directory, from the root: a job may have changed the working directory.

    Returns:
        The lines that come last on the screen: which job is the best, and how to run it again.
    """
    options = beginning.options
    if options.part is not None and others(there):
        return []
    with logged_where_it_can():
        try:
            found = table(there, _PENDING, beginning.request.plan.space).held(_HELD)
            rows = list(islice(found, 2))
            if len(rows) < 2:  # of which there is nothing to show
                write_results(found, metrics_of(rows))
                return []
            from params_proto.analysis.ranking import summary

            read = summary(found, options.ranking)
            write_results(found, read.metrics)
            return _show(beginning, there, read) if options.progress and read.ran else []
        except SweepError as error:  # the jobs are done all the same
            later = f"params-proto results {beginning.directory}"
            log.error(f"{error} The table can be had later: {later}")
            return []


def _show(beginning: Beginning, there: Path, read: Summary) -> list[str]:
    from params_proto.analysis.ranking import ranking_of
    from params_proto.analysis.text import counted, shown
    from params_proto.multirun.progress.lines import write
    from params_proto.multirun.progress.screen import has_colors

    options, directory = beginning.options, str(beginning.directory)
    order, wrong = None, list[str]()
    try:
        order = ranking_of((), options.metric, options.direction, read.metrics)
    except SweepError as error:  # that a metric has another name is seen only now
        wrong = [str(error)]
    rows = read.first if order is None else read.best
    lines = ["", shown(rows, read.keys, read.metrics, color=has_colors(sys.stderr))]
    if read.ran > len(rows):
        whole = shlex.join(["params-proto", "results", directory])
        lines.append(f"and {read.ran - len(rows)} more: {whole}")
    write("\n".join([*lines, "", *wrong, f"{counted(read.statuses)} in {directory}"]))
    return _best(beginning, there, read, order)


def _best(beginning: Beginning, there: Path, read: Summary, order: Ranking | None) -> list[str]:
    from params_proto.analysis.rerun import rerun_command
    from params_proto.analysis.text import cell

    if not read.metrics and read.statuses[Status.COMPLETED.value]:
        return ["No job returned a value: there is nothing to rank."]
    best = read.best[0]
    if order is None or order.score(best.metrics) is None:
        return []
    record, plan = Records(there).read(best.job), read_plan(there)
    assert record is not None
    option = "hydra.sweeper.direction=" if plan.script else "direction="
    number = cell(best.metrics[order.metric])
    return [
        f"Best: {order.describe(f'= {number}, job {best.job}', option)}",
        f"{'Run it again' if plan.script else 'Its overrides'}: {rerun_command(plan, [record])}",
    ]
