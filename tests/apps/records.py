"""A job whose values are objects of the script's own classes. Without a guard."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from params_proto import proto


class Kind(enum.Enum):
    SMALL = 1
    LARGE = 2


class Pair(NamedTuple):
    x: int = 1
    y: float = 2.0


@dataclass
class Base:
    kinds: tuple[Kind, ...] = ()


@dataclass
class Inner(Base):
    rate: float = 0.5


@dataclass(frozen=True)
class Outer:
    size: int = 1
    inner: Inner = field(default_factory=Inner)
    many: Annotated[tuple[Inner, ...], "layers"] = ()


@proto.prefix
class Training:
    outer: Outer = Outer()
    pair: Pair = Pair()
    other: Outer | None = None
    act: Callable[[int], Inner] = print  # type: ignore


@proto.cli
def train(outer: Outer = Outer(3)):
    given = outer, Training.outer, Training.pair, Training.other, Training.act
    os.write(1, f"{given}\n".encode())


train()
