"""An app with the config tree of a project that trains models: see `conf/`."""

from collections.abc import Iterable

import hydra
from omegaconf import DictConfig, OmegaConf


def times(a: float, b: float) -> float:
    return a * b


def joined(names: Iterable[str], by: str) -> str:
    return by.join(names)


OmegaConf.register_new_resolver("times", times)
OmegaConf.register_new_resolver("joined", joined)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def main(config: DictConfig) -> None:
    pass


if __name__ == "__main__":
    main()
