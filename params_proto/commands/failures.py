"""`params-proto failures DIR`."""

from __future__ import annotations

from pathlib import Path

from params_proto.records import Record, Records, Status
from params_proto.table.rows import table

_FAILED = (Status.FAILED, Status.CRASHED)


def run(directory: Path) -> str:
    """The jobs that failed, each with its overrides, its directory and its traceback.

    Args:
        directory: the sweep's.

    Raises:
        SweepError: there is no sweep.
    """
    table(directory)  # says what is wrong with the directory
    records = [one for one in Records(directory).all() if isinstance(one, Record)]
    failed = [_told(one, directory) for one in records if one.status in _FAILED]
    return "\n\n".join(failed) or "No job has failed."


def _told(record: Record, directory: Path) -> str:
    head = f"job {record.job}: {' '.join(record.overrides)}\n{directory / record.dir}"
    if record.error is None:
        return f"{head}\nits process died"
    text = record.error.traceback.rstrip() or f"{record.error.type}: {record.error.message}"
    return f"{head}\n{text}"
