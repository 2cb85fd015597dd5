"""Fields of every type: unions, enums, bytes, paths, optional ones; keys that are no text."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.compose.tree import Tree
from tests.strategies import Color


@dataclass
class Inner:
    number: "int | str" = 1
    color: Color = Color.RED


@dataclass
class Config:
    text: str = "text"
    whole: int = 1
    real: float = 1.0
    flag: bool = False
    raw: bytes = b"raw"
    path: Path = Path("a/b")
    color: Color = Color.BLUE
    maybe: "int | None" = None
    either: "int | bool | str" = 3
    either_or_none: "float | bool | None" = None
    anything: Any = Color.RED
    by_color: dict[Color, int] = field(default_factory=lambda: {Color.RED: 1})
    by_number: dict[int, str] = field(default_factory=lambda: {1: "a", -2: "b"})
    by_flag: dict[bool, Any] = field(default_factory=lambda: {True: 1})
    by_real: dict[float, int] = field(default_factory=lambda: {0.5: 1})
    by_bytes: dict[bytes, int] = field(default_factory=lambda: {b"k": 1})
    mixed: "dict[str, int | str]" = field(default_factory=lambda: {"a": 1, "b": "two"})
    colors: list[Color] = field(default_factory=lambda: [Color.RED])
    paths: list[Path] = field(default_factory=lambda: [Path("x")])
    pair: tuple[int, int] = (1, 2)
    table: dict[str, list[dict[str, int]]] = field(default_factory=lambda: {"t": [{"a": 1}]})
    optional: "list[int | None] | None" = field(default_factory=lambda: [1, None])
    inners: dict[int, Inner] = field(default_factory=lambda: {1: Inner()})


TREE = Tree(
    __file__,
    lines=(
        "color=RED",
        "color=red",
        "+by_color.BLUE=2",
        "by_color={RED: 5}",
        "+by_number.7=x",
        "~by_number.-2",
        "~by_number.1",
        "either_or_none=null",
        "maybe=null",
        "path=c/d",
        "paths=[a,b]",
        "colors=[RED,BLUE]",
        "mixed={a: b}",
        "+mixed.c=1",
        "pair=[3,4]",
        "pair=[3,x]",
        "table={t: [{a: 2}, {b: 3}]}",
        "+table.u=[]",
        "optional=null",
        "optional=[null,2]",
        "+inners.2={number: 3}",
        "+inner@deep=inner",
        "+inner@inners.1=inner",
        "whole='3'",
        "text=null",
        "anything=[1,{a: 2}]",
        "++anything.x=1",
        "anything={RED: 1}",
        "+over=one",
    ),
    master=("color=RED", "+over=one", "by_number.1=z"),
    nodes={"typed": Config, "inner/inner": Inner},
)
