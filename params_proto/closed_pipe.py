"""Writing to a reader that may have seen enough, as `head` has."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def until_closed() -> Generator[None, None, None]:
    """What is written within goes to the standard output, for as long as somebody reads it.

    What is written after that goes nowhere, or Python would end with an error of its own.
    """
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
