"""A primary config that is read-only as a whole, and a structured one: there is no file."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from tests.compose.tree import Tree


@dataclass
class Model:
    width: int = 1


@dataclass(frozen=True)
class Config:
    defaults: list[Any] = field(default_factory=lambda: [{"model": "small"}, "_self_"])
    seed: int = 0
    model: Model = MISSING
    free: dict[str, Any] = field(default_factory=dict)


TREE = Tree(
    __file__,
    lines=(
        "model=large",
        "model=from_file",
        "+free.a=1",
        "hydra.job.name=x",
        "hydra.job.chdir=true",
        "+hydra.job.env_set.A=b",
        "+hydra.own=1",
        "hydra/output=default",
        "+new=1",
        "~model",
    ),
    master=("model=large", "hydra.job.name=x"),
    nodes={"config": Config, "model/small": Model, "model/large": Model(width=9)},
)
