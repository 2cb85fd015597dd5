"""A worker of a sweep that Python launched: `python -m params_proto.python.worker OVERRIDES`."""

from __future__ import annotations

import pickle
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from params_proto.records.manifest import OWN
from params_proto.workers.setup import OPTION
from params_proto.workers.start import TASK


def main(lines: list[str]) -> None:
    """Runs jobs of a sweep.

    Args:
        lines: the overrides of the worker; the last one names the directory.
    """
    directory = Path(lines[-1].removeprefix(f"{OPTION}="))
    path, task = pickle.loads((directory / OWN / TASK).read_bytes())
    sys.path[:] = path
    from params_proto.python.launch import LaunchedApp

    app = cast("LaunchedApp", pickle.loads(task))
    with ExitStack() as held:
        hydra, function = app.start(held)
        hydra.multirun(app.place.primary, function, [*lines, "hydra.mode=MULTIRUN"])


if __name__ == "__main__":
    main(sys.argv[1:])
