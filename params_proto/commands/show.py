"""`params-proto show sweep.yaml`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from params_proto.multirun.configured import configured
from params_proto.table.text import aligned


def run(sweep: str, head: int) -> str:
    """The expression, its size, and its first configs.

    Args:
        sweep: a file, or `path.py:attribute`.
        head: how many configs.

    Raises:
        SweepError: it is no sweep.
    """
    read = configured(sweep, cwd=Path.cwd())
    keys = list(read.keys)
    first = [*islice(read, head)]
    rows = [[number, *[config.get(key) for key in keys]] for number, config in enumerate(first)]
    size = len(read)
    counted = "1 config" if size == 1 else f"{size} configs"
    lines = [repr(read), f"{counted} of {len(keys)} keys: {', '.join(keys)}"]
    if rows:
        lines.append(aligned(["job", *keys], rows))
    if size > len(rows):
        lines.append(f"and {size - len(rows)} more")
    return "\n".join(lines)
