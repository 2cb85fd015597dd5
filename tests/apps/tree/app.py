"""A third-party project: a tree of configs, a resolver, objects built in the job."""

from __future__ import annotations

from typing import Any

import hydra
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

OmegaConf.register_new_resolver("times", lambda a, b: a * b, replace=True)


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def train(config: DictConfig) -> dict[str, Any]:
    """Builds the model; returns the job's config and the result."""
    model = instantiate(config.model)
    built = {"width": model.width, "encoder": vars(model.encoder)}
    print(f"seed={config.seed} lr={config.trainer.lr} name={config.name} width={model.width}")
    return {"config": OmegaConf.to_container(config, resolve=True), "built": built}


if __name__ == "__main__":
    train()
