"""Jobs that are repeats of one configuration: they differ in a seed, or in nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from params_proto._text import json_key
from params_proto.analysis.rows import Row
from params_proto.errors import SweepError, did_you_mean

_SEED = "seed"


def repeat_keys(names: Iterable[str], keys: Sequence[str]) -> list[str]:
    """The swept keys that tell repeats apart.

    Args:
        names: of keys, in full or their last parts: `seed` is `model.seed`, too, unless there is a
            key of that name. Jobs may be repeated without a `seed`.
        keys: those that are swept.

    Raises:
        SweepError: no such key is swept.

    >>> repeat_keys(["seed"], ["lr", "model.seed"]), repeat_keys(["seed"], ["lr"])
    (['model.seed'], [])
    """
    found: list[str] = []
    for name in names:
        named = [name] if name in keys else [key for key in keys if _last_part(key) == name]
        if not named and name != _SEED:
            raise SweepError(f"over={name}: no such key is swept.{did_you_mean(name, keys)}")
        found += named
    return found


def _last_part(key: str) -> str:
    return key.rpartition(".")[2]


def configurations(rows: Iterable[Row], over: Sequence[str]) -> list[int]:
    """For each job a number that its repeats have, too.

    Args:
        rows: the jobs.
        over: the keys that tell repeats apart.
    """
    seen: dict[str, int] = {}
    return [
        seen.setdefault(
            json_key({name: value for name, value in row.config.items() if name not in over}),
            len(seen),
        )
        for row in rows
    ]
