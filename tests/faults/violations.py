"""Raised by a scenario that finds a broken promise."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ViolationError(AssertionError):
    """A broken promise of the sweeper."""


def expect(kept: object, broken: str, *outputs: Path) -> None:
    """Raises unless a promise is kept.

    Args:
        kept: whether it is.
        broken: what is so if it is not.
        outputs: files whose ends say more.

    Raises:
        ViolationError: it is not.
    """
    if not kept:
        raise ViolationError("\n".join([broken, *_ends(outputs)]))


def _ends(outputs: Iterable[Path]) -> list[str]:
    return [
        f"--- {path}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-25:])
        for path in outputs
        if path.is_file()
    ]


class SkippedError(Exception):
    """A scenario that cannot run on this machine, and why."""
