"""Rows of a table or a file -> a Sweep: a chain, with the place of what is wrong in it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from params_proto.errors import SweepError, together
from params_proto.storage.mistakes import MOST_TOLD, fails, placed

if TYPE_CHECKING:
    from params_proto.sweep import Sweep


def chain(rows: Sequence[Mapping[str, Any]], empty: Sweep, place: Callable[[int], str]) -> Sweep:
    """The sweep of some rows.

    Args:
        rows: the configs, of which there may be none.
        empty: the sweep of nothing yet, over its targets.
        place: where the row of an index stands, for error messages.

    >>> from params_proto import Sweep
    >>> chain([{"lr": 0.1}, {"lr": 0.01}], Sweep(), str)
    Sweep().chain({'lr': 0.1}, {'lr': 0.01})
    """
    if not rows:
        return empty.chain({})[:0]
    try:
        return empty.chain(*rows)
    except SweepError as error:
        mistakes: list[str] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of an unknown name, which the whole call warned of
            for index, row in enumerate(rows):
                if fails(lambda row=row: empty.chain(row)):
                    before = [dict[str, Any]()] * index  # as it is named by its number
                    try:
                        empty.chain(*before, row)
                    except SweepError as own:
                        mistakes += placed(place(index), own)
                if len(mistakes) >= MOST_TOLD:
                    break
        raise (together(mistakes[:MOST_TOLD]) if mistakes else error) from error
