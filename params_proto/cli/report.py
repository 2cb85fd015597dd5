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
    """Writes a sweep as a page, and returns the path of the file.

    Args:
        directory: the sweep's.
        output: the file; by default `report.html` in the directory.
        metric: the metric that ranks jobs.
        direction: what is better.
        over: the keys that tell repeats apart; by default those that are called `seed`.

    Raises:
        SweepError: there is no such sweep, metric or key, Plotly is not installed, or the file
            cannot be written.
    """
    path = output or directory / "report.html"
    _files.write(path, [page(read(directory, metric, direction, over))])
    return str(path)
