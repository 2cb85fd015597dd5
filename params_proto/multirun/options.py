"""The options of the sweeper beside its sweep, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, cast

from params_proto._text import parse_slice
from params_proto.analysis.ranking import ALONE, DIRECTIONS, Ranking
from params_proto.errors import SweepError, shown

# What a launcher gets at once by default; Slurm's default limit for an array of jobs.
_BATCH = 1000
# Of a sweep that is too large to be checked before it starts, what is checked and started at once.
_FIRST = 100
# Seconds that every system's timer takes, about three years; Linux takes a hundred times as many.
_LONGEST = 100_000_000


@dataclass(eq=False)
class Options:
    """The node `hydra.sweeper` but for `sweep`: see the comments in the plugin's `config.py`."""

    params: Any = None
    zip: Any = None
    slice: Any = None
    max_batch_size: Any = None
    overwrite: Any = False
    resume: Any = None
    rerun: Any = None
    resume_changed: Any = False
    max_failures: Any = None
    retries: Any = 0
    timeout: Any = None
    dry_run: Any = False
    progress: Any = True
    metric: Any = None
    direction: Any = None

    def __post_init__(self) -> None:
        for name in ("max_failures", "retries"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 0):
                raise SweepError(
                    f"hydra.sweeper.{name}={value} is not a number of jobs: 0 or more."
                    if name == "max_failures"
                    else f"hydra.sweeper.{name}={value} is not a number of times: 0 or more."
                )

        changed = self.resume_changed
        if not (isinstance(changed, (bool, type(None))) or _is_keys(changed)):
            raise SweepError(
                f"hydra.sweeper.resume_changed={changed}: it is true, false, or a list"
                " of the keys of the config that may differ, like [machine.memory,host]."
            )
        if not isinstance(self.metric, (str, type(None))):
            raise SweepError(
                f"hydra.sweeper.metric={self.metric} is not the name of a returned value,"
                " like accuracy or loss.test."
            )
        if self.direction not in (None, *DIRECTIONS):
            raise SweepError(
                f"hydra.sweeper.direction={self.direction}: it is {' or '.join(DIRECTIONS)}."
            )
        if self.rerun is not None and self.resume in (None, False):
            raise SweepError(
                f"hydra.sweeper.rerun={self.rerun} is about a sweep that is resumed: give"
                " hydra.sweeper.resume, too, its directory, or true for the one of hydra.sweep.dir."
            )
        if self.timeout is not None and not (
            type(self.timeout) in (int, float) and 0 < self.timeout <= _LONGEST
        ):
            raise SweepError(
                f"hydra.sweeper.timeout={self.timeout} is not a number of seconds, more than 0 and"
                f" at most {_LONGEST}. Leave it out for no limit."
            )

    @property
    def ranking(self) -> Ranking:
        """What makes one job better than another: a number that it returns, by default."""
        return Ranking.by(self.metric or ALONE, self.direction)

    @property
    def batch_size(self) -> int:
        """The most jobs that the launcher gets at once.

        Raises:
            SweepError: `max_batch_size` is less than 1.
        """
        size = self.max_batch_size
        if size is None:
            return _BATCH
        if size < 1:
            raise SweepError(
                f"hydra.sweeper.max_batch_size={size} is not a number of jobs: 1 or more."
            )
        return size

    def batch_sizes(self, *, at_once: bool) -> Iterator[int]:
        """The most jobs of each batch.

        Args:
            at_once: whether the first jobs are to start before many of them have been checked.

        >>> from itertools import islice
        >>> list(islice(Options().batch_sizes(at_once=True), 3))
        [100, 1000, 1000]
        """
        size = self.batch_size
        return chain([min(size, _FIRST)] if at_once else [], repeat(size))

    @property
    def shard(self) -> slice | None:
        """The shard of the sweep that is to run; None for all of it.

        Raises:
            SweepError: `slice` is not a slice.

        >>> Options(slice="2::8").shard, Options().shard
        (slice(2, None, 8), None)
        >>> Options(slice=90).shard
        Traceback (most recent call last):
            ...
        params_proto.errors.SweepError: hydra.sweeper.slice=90 is a number, not a slice: write 0:3\
 for the first three jobs, 2::8 for one of eight machines. In a YAML file put it in quotes, as YAML\
 reads 1:30 as 90.
        """
        given, forms = self.slice, "0:3 for the first three jobs, 2::8 for one of eight machines"
        if given is None:
            return None
        if not isinstance(given, str):
            kind = "a number" if isinstance(given, int) else "not text"
            raise SweepError(
                f"hydra.sweeper.slice={shown(given)} is {kind}, not a slice: write {forms}. In a"
                " YAML file put it in quotes, as YAML reads 1:30 as 90."
            )
        shard = parse_slice(given)
        if shard is None:
            raise SweepError(f"hydra.sweeper.slice={given} is not a slice: write {forms}.")
        if shard.step == 0:
            raise SweepError(f"hydra.sweeper.slice={given}: a slice's step cannot be 0.")
        return shard


def _is_keys(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and all(isinstance(key, str) for key in cast("Sequence[Any]", value))
