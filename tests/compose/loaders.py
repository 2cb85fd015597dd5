"""Hydra's own loader and the cached one, over one tree of configs."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from params_proto import compose
from params_proto.compose.loader import CachedLoader
from tests.compose.counting import counts
from tests.versions import HYDRA_1_3

TREE = {
    "config": "defaults: [_self_, db: mysql]\nlr: 0.1\nseed: 0\nlayers: [1, 2]\n",
    "db/mysql": "driver: mysql\nport: 3306\n",
    "db/pg": "driver: pg\nport: 5432\n",
}


def write(folder: Path, configs: Mapping[str, str]) -> Path:
    """Writes a tree of configs, by their names without `.yaml`."""
    for name, text in configs.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def append(folder: Path, text: str) -> None:
    """Adds to the primary config."""
    path = folder / "config.yaml"
    path.write_text(path.read_text() + text)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def hydras(folder: Path) -> ConfigLoaderImpl:
    return ConfigLoaderImpl(create_config_search_path(str(folder)))


def cached(folder: Path) -> CachedLoader:
    loader = compose.cached_loader(hydras(folder))
    compose.share_prefixes(loader)
    assert isinstance(loader, CachedLoader)
    return loader


def master(loader: ConfigLoaderImpl, *overrides: str, config_name: str = "config") -> DictConfig:
    """The config of a multirun."""
    return loader.load_configuration(config_name, [*overrides], RunMode.MULTIRUN)


def alive(kind: type) -> int:
    """The number of objects of a class that are held."""
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


class Compositions:
    """Counts the configs of jobs from now on, where prefixes are to be shared."""

    def __init__(self) -> None:
        self._before = counts.copy()

    @property
    def from_prefixes(self) -> int:
        return counts["from_prefixes"] - self._before["from_prefixes"]

    @property
    def by_hydra(self) -> int:
        return counts["by_hydra"] - self._before["by_hydra"]


def resolver(name: str, function: Callable[..., Any], use_cache: bool = False) -> None:
    """Registers a resolver, by the name that the function for it has in this OmegaConf."""
    register = "register_new_resolver" if HYDRA_1_3 else "register_resolver"
    getattr(OmegaConf, register)(name, function, use_cache=use_cache, replace=True)
