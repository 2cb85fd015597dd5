"""What is wrong with the jobs of a sweep, told in one error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from params_proto.errors import SweepError, together

_MOST = 10  # mistakes that one error tells


@dataclass
class Mistakes:
    """What is wrong with jobs, each mistake told once, with the first job that makes it."""

    jobs: dict[str, list[Sequence[str]]] = field(default_factory=dict[str, "list[Sequence[str]]"])

    def add(self, job: Sequence[str], mistakes: Iterable[str]) -> None:
        """Notes the mistakes of one job."""
        for mistake in mistakes:
            self.jobs.setdefault(mistake, []).append(job)

    def tell(self) -> None:
        """Raises what has been noted.

        Raises:
            SweepError: the first ten mistakes, and how many there are besides.

        >>> mistakes = Mistakes()
        >>> mistakes.add(["lr=x"], ["lr: 'x' is no float."])
        >>> mistakes.tell()
        Traceback (most recent call last):
            ...
        params_proto.errors.SweepError: the job lr=x: lr: 'x' is no float.
        """
        if self.jobs:
            raise first_ten(list(self._told()))

    def _told(self) -> Iterator[str]:
        for mistake, jobs in self.jobs.items():
            others = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
            yield f"the job {' '.join(jobs[0])}{others}: {mistake}"


def first_ten(mistakes: list[str]) -> SweepError:
    """One error for mistakes, of which there may be as many as jobs.

    >>> print(str(first_ten([f"{n} is wrong." for n in range(12)])).splitlines()[-1])
    - and 2 more.
    """
    if len(mistakes) > _MOST:
        mistakes = [*mistakes[:_MOST], f"and {len(mistakes) - _MOST} more."]
    return together(mistakes)
