"""A worker of a sweep that Python launched: `python -m params_proto.python.worker OPTIONS`."""

from __future__ import annotations

import pickle
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from params_proto.records.manifest import STATE_DIR
from params_proto.workers.run import TASK


def main(lines: list[str]) -> None:
    """Runs jobs of a sweep.

    Args:
        lines: its options, as `WorkerSetup.worker_command` has them.
    """
    _, configs, _, name, *overrides = lines
    directory = Path(configs).parents[1]
    path, script, task = pickle.loads((directory / STATE_DIR / TASK).read_bytes())
    sys.path[:] = path
    sys.modules["__main__"].__file__ = script  # which tracebacks name
    from params_proto.python.launch import LaunchedApp

    app = cast("LaunchedApp", pickle.loads(task))
    with ExitStack() as stack:
        hydra, function = app.start(stack, configs)
        hydra.multirun(name, function, [*overrides, "hydra.mode=MULTIRUN"])


if __name__ == "__main__":
    main(sys.argv[1:])
