"""A script's classes where the script is not: what a worker makes of them."""

from __future__ import annotations

import dataclasses
import pickle
from typing import Any

import cloudpickle

from params_proto.app.by_value import annotations_of, settle
from params_proto.fields import describe

SCRIPT = """\
from __future__ import annotations
from dataclasses import dataclass, field
from typing import Callable, NamedTuple

@dataclass
class Inner:
    rate: float = 0.5

@dataclass
class Outer:
    many: tuple[Inner, ...]
    maker: Callable[[int], Pair] | None = None
    names: list[str] = field(default_factory=list)

class Pair(NamedTuple):
    x: int = 1

def train(outer, other=Inner()): ...
train.__annotations__["outer"] = Outer
"""


def test_the_classes_are_as_they_were():
    import sys

    main = sys.modules["__main__"]
    script: dict[str, Any] = {"__name__": "__main__"}
    exec(SCRIPT, script)
    outer, inner, pair = (script[name] for name in ("Outer", "Inner", "Pair"))
    added = [name for name in script if name[0] != "_" and not hasattr(main, name)]
    for name in added:
        setattr(main, name, script[name])
    try:
        annotations = annotations_of([describe(script["train"])])
        settle(annotations)  # here they are the script's own, and stay as they are
        assert outer.__annotations__["many"] == "tuple[Inner, ...]"
    finally:
        for name in added:
            delattr(main, name)
    assert set(annotations) == {outer, inner, pair}

    # By value, as a launcher takes them there and their objects back: a known class is set anew.
    assert pickle.loads(cloudpickle.dumps(outer)) is outer
    many, _, names = dataclasses.fields(outer)
    assert many.default is many.default_factory is names.default is dataclasses.MISSING
    settle(annotations)

    assert outer.__annotations__["many"] == tuple[inner, ...] == many.type
    assert pair.__annotations__ == {"x": int}
    assert names.default_factory is list
    assert describe(outer).fields["many"].annotation == tuple[inner, ...]


def test_classes_of_modules_find_their_names_themselves():
    def train(value: Module, number: int = 1): ...

    assert annotations_of([describe(train)]) == {}


@dataclasses.dataclass
class Module:
    x: int = 1
