"""When a config is composed both ways, to see that they agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import NamedTuple

from omegaconf import DictConfig

from params_proto.multirun.compose.base import Base
from params_proto.multirun.compose.difference import difference

Make = Callable[[], DictConfig]


class Job(NamedTuple):
    """A config, and how each road makes it.

    Args:
        lines: its overrides.
        base: what it was made from.
        ours: composes it from the base.
        hydra: composes it as Hydra does.
        caches: whether both roads have the resolver cache of one multirun.
    """

    lines: Sequence[str]
    base: Base
    ours: Make
    hydra: Make
    caches: bool

    def difference(self) -> str | None:
        """How the roads differ."""
        return difference(self.ours(), self.hydra(), caches=self.caches)


class Comparison:
    """Chooses the jobs to compare.

    A run of one job has none. In a sweep, where a base is made for its second job at the latest,
    the first job of the first base is compared, and of the 2nd, 4th, 8th, ...: where each job has
    a base of its own, comparing all of them would be as slow as composing without a base.

    Args:
        once: whether only the first base is compared, as where another process has compared.
    """

    def __init__(self, once: bool) -> None:
        self._once = once
        self._first: Job | None = None
        self._many = False
        self._bases = 0
        self._lock = Lock()  # a launcher may compose in threads

    def due(self, job: Job) -> list[Job]:
        """The jobs to compare now that this one was composed."""
        with self._lock:
            return [each for each in self._jobs(job) if self._chosen(each.base)]

    def _jobs(self, job: Job) -> list[Job]:
        if not self._many:
            if self._first is None:
                self._first = job
            if [*self._first.lines] == [*job.lines]:
                return []
            self._many = True
        first, self._first = self._first, None
        return [job] if first is None else [first, job]

    def _chosen(self, base: Base) -> bool:
        # Counted here and not where they are made: some are made for no job, to look at the sweep.
        if base.seen:
            return False
        base.seen = True
        self._bases += 1
        return self._bases == 1 if self._once else self._bases & (self._bases - 1) == 0
