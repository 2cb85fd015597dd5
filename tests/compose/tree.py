"""Config trees that cover every feature of Hydra's composition: see `trees/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_search_path_impl import ConfigSearchPathImpl
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from tests.versions import HYDRA_1_3

FOLDER = Path(__file__).parent / "trees"


@dataclass(frozen=True)
class Tree:
    """A config tree and its special properties.

    Args:
        file: the module that makes it, beside its `conf/`.
        lines: overrides of a job that the tree was written for; others follow from the configs.
        master: overrides that a multirun on it may have for all jobs.
        needs: overrides of which each job needs one.
        config: the primary config.
        nodes: its structured configs, as `group/option` or `group/option@package`.
        not_cacheable: whether Hydra itself is to compose most jobs.
        hydra_1_3: whether Hydra 1.3 has what the tree is about.
    """

    file: str
    lines: tuple[str, ...]
    master: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    config: str | None = "config"
    nodes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    not_cacheable: bool = False
    hydra_1_3: bool = True

    @property
    def name(self) -> str:
        return Path(self.file).parent.name

    @contextmanager
    def registered(self) -> Iterator[None]:
        """Within the block, the structured configs are those of this tree."""
        store = ConfigStore.instance()
        before = store.repo
        store.repo = deepcopy(before)
        for place, node in self.nodes.items():
            path, _, package = place.partition("@")
            group, _, name = path.rpartition("/")
            store.store(name, node, group=group or None, package=package or None)
        try:
            yield
        finally:
            store.repo = before

    def search_path(self) -> ConfigSearchPath:
        """What Hydra makes for an app whose `config_path` is the tree's."""
        path = ConfigSearchPathImpl()
        path.append("hydra", "pkg://hydra.conf")
        path.append("main", f"file://{Path(self.file).parent / 'conf'}")
        path.append("schema", "structured://")
        return path

    def hydras(self) -> ConfigLoaderImpl:
        """Hydra's own loader, with nothing read yet."""
        return ConfigLoaderImpl(self.search_path())

    @cached_property
    def groups(self) -> dict[str, list[str]]:
        """The options of each config group, by the beginning of its overrides."""
        loader = self.hydras()
        chosen = [str(key) for key in self._plain.hydra.runtime.choices if "hydra/" not in str(key)]
        held = {key.partition("@")[0] for key in chosen}
        keys = [*chosen, *[f"+{group}" for group in self._all_groups(loader) if group not in held]]
        options = {
            key: loader.get_group_options(key.removeprefix("+").partition("@")[0]) for key in keys
        }
        return {key: names for key, names in options.items() if names}

    @cached_property
    def values(self) -> dict[str, Any]:
        """The values of the config without overrides, including containers, by key."""
        config = self._plain.copy()
        config._set_flag(["readonly", "struct"], False)
        del config["hydra"]
        return dict(_walk(OmegaConf.to_container(config), ""))

    @cached_property
    def _plain(self) -> DictConfig:
        return self.hydras().load_configuration(self.config, [], RunMode.MULTIRUN)

    def _all_groups(self, loader: ConfigLoaderImpl, within: str = "") -> Iterator[str]:
        for name in loader.list_groups(within):
            group = f"{within}/{name}" if within else name
            if group not in ("hydra", "__pycache__"):
                yield group
                yield from self._all_groups(loader, group)


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if path:
        yield path, value
    inner = value.items() if isinstance(value, dict) else ()
    inner = enumerate(value) if isinstance(value, list) else inner
    for key, child in inner:
        key = getattr(key, "name", key)
        if isinstance(value, dict) and not isinstance(key, str):
            continue  # there is no override of it
        yield from _walk(child, f"{path}.{key}" if path else str(key))


def trees() -> list[Tree]:
    """All trees that this version of Hydra supports, by name."""
    names = sorted(path.parent.name for path in FOLDER.glob("*/tree.py"))
    found = [import_module(f"{__package__}.trees.{name}.tree").TREE for name in names]
    return [tree for tree in found if tree.hydra_1_3 or not HYDRA_1_3]
