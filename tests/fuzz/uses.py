"""Uses every part of a sweep that was read."""

from __future__ import annotations

from itertools import islice

from params_proto import Sweep
from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.overrides.parse import parse
from params_proto.overrides.render import OverrideText
from params_proto.storage.plain import sweep_from_steps
from params_proto.storage.yaml_file import Document, dump_yaml
from tests.fuzz.promises import BrokenError

_FEW = 3


def use(sweep: Sweep) -> None:
    """Looks at a sweep, writes it as a file would contain it, and reads that.

    Raises:
        SweepError: what it holds has no word in YAML, or in an override.
        BrokenError: what is read is another sweep, or text has become an interpolation.
    """
    repr(sweep)
    hash(sweep)
    if not sweep.expression.filters and sweep.size:
        for at in (0, -1, sweep.size // 2):
            sweep[at]
    again = Document(dump_yaml(sweep.expression.plain()), "again.yaml")
    read = sweep_from_steps(again.root, Builder(Scope.of(sweep.targets)), where=again)
    if read.expression != sweep.expression:
        raise BrokenError("what was saved is read as another sweep", "", sweep)
    for config, lines in zip(islice(sweep, _FEW), sweep.overrides(), strict=False):
        for value, line in zip(config.values(), lines, strict=True):
            if type(value) is str:
                found = parse(line.partition("=")[2])
                if isinstance(found, OverrideText) or found != value:
                    raise BrokenError(f"the text {value!r} reaches a job as {line}", "", sweep)
