"""The kinds of input, by name."""

from __future__ import annotations

from collections.abc import Mapping

from tests.fuzz import commands, frames, keys, override_lines, records, sweep_files
from tests.fuzz.promises import Kind
from tests.fuzz.running import Tally, tally

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        sweep_files.KIND,
        override_lines.KIND,
        keys.KIND,
        frames.KIND,
        records.KIND,
        commands.KIND,
    )
}


def tried(share: tuple[str, int, int], random: int) -> Tally:
    """Tries a share of the inputs of a kind, in whichever process.

    Args:
        share: the name of the kind, the number of the share, and how many inputs.
        random: the seed of all.
    """
    name, number, inputs = share
    return tally(KINDS[name], inputs, f"{random}-{name}-{number}")
