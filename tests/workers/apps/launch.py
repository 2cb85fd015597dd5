"""Launches the same sweep with and without workers."""

from __future__ import annotations

import sys

from params_proto import Sweep

factor = 3


def scaled(x: float) -> float:
    return x * factor


def train(lr: float = 0.1, seed: int = 0):
    print(f"a job with lr={lr}")
    return {"loss": scaled(lr) + seed}


if __name__ == "__main__":
    sweep = Sweep(train).product(lr=[1, 2], seed=[3, 4])
    for name, options in (("plain", {}), ("out", {"workers": 1})):
        frame = sweep.launch(sweep_dir=name, **options)
        print(frame[["job", "lr", "seed", "loss"]].to_csv(index=False))
        print(f"{name} has returned", file=sys.stderr)
