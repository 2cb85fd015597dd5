"""The best of jobs that are told one by one, of which only that one is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from params_proto.analysis.ranking import Ranking
from params_proto.analysis.rows import metrics
from params_proto.records import Record, Status


@dataclass(eq=False)
class Best:
    """The best of the jobs so far.

    Args:
        ranking: what makes one the best.
        record: of it; None while no job has returned what it is told by.
    """

    ranking: Ranking
    record: Record | None = field(default=None, init=False)
    _score: float = field(default=0.0, init=False)

    def take(self, record: Record) -> None:
        """Notes what became of a job, which is no candidate unless it has completed."""
        if record.status is not Status.COMPLETED:
            return
        score = self.ranking.score(dict(metrics(record.value)))
        if score is not None and (self.record is None or score < self._score):
            self.record, self._score = record, score
