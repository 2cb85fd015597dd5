"""Waits for conditions, never for a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable

_SECONDS = 60.0  # the limit, also on a busy machine


def until(condition: Callable[[], object]) -> None:
    """Waits until something is true; fails if that never happens."""
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
