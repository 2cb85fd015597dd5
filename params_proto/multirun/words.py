"""Jobs in words."""

from __future__ import annotations

from params_proto.records import Record


def counted(number: int) -> str:
    """So many jobs.

    >>> counted(1), counted(12)
    ('1 job', '12 jobs')
    """
    return "1 job" if number == 1 else f"{number} jobs"


def named(record: Record) -> str:
    """A job, by its number and its overrides."""
    lines = " ".join(record.overrides)
    return f"job {record.job}{f' ({lines})' if lines else ''}"
