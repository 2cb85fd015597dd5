"""An app of dataclasses of its own, which it can still make when its jobs have come back."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from params_proto import proto


@dataclass
class Layer:
    width: int
    rates: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Net:
    layers: tuple[Layer, ...] = ()
    last: Layer | None = None


@proto.cli
def train(net: Net = Net()):
    return replace(net, last=Layer(len(net.layers))), os.getpid()


if __name__ == "__main__":
    train()
    print(Layer(3), Net())
