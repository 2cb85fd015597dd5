"""An app whose jobs sleep for a moment, say when they begin and end, and return a function of x."""

import math
import os
import random
import time
from dataclasses import dataclass

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig


@dataclass
class Config:
    x: int = 0
    longest: float = 0.03  # seconds


ConfigStore.instance().store(name="config", node=Config)


def log_event(what: str) -> None:
    """Appends a line to a file in one piece, so that none is lost even with several processes."""
    job = os.path.basename(HydraConfig.get().runtime.output_dir)
    file = os.open("events", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.write(file, f"{what} {job} {os.getpid()}\n".encode())
    os.close(file)


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config: Config) -> object:
    log_event("begin")
    time.sleep(random.uniform(0, config.longest))
    log_event("end")
    return {"sine": math.sin(config.x), "text": f"\u00e9{config.x}", "list": [config.x, None]}


if __name__ == "__main__":
    main()
