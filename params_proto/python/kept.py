"""What Hydra changes in a process while it runs an app, put back when that is over."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobRuntime
from hydra.version import VersionBase
from omegaconf import OmegaConf


@contextmanager
def singletons_kept() -> Generator[None, None, None]:
    """Within the block there is no app yet; afterwards there is the one that was there before."""
    current, config = GlobalHydra.instance(), HydraConfig.instance()
    runtime, base = JobRuntime.instance(), VersionBase.instance()
    before = current.hydra, config.cfg, runtime.conf, base.version_base
    current.hydra, config.cfg, runtime.conf = None, None, OmegaConf.create()
    try:
        yield
    finally:
        current.hydra, config.cfg, runtime.conf, base.version_base = before


@contextmanager
def process_kept() -> Generator[None, None, None]:
    """Comes back to the working directory, and to the environment, that a job may have changed."""
    directory, environment = os.getcwd(), dict(os.environ)
    try:
        yield
    finally:
        os.chdir(directory)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
