"""Missing values and none: in files, in structured configs, whole nodes, set to `???` again."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from tests.compose.tree import Tree


@dataclass
class Node:
    must: int = MISSING
    may: "int | None" = None
    more: "Node | None" = None


@dataclass
class Config:
    node: Node = field(default_factory=Node)
    later: Node = MISSING
    items: list[int] = MISSING
    maybe: "dict[str, int] | None" = None
    any: Any = MISSING
    plain: Any = None
    again: Any = None
    copy: Any = None
    by_name: "dict[str, Node | None]" = field(default_factory=lambda: {"none": None})


TREE = Tree(
    __file__,
    lines=(
        "node.must=1",
        "node.must=???",
        "node.more={must: 1}",
        "node.more.must=1",
        "node.more=null",
        "node=null",
        "node=???",
        "+node@later=node",
        "+node@later=filled",
        "+node@node=filled",
        "later={must: 3}",
        "+later.must=3",
        "items=[1]",
        "items=[]",
        "maybe={a: 1}",
        "+maybe.a=1",
        "any={a: 1}",
        "++any.a.b=1",
        "any=null",
        "by_name.none={must: 1}",
        "+by_name.some={must: ???}",
        "plain=null",
        "plain.none={a: 1}",
        "~later",
        "~plain.none",
        "~plain.missing",
        "~any",
        "+fill=all",
        "again=${node.must}",
    ),
    master=("+fill=all", "node.must=4", "+node@later=filled"),
    nodes={"base": Config, "node/node": Node, "node/filled": Node(must=1, more=Node(must=2))},
)
