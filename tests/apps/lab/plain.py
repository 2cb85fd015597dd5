"""A Hydra app. It returns its config, and the process that it ran in."""

import os

import hydra
from omegaconf import OmegaConf


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def train(config):
    return OmegaConf.to_container(config), os.getpid()


if __name__ == "__main__":
    train()
