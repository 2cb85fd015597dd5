"""How far a sweep is, on standard error: a live line in a terminal, else a line for each job."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from params_proto.analysis.ranking import Ranking
    from params_proto.multirun.progress.watching import Progress
    from params_proto.multirun.resume import ResumeFilter
    from params_proto.records import JobStore


def started(
    total: int | None,
    ranking: Ranking,
    records: JobStore,
    busy: Callable[[], bool],
    remaining: ResumeFilter | None,
) -> Progress | None:
    """Begins to tell of the jobs of a sweep, if there is anything to tell.

    Args:
        total: how many there are; None where nobody has counted.
        ranking: what makes one the best.
        records: of the jobs.
        busy: whether this process runs one.
        remaining: what is left of a sweep that goes on; None for a new one.

    Returns:
        None where one job runs, and there is no terminal to show for how long.
    """
    from params_proto.multirun.progress.screen import screen, terminal

    if total == 1 and terminal() is None:
        return None
    import time

    from params_proto.multirun.progress.tally import Tally
    from params_proto.multirun.progress.watching import Progress
    from params_proto.multirun.resume import Best

    best = Best(ranking) if remaining is None else remaining.best
    tally = Tally(total, best, time.monotonic())
    return Progress(tally, records, screen(), busy, remaining)
