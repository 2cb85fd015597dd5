"""A plain Hydra app with config groups, a resolver and callbacks."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import hydra
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

OmegaConf.register_new_resolver("times", lambda a, b: a * b, replace=True)
log = logging.getLogger(__name__)


class Notes(Callback):
    def _note(self, text: str) -> None:
        with Path("notes").open("a") as notes:
            notes.write(f"{text}\n")

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._note("multirun starts")

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        self._note("multirun ends")

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._note(f"job {config.hydra.job.num} starts, id {config.hydra.job.id}")

    def on_job_end(self, config: DictConfig, job_return: Any, **kwargs: Any) -> None:
        self._note(f"job {config.hydra.job.num} ends {job_return.status.name}")


@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config: DictConfig) -> float:
    while config.get("waits") and not Path("go").exists():
        time.sleep(0.01)
    log.info(f"lr {config.lr}")
    if config.lr > 5:
        raise ValueError("too high")
    return config.lr * config.model.hidden


if __name__ == "__main__":
    main()
