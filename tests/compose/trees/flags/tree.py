"""Read-only and struct nodes: frozen classes, flags of stored nodes, open nodes in closed ones."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import OmegaConf

from tests.compose.tree import Tree


@dataclass(frozen=True)
class Frozen:
    fixed: int = 1
    inner: dict[str, int] = field(default_factory=lambda: {"a": 1})


@dataclass
class Config:
    seed: int = 0
    frozen: Frozen = field(default_factory=Frozen)
    part: Any = field(default_factory=dict)
    open: Any = field(default_factory=dict)


UNLOCKED = OmegaConf.create({"a": {"b": {"c": 1}}}, flags={"struct": False})
UNLOCKED.a._set_flag("struct", True)
UNLOCKED.a.b._set_flag(["struct", "readonly"], [False, False])
OBJECTS = OmegaConf.create({"a": 1}, flags={"allow_objects": True})
OBJECTS.a = {"b": 1}
OBJECTS._set_flag("mine", True)

TREE = Tree(
    __file__,
    lines=(
        "part=frozen",
        "part=readonly",
        "open.a.b={d: 1}",
        "+part.new=1",
        "++part.new=1",
        "~part.a",
        "part={a: 3}",
        "+frozen.inner.b=2",
        "frozen={fixed: 3}",
        "+other@frozen.more=one",
        "+other@part=one",
        "+other=one",
    ),
    master=("part=struct", "part@open=open", "seed=1"),
    nodes={
        "base": Config,
        "part/frozen": Frozen,
        "part/readonly": OmegaConf.create({"a": 1, "b": {"c": [1]}}, flags={"readonly": True}),
        "part/struct": OmegaConf.create({"a": 1, "b": {}}, flags={"struct": True}),
        "part/open": UNLOCKED,
        "part/objects": OBJECTS,
    },
)
