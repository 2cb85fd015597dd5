"""`params-proto report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from params_proto import _files
from params_proto.report.contents import read
from params_proto.report.page import page


def report(
    directory: Path,
    output: Path | None,
    metric: str | None,
    direction: str | None,
    over: Sequence[str] | None,
) -> str:
    """Writes a sweep's page, by default `report.html` in its directory, and returns the path.

    Args:
        directory: the directory of the sweep.
        output: the file.
        metric: the metric that ranks jobs.
        direction: `minimize` or `maximize`.
        over: the keys that distinguish repeats; by default those named `seed`.
    """
    path = output or directory / "report.html"
    _files.write(path, [page(read(directory, metric, direction, over))])
    return str(path)
