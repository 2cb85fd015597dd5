"""Types of a Sweep and of its table. Not run: `make typecheck` reads this file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, assert_type

import pandas as pd
from omegaconf import DictConfig

from params_proto import Sweep, proto, results, summarize


@proto.cli
def train(lr: float = 0.001, seed: int = 0) -> float:
    return lr * seed


def plain(lr: float = 0.001) -> None: ...


sweep = Sweep(train, plain)

# each method gives a Sweep, so that an editor completes the next
assert_type(sweep.product(lr=[0.1, 0.01]), Sweep)
assert_type(sweep.product({"model.lr": [1]}, seed=range(3)), Sweep)
assert_type(sweep.zip(lr=(0.1, 0.01), seed=[1, 2]), Sweep)
assert_type(sweep.chain({"lr": 0.1}, Sweep().set(lr=0.2)), Sweep)
assert_type(sweep.set({"a.b": None}, seed=1), Sweep)
assert_type(sweep.repeat(3), Sweep)
assert_type(sweep.exclude(lr=0.1, seed=[1, 2]), Sweep)
assert_type(sweep.where(lambda config: config["lr"] > 0.1), Sweep)
assert_type(sweep.derive(name="lr{lr}", twice=lambda config: config["lr"] * 2), Sweep)
assert_type(sweep.shuffle(seed=1), Sweep)
assert_type(sweep.sample(10, seed=1), Sweep)
assert_type(sweep * {"lr": [0.1]}, Sweep)
assert_type({"lr": [0.1]} * sweep, Sweep)
assert_type(sweep * sweep + sweep, Sweep)
assert_type(sweep**3, Sweep)
assert_type(sweep % {"seed": 42}, Sweep)
sweep.prodct(lr=[0.1])  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
sweep.product(lr=0.1)  # pyright: ignore[reportArgumentType]
sweep.product({"lr": 0.1})  # pyright: ignore[reportArgumentType]
sweep.zip(lr=0.1)  # pyright: ignore[reportArgumentType]
sweep.derive(name=1)  # pyright: ignore[reportArgumentType]
sweep.chain([{"lr": 0.1}])  # pyright: ignore[reportArgumentType]
sweep.repeat("3")  # pyright: ignore[reportArgumentType]
sweep.sample()  # pyright: ignore[reportCallIssue]
sweep.where(lambda: True)  # pyright: ignore[reportArgumentType]
print(sweep + 1)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
print(sweep * 3)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
print({1, 2} * sweep)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
print(sweep % 42)  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]
print(sweep ** "3")  # pyright: ignore[reportOperatorIssue, reportUnknownArgumentType]

# it is a sequence of dicts
assert_type(len(sweep), int)
assert_type(sweep.size, int)
assert_type(sweep[0], dict[str, Any])
assert_type(sweep[::2], Sweep)
assert_type(iter(sweep), Iterator[dict[str, Any]])
assert_type([config for config in sweep], list[dict[str, Any]])  # noqa: C416
assert_type(list(reversed(sweep)), list[dict[str, Any]])
assert_type({"lr": 0.1} in sweep, bool)
assert_type(sweep.index({"lr": 0.1}), int)
assert_type(sweep.keys, tuple[str, ...])
assert_type(sweep.targets, tuple[Any, ...])
as_sequence: Sequence[dict[str, Any]] = sweep
for config in sweep:
    assert_type(train(**config), float)
sweep["lr"]  # pyright: ignore[reportCallIssue, reportArgumentType]
sweep.size = 3  # pyright: ignore[reportAttributeAccessIssue]

# files, frames and Hydra
assert_type(sweep.save(Path("sweep.yaml")), None)
assert_type(Sweep.load("sweep.yaml", train, config_dir="conf"), Sweep)
assert_type(sweep.to_dataframe(), pd.DataFrame)
assert_type(Sweep.from_dataframe(sweep.to_dataframe()), Sweep)
assert_type(list(sweep.overrides()), list[list[str]])
assert_type(Sweep.from_overrides(["lr=0.1,0.01"], train), Sweep)
assert_type(sweep.compose("conf", "train", overrides=["seed=1"]), Iterator[DictConfig])
Sweep.load()  # pyright: ignore[reportCallIssue]

# what came out
table = results("multirun/a", Path("multirun/b"))
assert_type(table, pd.DataFrame)
assert_type(summarize(table, "loss", over="seed"), pd.DataFrame)
