"""An app with a library that takes seconds to import, and jobs of given lengths."""

import os
import random
import time
from dataclasses import dataclass

import heavy
import hydra
from hydra.core.config_store import ConfigStore


@dataclass
class Config:
    x: int = 0
    seconds: float = 0.0
    spread: bool = False  # whether jobs take lognormal times around that


ConfigStore.instance().store(name="config", node=Config)


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config: Config) -> None:
    begin = heavy.now()
    factor = random.Random(config.x).lognormvariate(0, 1) if config.spread else 1.0
    time.sleep(config.seconds * factor)
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "-")
    file = os.open(os.environ["TOLD"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(file, f"{begin} {heavy.now()} {os.getppid()} {os.getpid()} {gpu}\n".encode())
    os.close(file)


if __name__ == "__main__":
    main()
