"""The log of a job's earlier attempt, which stays when the job runs again in its directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from params_proto.multirun.context import changeable
from params_proto.multirun.directories import hydra_of

if TYPE_CHECKING:
    from omegaconf import DictConfig


def set_aside(config: DictConfig, number: int, directory: Path, attempt: int) -> None:
    """Renames the logs that a job's handlers would begin anew, `train.log` to `train.1.log`.

    Args:
        config: the job's.
        number: the job's.
        directory: the job's, from the root.
        attempt: the number of the attempt that has left them.
    """
    with changeable(config):  # as Hydra notes them before it makes the handlers
        config.hydra.job.num = number
        config.hydra.runtime.output_dir = str(directory)
    with hydra_of(config), suppress(OSError, OmegaConfBaseException):
        for path in _begun_anew(config):
            if path.is_file():
                path.rename(path.with_name(f"{path.stem}.{attempt}{path.suffix}"))


def _begun_anew(config: DictConfig) -> Iterator[Path]:
    handlers = OmegaConf.select(config, "hydra.job_logging.handlers")
    if not OmegaConf.is_dict(handlers):
        return
    for name in handlers:
        handler = handlers[name]
        if OmegaConf.is_dict(handler) and str(handler.get("mode")).startswith(("w", "x")):
            yield Path(str(handler.get("filename")))
