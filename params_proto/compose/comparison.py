"""When a config is composed both ways, to see that they agree."""

from __future__ import annotations

from threading import Lock

from params_proto.compose.base import Base


class Comparison:
    """Chooses the jobs to compare: the first of the first base, and of the 2nd, 4th, 8th, ...

    Where each job has a base of its own, comparing all of them would be as slow as composing
    without a base.

    Args:
        once: whether only the first base is compared, as where another process has compared.
    """

    def __init__(self, once: bool) -> None:
        self._once = once
        self._bases = 0
        self._lock = Lock()  # a launcher may compose in threads

    def due(self, base: Base) -> bool:
        """Whether to compare the job that was composed from a base now."""
        # Counted here and not where they are made: some are made for no job, to look at the sweep.
        with self._lock:
            if base.seen:
                return False
            base.seen = True
            self._bases += 1
            return self._bases == 1 if self._once else self._bases & (self._bases - 1) == 0
