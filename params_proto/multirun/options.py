"""The options of the sweeper other than the sweep itself, checked."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from types import NoneType
from typing import TYPE_CHECKING, Any, cast

from params_proto._text import parse_slice
from params_proto.errors import combine_mistakes
from params_proto.records.manifest import DIRECTIONS

if TYPE_CHECKING:
    from params_proto.analysis.ranking import Ranking

# How many jobs a launch has by default, a dry run checks, and a sweep returns: Slurm's default
# limit for a job array.
BATCH = 1000


@dataclass(eq=False)
class Options:
    """The node `hydra.sweeper` except `sweep`: see the comments in the plugin's `config.py`.

    The attribute `shard` is the part of the sweep to run, None for all of it, and `batch_size` the
    largest number of jobs in a launch.

    Raises:
        SweepError: options have invalid values.

    >>> Options(slice="2::8").shard, Options().shard
    (slice(2, None, 8), None)
    """

    params: Any = None
    zip: Any = None
    slice: Any = None
    max_batch_size: Any = None
    compose: Any = "cached"
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
    workers: Any = None
    gpus: Any = None
    jobs_per_gpu: Any = 1
    wait: Any = True
    grace: Any = 30.0
    work: Any = None
    shard: builtins.slice | None = field(default=None, init=False)
    batch_size: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        # Hydra has checked the types given in config.py.
        self.shard = parse_slice(self.slice) if isinstance(self.slice, str) else None
        self.batch_size = self.max_batch_size or BATCH
        timeout, changed = self.timeout, self.resume_changed
        rules = {
            "max_batch_size": (
                self.max_batch_size is None or self.max_batch_size >= 1,
                " is not a number of jobs: 1 or more.",
            ),
            "compose": (
                self.compose in ("cached", "hydra"),
                ": it is `cached`, which composes the shared part of the jobs once, or `hydra`,"
                " which leaves each config to Hydra.",
            ),
            "max_failures": (
                self.max_failures is None or self.max_failures >= 0,
                " is not a number of jobs: 0 or more.",
            ),
            "workers": (
                self.workers is None or self.workers >= 1,
                " is not a number of workers: 1 or more.",
            ),
            "jobs_per_gpu": (self.jobs_per_gpu >= 1, " is not a number of jobs: 1 or more."),
            "grace": (self.grace >= 0, " is not a number of seconds: 0 or more."),
            "retries": (self.retries >= 0, " is not a number of times: 0 or more."),
            "resume_changed": (
                isinstance(changed, (bool, NoneType)) or _is_keys(changed),
                ": it is true, false, or a list of the keys of the config that may differ, like"
                " [machine.memory,host].",
            ),
            "direction": (
                self.direction in (None, *DIRECTIONS),
                f": it is {' or '.join(DIRECTIONS)}.",
            ),
            "rerun": (
                self.rerun is None or self.resume not in (None, False),
                " applies only when resuming: also give hydra.sweeper.resume, the sweep's directory"
                " or true for hydra.sweep.dir.",
            ),
            "timeout": (
                timeout is None or 0 < timeout < inf,
                " is not a positive number of seconds. Leave it out for no limit.",
            ),
            "slice": (
                self.slice is None or (self.shard is not None and self.shard.step != 0),
                " is not a slice: write 0:3 for the first three jobs, 2::8 for one of eight"
                " machines. In a YAML file put it in quotes, as YAML reads 1:30 as 90.",
            ),
        }
        mistakes = [
            f"hydra.sweeper.{name}={getattr(self, name)}{rule}"
            for name, (is_fine, rule) in rules.items()
            if not is_fine
        ]
        if mistakes:
            raise combine_mistakes(mistakes)

    @property
    def has_worker_options(self) -> bool:
        """Whether workers run the jobs: one of their options is set."""
        is_dry = self.dry_run not in (None, False)
        set_options = (self.workers, self.gpus, self.wait, self.jobs_per_gpu)
        return not is_dry and set_options != (None, None, True, 1)

    @property
    def ranking(self) -> Ranking:
        """How jobs are ranked: by default, by the number that they return."""
        from params_proto.analysis.ranking import RETURN_VALUE, Ranking

        return Ranking.by(self.metric or RETURN_VALUE, self.direction)


def _is_keys(value: Any) -> bool:
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    return is_list and all(isinstance(key, str) for key in cast("Sequence[Any]", value))
