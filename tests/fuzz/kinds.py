"""The kinds of input, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz import sweep_files
from tests.fuzz.promises import Kind
from tests.fuzz.running import Tally, tally

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in [*sweep_files.KINDS]}


def tried(share: tuple[str, int, int], random: int) -> Tally:
    """Tries a share of the inputs of a kind, in whichever process.

    Args:
        share: the name of the kind, the number of the share, and how many inputs.
        random: the seed of all.
    """
    name, number, inputs = share
    return tally(KINDS[name], inputs, f"{random}-{name}-{number}")
