"""An app with only one flat config."""

import hydra
from omegaconf import DictConfig


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config: DictConfig) -> None:
    pass


if __name__ == "__main__":
    main()
