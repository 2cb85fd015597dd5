"""`hydra.sweeper.zip`: which keys of the command line vary together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from params_proto._keys import bare
from params_proto._values import length
from params_proto.errors import SweepError, shown, together
from params_proto.overrides.parse import KeyValues

_FORMS = "Write a list of keys, [lr,batch_size], or a list of such lists."


def pairs(
    zips: Any, given: Sequence[KeyValues], in_full: Callable[[str], str] = str
) -> list[list[str]]:
    """The keys that are paired, pair by pair.

    Args:
        zips: a list of keys, a list of such lists, or None.
        given: the keys of `hydra.sweeper.params` and the command line.
        in_full: names a key as they do.

    Returns:
        Each pair without the keys whose sweep was given one value in its place.

    Raises:
        SweepError: a key that is not swept there, stands in two pairs, or has other than as many
            values as its partners; all of these.

    >>> pairs(["a", "b"], [KeyValues("a", (1, 2), True), KeyValues("+b", (3, 4), True)])
    [['a', 'b']]
    """
    pinned = {one.name for one in given if one.pinned}
    named = [[in_full(name) for name in pair] for pair in _listed(zips)]
    listed = [[name for name in pair if name not in pinned] for pair in named]
    swept = {one.name: length(one.values) for one in given if one.swept}
    mistakes: list[str] = []
    seen: set[str] = set()
    for pair in listed:
        for name in pair:
            if name in seen:
                mistakes.append(f"{name} stands in hydra.sweeper.zip twice: write it once.")
            elif name not in swept:
                mistakes.append(
                    f"hydra.sweeper.zip pairs {name}, which is not swept on the command line or in"
                    f" hydra.sweeper.params. Sweep it there, {name}=1,2, or write a zip step in the"
                    " configured sweep."
                )
            seen.add(name)
        lengths = {name: swept[name] for name in pair if name in swept}
        if len(set(lengths.values())) > 1:
            counts = ", ".join(f"{name} has {count}" for name, count in lengths.items())
            mistakes.append(
                f"hydra.sweeper.zip needs keys with equally many values: {counts}."
                " Leave the keys out of it to combine every pair."
            )
    if mistakes:
        raise together(mistakes)
    return listed


def _listed(zips: Any) -> list[list[str]]:
    if zips is None:
        return []
    if isinstance(zips, list):
        keys = cast("list[object]", zips)
        if all(isinstance(key, str) for key in keys):
            return [[bare(str(key)) for key in keys]] if keys else []
        if all(isinstance(pair, list) for pair in keys):
            return [names for pair in keys for names in _listed(pair)]
    raise SweepError(
        f"hydra.sweeper.zip={shown(cast('object', zips))} is no list of keys. {_FORMS}"
    )
