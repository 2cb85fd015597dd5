"""The shared prefix of jobs' configs: Hydra's composition up to the job's own values.

Jobs with the same choices of groups share a prefix, which Hydra's own code composes from plain
files and structured configs. What may differ in the next job is not cacheable, and is left to
Hydra: a resolver that decides what is composed, and an override of what Hydra fills in last.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import astuple, replace
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from hydra import version
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.defaults_list import Overrides
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime
from hydra.plugins.config_source import ConfigResult
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf._utils import split_key

from params_proto.compose.clone import children, clone
from params_proto.compose.sources import unknown_source

if TYPE_CHECKING:
    from params_proto.compose.loader import CachedLoader

# The most nodes in all kept prefixes together. A job is composed twice, to check it and to launch
# it; even if each has a prefix of its own, most are still there the second time. A node takes some
# 650 bytes, so this is 64 MiB: hundreds of prefixes, or tens of a large config.
_NODES = 100_000

_RESOLVER = re.compile(r"\$\{\s*[\w.]+\s*:")
# The keys of the node hydra that Hydra fills in after a job's values.
_FILLED_IN = ("overrides", "runtime")

# Hydra 1.3's; Hydra 1.4 has a resolver for it.
_overrides_dirname: Any = getattr(config_loader_impl, "get_overrides_dirname", None)


class NotCacheableError(Exception):
    """A config that may differ from Hydra's if composed from a prefix."""


class ConfigPrefix(NamedTuple):
    """The shared prefix of jobs with the same choices of groups.

    Args:
        config: the config before a job's values.
        filled_in: the nodes of `hydra` that Hydra fills in after them, as far as jobs share them.
        nodes: the number of nodes.
    """

    config: DictConfig
    filled_in: dict[str, Any]
    nodes: int


def prefixes_of(loader: CachedLoader, config_name: str | None, lines: Sequence[str]) -> Prefixes:
    """The prefixes for a primary config and the search path in the overrides."""
    paths = [line for line in lines if "hydra.searchpath" in line]
    prefixes = loader.repository.prefixes
    where = (config_name, *paths)
    if where not in prefixes:
        prefixes[where] = Prefixes(loader, config_name, paths)
    return prefixes[where]


class Prefixes:
    """Composes prefixes, and keeps the most recently used ones.

    Args:
        loader: the loader that composes from them.
        config_name: the primary config.
        paths: the overrides that set the search path.
    """

    def __init__(self, loader: CachedLoader, config_name: str | None, paths: list[str]) -> None:
        parsed = ConfigLoaderImpl._parse_overrides_and_create_caching_repo(
            loader, config_name, paths
        )
        self._repository: Any = parsed[1].delegate  # over the whole search path
        if (unknown := unknown_source(self._repository.get_sources())) is not None:
            raise NotCacheableError(unknown)
        self._search_path = loader.config_search_path
        self._config_name = config_name
        self._kept: OrderedDict[tuple[object, ...], ConfigPrefix | str] = OrderedDict()
        self._lock = Lock()  # a launcher may compose in threads
        self._loaded: dict[tuple[object, ...], ConfigResult] = {}
        self._read = lru_cache(_NODES // 10)(self._parsed)  # each takes as much memory as ten nodes

    def compose(self, shared: Sequence[str], own: Sequence[str]) -> DictConfig:
        """Composes a job from the overrides shared by all jobs and its own."""
        shared_overrides, job_overrides = [*map(self._read, shared)], [*map(self._read, own)]
        groups = [override for override, chooses in job_overrides if chooses]
        key = (version.getbase(), *shared, None, *[override.input_line for override in groups])
        prefix = self._kept.get(key)
        if prefix is None:
            groups = [*[override for override, chooses in shared_overrides if chooses], *groups]
            values = [override for override, chooses in shared_overrides if not chooses]
            prefix = self._compose_prefix(shared, groups, values)
        nodes = 1 if isinstance(prefix, str) else prefix.nodes
        with self._lock:
            self._kept[key] = prefix
            self._kept.move_to_end(key)
            while len(self._kept) > max(1, _NODES // nodes):  # all have about as many nodes
                self._kept.popitem(last=False)
        if isinstance(prefix, str):
            raise NotCacheableError(prefix)
        config = clone(prefix.config)
        values = [override for override, chooses in job_overrides if not chooses]
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
        self._fill_in(config, prefix, [override for override, _ in job_overrides])
        return config

    def _parsed(self, line: str) -> tuple[Override, bool]:
        """An override, and whether it chooses a group's option, by Hydra's rule, or a value."""
        override = OverridesParser.create().parse_overrides([line])[0]
        if override.is_sweep_override():
            raise NotCacheableError(f"{line} is a sweep")
        key, *below = split_key(override.key_or_group)
        if key == "hydra" and (not below or below[0] in ("aliases", *_FILLED_IN)):
            raise NotCacheableError(f"{line} changes what Hydra fills in last")
        chooses = not Overrides(self._repository, [override]).config_overrides
        if chooses and _RESOLVER.search(line):
            raise NotCacheableError(f"a resolver chooses in {line}")
        return override, chooses

    def _compose_prefix(
        self, shared: Sequence[str], groups: list[Override], values: list[Override]
    ) -> ConfigPrefix | str:
        repository = CachingConfigRepository(self._repository)
        composition = _Composition(self._search_path, repository, groups, self._loaded)
        try:
            whole = composition._load_configuration_impl(self._config_name, [], RunMode.RUN)
        except NotCacheableError as error:
            return str(error)  # the error itself would keep all that was composed, in its traceback
        config, nodes = composition.merged
        OmegaConf.set_struct(config, True)
        OmegaConf.set_readonly(config.hydra, False)
        ConfigLoaderImpl._apply_overrides_to_config(values, config)
        lines = whole.hydra.overrides
        lines.task.clear()  # the choices of groups, which each job lists itself
        lines.hydra.clear()
        lines.hydra.extend(shared)
        filled_in = {name: whole.hydra._get_node(name) for name in _FILLED_IN}
        return ConfigPrefix(config, filled_in, nodes)

    def _fill_in(self, config: DictConfig, prefix: ConfigPrefix, own: Sequence[Override]) -> None:
        """Does what Hydra does after applying a job's values."""
        # Each node is looked up once: a look-up costs OmegaConf as much as a value.
        hydra = config.hydra
        for name, node in prefix.filled_in.items():
            vars(hydra)["_content"][name] = clone(node, hydra)
        job, lines = hydra.job, hydra.overrides
        hydra_overrides, task_overrides = lines.hydra, lines.task
        for override in own:
            known = hydra_overrides if override.is_hydra_override() else task_overrides
            known.append(override.input_line)
        with open_dict(hydra):
            for key in job.env_copy:
                job.env_set[key] = os.environ[key]
        hydra.runtime.cwd = os.getcwd()
        if "name" not in job:
            job.name = JobRuntime().get("name")
        if _overrides_dirname is not None:
            job.override_dirname = _overrides_dirname(
                [override for override in own if not override.is_hydra_override()],
                **job.config.override_dirname,
            )
        job.config_name = self._config_name


class _Composition(ConfigLoaderImpl):
    """One composition by Hydra, which keeps the config before a job's values.

    Args:
        search_path: where to look for configs.
        repository: the configs there.
        groups: the overrides that choose groups.
        loaded: the configs of earlier compositions, each in its package.
    """

    def __init__(
        self,
        search_path: Any,
        repository: Any,
        groups: list[Override],
        loaded: dict[tuple[object, ...], ConfigResult],
    ) -> None:
        self.config_search_path = search_path
        self.repository = repository
        self.merged: tuple[DictConfig, int]
        self._active_repository = None  # Hydra 1.4's
        self._groups = groups
        self._loaded = loaded

    def _parse_overrides_and_create_caching_repo(
        self, config_name: str | None, overrides: list[str], *_: Any
    ) -> tuple[list[Override], Any]:
        return self._groups, self.repository

    def _compose_config_from_defaults_list(self, *arguments: Any, **named: Any) -> DictConfig:
        config = super()._compose_config_from_defaults_list(*arguments, **named)
        self.merged = clone(config), _count(config)
        return config

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        key = astuple(default)
        if key not in self._loaded:
            self._loaded[key] = super()._load_single_config(default, repo)
        result = self._loaded[key]
        if _RESOLVER.search(repr(result.defaults_list)):
            raise NotCacheableError(f"a resolver chooses in {result.defaults_list}")
        return replace(result, config=clone(result.config))  # Hydra merges it without a copy


def _count(node: Any) -> int:
    """Counts the nodes of a config; raises if one is in two places, which a copy would lose."""
    count = 1
    for child in children(node).values():
        if child.__dict__["_parent"] is not node:
            raise NotCacheableError(f"{child._get_full_key(None)} is in two places")
        count += _count(child)
    return count
