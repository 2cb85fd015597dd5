"""Joblib's workers, which wait for whoever needs them next.

One that has waited since an earlier launch is in the working directory of that, and has modules as
they were before they were edited and loaded anew. A command line has no such workers.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module


@contextmanager
def fresh_workers() -> Generator[None, None, None]:
    """Sends away those that wait, before the block and after it."""
    _dismiss(wait=True)
    wait = False  # for jobs that run on after what has raised
    try:
        yield
        wait = True
    finally:
        _dismiss(wait)


def _dismiss(wait: bool) -> None:
    if "joblib" in sys.modules:
        loky = import_module("joblib.externals.loky")
        loky.get_reusable_executor(reuse=True).shutdown(wait=wait)
