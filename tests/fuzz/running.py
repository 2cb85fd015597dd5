"""Tries thousands of inputs of a kind, and shrinks what breaks a promise."""

from __future__ import annotations

import logging
import os
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import FlakyFailure

from tests.fuzz import commands, frames, keys, override_lines, records, sweep_files
from tests.fuzz.promises import BrokenError, Kind, is_result

_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # a disk takes longer than a call
KINDS: Mapping[str, Kind] = {
    module.KIND.name: module.KIND
    for module in (sweep_files, override_lines, keys, frames, records, commands)
}
CHUNK = 1000  # inputs of one run of hypothesis, which remembers all that it has made


@dataclass
class Tally:
    """What became of some inputs.

    Args:
        results: how many ended in a result.
        refused: how many in a refusal.
        broken: what was broken, by where; each with the smallest input that breaks it.
        again: how many inputs broke it.
        seconds: that it all took.
    """

    results: int = 0
    refused: int = 0
    broken: dict[tuple[str, str], str] = field(default_factory=dict[Any, str])
    again: Counter[tuple[str, str]] = field(default_factory=Counter[Any])
    seconds: float = 0.0

    @property
    def inputs(self) -> int:
        return self.results + self.refused + sum(self.again.values())

    def note(self, error: BrokenError) -> None:
        """Records what broke a promise."""
        self.broken[error.signature] = str(error)
        self.again[error.signature] += 1

    def add(self, other: Tally) -> None:
        """Adds the results of others."""
        self.results += other.results
        self.refused += other.refused
        self.broken = {**other.broken, **self.broken}
        self.again += other.again
        self.seconds += other.seconds


def tried(share: tuple[str, int, int], random: int) -> Tally:
    """Tries a share of the inputs of a kind, in whichever process.

    Args:
        share: the name of the kind, the number of the share, and how many inputs.
        random: the seed of all.
    """
    name, share_number, inputs = share
    kind, seeds = KINDS[name], f"{random}-{name}-{share_number}"
    found = Tally()
    start = time.monotonic()
    number = 0
    with tempfile.TemporaryDirectory(prefix=f"fuzz-{kind.name}-", dir=_MEMORY) as folder, _quiet():
        while found.inputs < inputs:
            most = min(CHUNK, inputs - found.inputs)
            _chunk(kind, most, f"{seeds}-{number}", Path(folder), found)
            number += 1
    found.seconds = time.monotonic() - start
    return found


def _chunk(kind: Kind, inputs: int, random: str, folder: Path, found: Tally) -> None:
    """One run of hypothesis, which ends early where it finds something new that is broken."""
    last: list[BrokenError] = []

    @seed(random)
    @settings(
        max_examples=inputs,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(kind.inputs)
    def holds(one: Any) -> None:
        try:
            result = is_result(kind, one, folder)
        except BrokenError as error:
            if error.signature in found.broken:
                found.again[error.signature] += 1
                return
            last.append(error)
            raise
        found.results += result
        found.refused += not result

    try:
        holds()
    except BrokenError as error:  # of the smallest input, which comes last
        found.note(error)
    except FlakyFailure:  # the same input broke it once, and once it did not
        found.note(last[-1])


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """Without the warnings and the log of what thousands of inputs are."""
    logging.disable()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)
