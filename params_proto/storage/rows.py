"""Rows of a table or a file -> a Sweep: a chain, with the place of what is wrong in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from params_proto.algebra.builder import Builder
from params_proto.errors import SweepError, together
from params_proto.storage.names import MOST_TOLD


def chain(
    rows: Sequence[Mapping[str, Any]], empty: Builder, place: Callable[[int], str]
) -> Builder:
    """The sweep of some rows.

    Args:
        rows: the configs, of which there may be none.
        empty: the sweep of nothing yet, over its targets.
        place: where the row of an index stands, for error messages.

    >>> chain([{"lr": 0.1}, {"lr": 0.01}], Builder(), str)
    Sweep().chain({'lr': 0.1}, {'lr': 0.01})
    """
    if not rows:
        return empty.chain({}).slice(slice(0))
    try:
        return empty.chain(*rows)
    except SweepError as error:
        mistakes = error.mistakes[:MOST_TOLD]
        placed = [one if one.row is None else one.at(place(one.row)) for one in mistakes]
        raise together(placed) from error
