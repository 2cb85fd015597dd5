"""An app in this process, with a multirun's config and no launcher."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from hydra import version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_loader import ConfigLoader
from hydra.core.plugins import Plugins
from hydra.core.utils import setup_globals
from hydra.plugins.launcher import Launcher
from hydra.types import RunMode
from omegaconf import DictConfig, open_dict

from params_proto.compose import cached_loader
from params_proto.multirun import AppContext
from tests.compose.loaders import write
from tests.multirun.conftest import CONFIGS
from tests.versions import HYDRA_1_3

NO_LAUNCHER = cast("Launcher", None)
"""For a dry run, which launches nothing."""


class Multirun(NamedTuple):
    """A multirun, as far as Hydra has composed it."""

    config: DictConfig
    loader: ConfigLoader

    @property
    def context(self) -> AppContext:
        return AppContext(self.config, self.loader, _task)


def _task(config: DictConfig) -> None:
    """A task that is never run."""


@cache
def loader(folder: Path) -> ConfigLoader:
    """Hydra's over a tree of configs, which is written; each job's config is a copy."""
    Plugins.instance()
    setup_globals()
    if HYDRA_1_3:
        version.setbase("1.3")
    write(folder / "conf", CONFIGS)
    return cached_loader(ConfigLoaderImpl(create_config_search_path(str(folder / "conf"))))


@cache
def _composed(folder: Path, overrides: tuple[str, ...]) -> DictConfig:
    lines = [f"hydra.sweep.dir={folder}/out", "hydra/sweeper=params_proto", *overrides]
    config = loader(folder).load_configuration("config", lines, RunMode.MULTIRUN)
    with open_dict(config):
        config.hydra.runtime.cwd = str(folder)
        config.hydra.job.name = "app"
    return config


def multirun(folder: Path, overrides: Sequence[str] = (), sweep: Any = None) -> Multirun:
    """A multirun of the app.

    Args:
        folder: of the app.
        overrides: those of Hydra.
        sweep: what stands at `hydra.sweeper.sweep`.
    """
    config = _composed(folder, tuple(overrides))
    with open_dict(config):
        config.hydra.sweeper.sweep = sweep
    return Multirun(config, loader(folder))
