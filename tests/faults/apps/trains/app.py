"""An app that saves every epoch, and resumes from its newest checkpoint."""

import os
import random
import struct
import time
from dataclasses import dataclass

import hydra
from hydra.core.config_store import ConfigStore

from params_proto import job


@dataclass
class Config:
    seed: int = 0
    epochs: int = 100


ConfigStore.instance().store(name="config", node=Config)


def epoch(weights: list[float], number: int, seed: int) -> list[float]:
    """Trains one epoch; the result depends only on the weights, the epoch and the seed."""
    rng = random.Random(f"{seed}-{number}")
    return [0.9 * weight + rng.gauss(0, 1) for weight in weights]


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config: Config) -> object:
    this = job()
    number, weights = 0, [float(config.seed)] * 8
    newest = this.latest("epoch-*.bin")
    if newest is not None:
        number = int(newest.stem.partition("-")[2])
        weights = list(struct.unpack("8d", newest.read_bytes()))
    while number < config.epochs and not this.stopping:
        number += 1
        weights = epoch(weights, number, config.seed)
        time.sleep(0.01)
        draft = this.directory / "draft"
        draft.write_bytes(struct.pack("8d", *weights))
        draft.rename(this.directory / f"epoch-{number:04}.bin")
        with open("epochs", "a") as file:
            file.write(f"{config.seed} {number} {os.getpid()}\n")
    return {"weights": [weight.hex() for weight in weights], "epoch": number}


if __name__ == "__main__":
    main()
