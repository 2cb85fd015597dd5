"""What is done with a sweep that was read: each part of it that a user would look at."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from params_proto import Sweep
from params_proto.algebra import steps
from params_proto.algebra.steps import Expression
from params_proto.overrides.literals import OverrideText
from params_proto.overrides.reading import parse
from params_proto.storage import sweep_from_steps, yaml_file
from params_proto.storage.to_steps import steps_to_mapping
from params_proto.storage.yaml_file import text_of
from tests.fuzz.promises import BrokenError

_FEW = 3


def use(sweep: Sweep) -> None:
    """Looks at a sweep, writes it as a file would hold it, and reads that.

    Raises:
        SweepError: what it holds has no word in YAML, or in an override.
        BrokenError: what is read is another sweep, or text has become an interpolation.
    """
    repr(sweep)
    hash(sweep)
    if not _filters(sweep.expression) and sweep.size:
        for at in (0, -1, sweep.size // 2):
            sweep[at]
    again = yaml_file.read(text_of(steps_to_mapping(sweep.expression)), "again.yaml")
    if sweep_from_steps(again.root, Sweep(*sweep.targets), where=again) != sweep:
        raise BrokenError("what was saved is read as another sweep", "", sweep)
    for config, lines in zip(islice(sweep, _FEW), sweep.overrides(), strict=False):
        for value, line in zip(config.values(), lines, strict=True):
            if type(value) is str:
                found = parse(line.partition("=")[2])
                if isinstance(found, OverrideText) or found != value:
                    raise BrokenError(f"the text {value!r} reaches a job as {line}", "", sweep)


def _filters(expression: Expression) -> bool:
    """Whether its size would take a pass over what it filters."""
    return any(isinstance(step, (steps.Exclude, steps.Where)) for step in _all(expression))


def _all(expression: Expression) -> Iterator[steps.Step]:
    for step in expression.steps:
        yield step
        for inner in getattr(step, "parts", ()) or [getattr(step, "inner", Expression(()))]:
            yield from _all(inner)
