"""Structured configs: inheritance, nested nodes, lists and dicts of nodes, files upon them."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import II, MISSING, SI

from tests.compose.tree import Tree


@dataclass
class Optimizer:
    lr: float = 0.1
    name: str = MISSING
    scale: Any = None


@dataclass
class Adam(Optimizer):
    name: str = "adam"
    betas: list[float] = field(default_factory=lambda: [0.9, 0.999])


@dataclass
class Sgd(Optimizer):
    name: str = "sgd"
    momentum: float = II("..momentum")


@dataclass
class Layer:
    width: int = 1
    kind: str = SI("layer of ${seed}")


@dataclass
class Net:
    layers: list[Layer] = field(default_factory=lambda: [Layer(), Layer(width=2)])
    named: dict[str, Layer] = field(default_factory=lambda: {"first": Layer(width=3)})
    by_size: dict[int, list[int]] = field(default_factory=lambda: {1: [1], 2: [1, 2]})
    inner: "Layer | None" = None
    free: dict[str, Any] = field(default_factory=dict)


@dataclass
class Config:
    optimizer: Optimizer = MISSING
    net: Net = field(default_factory=Net)
    momentum: float = 0.5
    seed: int = 0
    tags: list[str] = field(default_factory=lambda: ["a"])
    extra: Any = field(default_factory=lambda: {"a": 1})


TREE = Tree(
    __file__,
    lines=(
        "optimizer=sgd",
        "optimizer=tuned",
        "+schema=net",
        "+schema=net_here",
        "+experiment=stored",
        "+experiment=wide",
        "optimizer.betas=[1,2]",
        "+optimizer.momentum=1",
        "++optimizer.not_there=1",
        "optimizer={lr: 1}",
        "optimizer.name=null",
        "net.layers=[{width: 5}]",
        "net.layers=[{wide: 5}]",
        "net.layers.0={width: 7}",
        "+net.named.third={width: 1}",
        "+net.named.third.width=1",
        "net.named.first.width='5'",
        "net.inner={width: 3}",
        "net.inner=null",
        "net=null",
        "+net.by_size.3=[1]",
        "+net.by_size.x=[1]",
        "net.by_size={1: [7]}",
        "+net.free.x={y: [1]}",
        "net.free={a: 1}",
        "extra=null",
        "extra={b: 2}",
        "+extra.b=2",
        "~net.named.first",
        "~optimizer",
        "tags=[]",
    ),
    master=("optimizer=sgd", "+experiment=wide", "net.layers.0.width=7"),
    nodes={
        "base": Config,
        "optimizer/adam": Adam,
        "optimizer/sgd": Sgd,
        "optimizer/plain": Optimizer,
        "schema/net@net": Net,
        "schema/net_here@extra.net": Net,
        "experiment/stored@_global_": {"seed": 9, "net": {"named": {"second": {"width": 4}}}},
    },
)
