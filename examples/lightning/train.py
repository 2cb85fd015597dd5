"""Build what the config names, fit it, test it."""

import logging

import hydra
import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig

log = logging.getLogger(__name__)


@hydra.main(version_base="1.3", config_path="conf", config_name="train")
def train(config: DictConfig) -> dict[str, float]:
    """Fits a model; returns its accuracy and its loss on points that it has not seen."""
    rng = np.random.default_rng(config.seed)
    data = instantiate(config.data)
    model = instantiate(config.model, rng=rng)
    optimizer = instantiate(config.optimizer, parameters=model.parameters)
    trainer = instantiate(config.trainer, rng=rng)

    trainer.fit(model, data, optimizer)

    metrics = trainer.test(model, data)
    given = " ".join(HydraConfig.get().overrides.task)
    log.info(f"accuracy={metrics['accuracy']:.4f} loss={metrics['loss']:.4f}  {given}")
    return metrics


if __name__ == "__main__":
    train()
