"""An app with its own dataclasses, which still work when its jobs have returned."""

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
