"""What is told of a sweep that runs."""

from __future__ import annotations

from params_proto.analysis.rows import metrics
from params_proto.analysis.text import cell
from params_proto.multirun.errors import named
from params_proto.multirun.progress.tally import Tally
from params_proto.records import Record

_LONG = 100  # characters of a job and its overrides
_FEW = 4  # metrics of a job


def told(tally: Tally, now: float) -> list[str]:
    """How far it is, in parts: what is done, how fast, how long it takes yet, the best so far.

    Args:
        tally: of its jobs.
        now: by the tally's clock.
    """
    total = "" if tally.total is None else f"/{tally.total}"
    parts = [f"{tally.done}{total} done"]
    if tally.failed:
        parts.append(f"{tally.failed} failed")
    parts.append(f"{len(tally.running)} running")
    if tally.rate is not None:
        parts.append(f"{tally.rate:.2g} jobs/s" if tally.rate < 100 else f"{tally.rate:.0f} jobs/s")
    left = tally.left(now)
    if left is not None:
        parts.append(f"{clock(left)} left")
    best = tally.best.record
    if best is not None:
        order = tally.best.ranking
        value = dict(metrics(best.value))[order.metric]
        job = cell(named(best), _LONG)
        parts.append(f"{order.extreme} {order.metric}={cell(value)} ({job})")
    return parts


def told_of_job(record: Record, metric: str, place: str) -> str:
    """What became of a job, in a line.

    Args:
        record: the job's.
        metric: that of what it returned that comes first.
        place: how many have ended, of how many.
    """
    found = sorted(metrics(record.value), key=lambda one: one[0] != metric)
    returned = ", ".join(f"{name}={cell(value)}" for name, value in found[:_FEW])
    seconds = "" if record.duration is None else f" in {record.duration:.1f} s"
    more = f": {returned}" if returned else ""
    return f"[{place}] {cell(named(record), _LONG)} {record.status.value}{seconds}{more}"


def clock(seconds: float) -> str:
    """A time as a clock has it.

    Args:
        seconds: how long.

    >>> clock(7.4), clock(125), clock(90_061)
    ('0:07', '2:05', '25:01:01')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
