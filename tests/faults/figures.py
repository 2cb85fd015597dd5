"""What the scenarios did, in figures."""

from __future__ import annotations

import threading
from collections import Counter


class Figures:
    """Counts of what was done and longest times, by name, from several threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._longest: dict[str, float] = {}
        self._lock = threading.Lock()

    def count(self, what: str, number: int = 1) -> None:
        """Counts something that was done."""
        with self._lock:
            self._counts[what] += number

    def took(self, what: str, seconds: float) -> None:
        """Notes a time, of which the longest is shown."""
        with self._lock:
            self._longest[what] = max(seconds, self._longest.get(what, 0.0))

    def show(self) -> None:
        """Prints a table."""
        for what, number in sorted(self._counts.items()):
            print(f"{what:<60}{number:>12,}")
        for what, seconds in sorted(self._longest.items()):
            print(f"{'longest: ' + what:<60}{seconds:>10.1f} s")
