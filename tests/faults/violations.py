"""Exceptions of scenarios, for violated guarantees and skipped scenarios."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


class ViolationError(AssertionError):
    """A violated guarantee of the sweeper."""


def expect(holds: object, violation: str, *outputs: Path) -> None:
    """Raises unless a guarantee holds.

    Args:
        holds: whether it holds.
        violation: the message if it does not.
        outputs: files whose last lines to add to the message.

    Raises:
        ViolationError: it does not hold.
    """
    if not holds:
        raise ViolationError("\n".join([violation, *_tails(outputs)]))


def _tails(outputs: Iterable[Path]) -> list[str]:
    return [
        f"--- {path}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-25:])
        for path in outputs
        if path.is_file()
    ]


class SkippedError(Exception):
    """The reason why this machine cannot run a scenario."""
