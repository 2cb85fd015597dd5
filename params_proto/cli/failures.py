"""`params-proto failures DIR`."""

from __future__ import annotations

from pathlib import Path

from params_proto.analysis.rows import table
from params_proto.errors import SweepError
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import has_plan

_FAILED = (Status.FAILED.value, Status.CRASHED.value)


def run(directory: Path) -> str:
    """The jobs that failed, each with its overrides, its directory and its traceback.

    Args:
        directory: the sweep's.

    Raises:
        SweepError: there is no sweep, or one of Hydra's basic sweeper.
    """
    rows = table(directory)  # which says what is wrong with the directory
    if not has_plan(directory):
        raise SweepError(f"{directory} was run by another sweeper, which kept no results.")
    failed = {row.job for row in rows if row.status in _FAILED}
    records = [one for one in JobStore(directory).all() if isinstance(one, Record)]
    told = [_told(one, directory) for one in records if one.job in failed]
    return "\n\n".join(told) or "No job has failed."


def _told(record: Record, directory: Path) -> str:
    head = f"job {record.job}: {' '.join(record.overrides)}\n{directory / record.dir}"
    if record.error is None:
        return f"{head}\nits process died"
    text = record.error.traceback.rstrip() or f"{record.error.type}: {record.error.message}"
    return f"{head}\n{text}"
