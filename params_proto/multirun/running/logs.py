"""The log of a job's earlier attempt, which stays when the job runs again in its directory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

# Hydra's own handler appends. To parse each job's file would take thirty milliseconds.
_BEGINS_ANEW = re.compile(r"^\s*mode: ['\"]?[wx]", re.MULTILINE)


def set_aside(config: Path, attempt: int) -> None:
    """Renames the logs that a job's handlers would begin anew, `train.log` to `train.1.log`.

    Args:
        config: the file that the attempt has left, `.hydra/hydra.yaml` in its directory.
        attempt: its number.
    """
    with suppress(OSError, UnicodeDecodeError, YAMLError, OmegaConfBaseException):
        text = config.read_text("utf-8")
        if not _BEGINS_ANEW.search(text):
            return
        for path in _begun_anew(text):
            if path.is_file():
                path.rename(path.with_name(f"{path.stem}.{attempt}{path.suffix}"))


def _begun_anew(text: str) -> Iterator[Path]:
    handlers = OmegaConf.select(OmegaConf.create(text), "hydra.job_logging.handlers")
    if not OmegaConf.is_dict(handlers):
        return
    for name in handlers:
        handler = handlers[name]
        if OmegaConf.is_dict(handler) and str(handler.get("mode")).startswith(("w", "x")):
            yield Path(str(handler.get("filename")))
