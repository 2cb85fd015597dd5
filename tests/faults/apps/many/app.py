"""An app for sweeps of many jobs, which do nothing."""

from dataclasses import dataclass

import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig


@dataclass
class Config:
    x: int = 0
    y: int = 0


ConfigStore.instance().store(name="config", node=Config)


@hydra.main(version_base="1.3", config_path=None, config_name="config")
def main(config: Config) -> object:
    return HydraConfig.get().job.num


if __name__ == "__main__":
    main()
