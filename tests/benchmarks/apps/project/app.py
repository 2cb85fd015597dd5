"""An app with the config tree of a project that trains models: see `conf/`."""

import hydra
from omegaconf import DictConfig, OmegaConf

OmegaConf.register_new_resolver("times", lambda a, b: a * b, replace=True)
OmegaConf.register_new_resolver("joined", lambda names, by: by.join(names), replace=True)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> None:
    pass


if __name__ == "__main__":
    main()
