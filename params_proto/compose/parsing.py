"""Overrides parsed once: the same lines come to validate a job, to launch it, and in other jobs."""

from __future__ import annotations

from collections.abc import Iterable

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from params_proto.compose.recent import Recent

# The lines of the jobs that are validated ahead, if each has one of its own.
_parsed: Recent[str, Override] = Recent(16_384)


def parsed(lines: Iterable[str]) -> list[Override]:
    """The overrides, which nobody may change.

    >>> [one.key_or_group for one in parsed(["lr=0.1", "+db=pg"])]
    ['lr', 'db']
    """
    return [_parsed.get(line, lambda line=line: _parse(line)) for line in lines]


def _parse(line: str) -> Override:
    return OverridesParser.create().parse_overrides([line])[0]
