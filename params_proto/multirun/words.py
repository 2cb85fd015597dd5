"""Jobs in words."""

from __future__ import annotations

from params_proto.records import Record


def named(record: Record) -> str:
    """A job, by its number and its overrides."""
    lines = " ".join(record.overrides)
    return f"job {record.job}{f' ({lines})' if lines else ''}"
