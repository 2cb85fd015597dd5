"""Writing to a reader that may have seen enough, as `head` has, or may not have all letters."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any


@contextmanager
def until_closed() -> Generator[None, None, None]:
    r"""What is written within goes to the standard output, for as long as somebody reads it.

    What is written after that goes nowhere, or Python would end with an error of its own. A letter
    that the output has no code for is written as `\xe9`.
    """
    out: Any = sys.stdout
    strict = isinstance(out, TextIOWrapper) and out.errors == "strict"
    if strict:
        out.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    finally:
        if strict:
            out.reconfigure(errors="strict")
