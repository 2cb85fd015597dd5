"""What the configs of jobs have in common: Hydra's composition up to where a job's values come.

Jobs with the same choices of groups share a prefix. Hydra's own code makes it, of plain files and
structured configs. What may be another in the next job is not cacheable, and Hydra composes it:
an interpolation that decides what is composed (in a defaults list, in the search path, or where a
later file merges a mapping into it), and an override of what Hydra fills in last.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any

from hydra import __version__, version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra._internal.defaults_list import Overrides, create_defaults_list
from hydra.conf import ConfigSourceInfo
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobRuntime
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf._utils import split_key

from params_proto.compose.sources import Repository, refuse_unknown
from params_proto.compose.template import children, clone
from params_proto.compose.versions import overrides_dirname

# A job is composed to be checked, and again to be launched: where each has a prefix of its own,
# those whose prefixes have no more nodes than this find theirs again. A node takes some 650 bytes:
# 64 MiB in all, for hundreds of prefixes or, of a large config, for tens.
_NODES = 100_000
_LEAST = 4  # prefixes, however large

_Path = tuple[Any, ...]

_RESOLVER = re.compile(r"\$\{\s*[\w.]+\s*:")
# Of the node hydra: what Hydra fills in after a job's values.
_FILLED_IN = ("overrides", "runtime")


class NotCacheableError(Exception):
    """A config that may differ from Hydra's if it is made from a prefix."""


_LINES = 16_384  # overrides that are remembered: those of the jobs that are validated ahead


@lru_cache(maxsize=_LINES)
def _parse(line: str) -> Override:
    return OverridesParser.create().parse_overrides([line])[0]


def parsed(lines: Iterable[str]) -> list[Override]:
    """The overrides, which nobody may change.

    >>> [one.key_or_group for one in parsed(["lr=0.1", "+db=pg"])]
    ['lr', 'db']
    """
    return [*map(_parse, lines)]


def is_search_path(override: Override) -> bool:
    """Whether an override says where to look for configs."""
    return override.key_or_group.startswith("hydra.searchpath")


@dataclass(eq=False, frozen=True)
class ConfigPrefix:
    """What the jobs with one choice of groups have in common.

    Args:
        config: as it is before a job's values.
        filled_in: the nodes of `hydra` that Hydra fills in after them, as far as jobs share that.
        config_name: the primary config.
        nodes: how many there are.
    """

    config: DictConfig
    filled_in: dict[str, Any]
    config_name: str | None
    nodes: int

    def job(self, own: Sequence[Override], values: Sequence[Override]) -> DictConfig:
        """The config of a job, made as Hydra does from here on.

        Args:
            own: all overrides of the job.
            values: those that choose no group.
        """
        config = clone(self.config)
        ConfigLoaderImpl._apply_overrides_to_config([*values], config)
        # Each node is looked up once: a look-up costs OmegaConf as much as a value.
        hydra = config.hydra
        for name, node in self.filled_in.items():
            vars(hydra)["_content"][name] = clone(node, hydra)
        of_job, lines = hydra.job, hydra.overrides
        of_hydra, of_task = lines.hydra, lines.task
        task = [override for override in own if not override.is_hydra_override()]
        for override in own:
            (of_hydra if override.is_hydra_override() else of_task).append(override.input_line)
        env_copy = of_job.env_copy
        if env_copy:
            with open_dict(hydra):
                for key in env_copy:
                    of_job.env_set[key] = os.environ[key]
        hydra.runtime.cwd = os.getcwd()
        if "name" not in of_job:
            of_job.name = JobRuntime().get("name")
        if overrides_dirname is not None:
            form = of_job.config.override_dirname
            of_job.override_dirname = overrides_dirname(
                overrides=task,
                kv_sep=form.kv_sep,
                item_sep=form.item_sep,
                exclude_keys=form.exclude_keys,
            )
        of_job.config_name = self.config_name
        return config


class Prefixes:
    """Makes the prefixes of one search path, and keeps those that jobs had last.

    Args:
        search_path: where to look for configs.
        copies: the directory of the files' copies; None to read them where they are.
    """

    def __init__(self, search_path: ConfigSearchPath, copies: Any) -> None:
        self.repository = Repository(search_path, copies)
        self._search_path = search_path
        self._kept: OrderedDict[tuple[object, ...], ConfigPrefix | str] = OrderedDict()
        self._repositories: dict[tuple[object, ...], CachingConfigRepository] = {}
        self._lock = Lock()  # a launcher may compose in threads
        self._chooses = lru_cache(maxsize=_LINES)(self._chooses_option)

    def compose(
        self, config_name: str | None, leading: Sequence[Override], own: Sequence[Override]
    ) -> DictConfig:
        """Composes a job.

        Args:
            config_name: the primary config.
            leading: the overrides that all jobs have, Hydra's own.
            own: those of the job.

        Raises:
            NotCacheableError: Hydra has to compose it.
            UnknownSourceError: the search path has a source that is none of Hydra's own.
            Exception: the composition fails.
        """
        paths = [*filter(is_search_path, leading)]
        where = (config_name, *[override.input_line for override in paths])
        if where not in self._repositories:
            self._repositories[where] = self._repository(config_name, paths)
        groups, values = [list[Override](), list[Override]()], [list[Override](), list[Override]()]
        for place, overrides in enumerate((leading, own)):
            for override in overrides:
                if place and is_search_path(override):
                    raise NotCacheableError(f"{override.input_line}: a search path of one job")
                chooses = self._chooses(where, str(override.input_line))
                (groups if chooses else values)[place].append(override)
        key = (version.getbase(), where, *[_lines(each) for each in (leading, groups[1])])
        prefix = self._kept.get(key) or self._made(config_name, leading, paths, groups, values[0])
        self._keep(key, prefix)
        if isinstance(prefix, str):
            raise NotCacheableError(prefix)
        return prefix.job(own, values[1])

    def _chooses_option(self, where: tuple[object, ...], line: str) -> bool:
        """Whether an override chooses a group's option, by Hydra's rule; else it is a value."""
        override = _parse(line)
        if override.is_sweep_override():
            raise NotCacheableError(f"{line} is a sweep")
        key, *below = split_key(override.key_or_group)
        if key == "hydra" and (not below or below[0] in ("aliases", *_FILLED_IN)):
            raise NotCacheableError(f"{line} changes what Hydra fills in last")
        return not Overrides(self._repositories[where], [override]).config_overrides

    def _keep(self, key: tuple[object, ...], prefix: ConfigPrefix | str) -> None:
        nodes = prefix.nodes if isinstance(prefix, ConfigPrefix) else 1
        with self._lock:
            self._kept[key] = prefix
            self._kept.move_to_end(key)
            while len(self._kept) > max(_LEAST, _NODES // nodes):  # others have about as many
                self._kept.popitem(last=False)

    def _made(
        self,
        config_name: str | None,
        leading: Sequence[Override],
        paths: Sequence[Override],
        groups: Sequence[Sequence[Override]],
        values: Sequence[Override],
    ) -> ConfigPrefix | str:
        try:
            repository = self._repository(config_name, paths)
            defaults = create_defaults_list(
                repo=repository,
                config_name=config_name,
                overrides_list=[*groups[0], *groups[1]],
                prepend_hydra=True,
                skip_missing=False,
            )
            choices: list[object] = [*_lines([*groups[0], *groups[1]])]
            choices += [one.defaults_list for one in repository.cache.values() if one is not None]
            for choice in map(repr, choices):
                if _RESOLVER.search(choice):
                    raise NotCacheableError(f"a resolver chooses in {choice}")
            composition = _Composition(self._search_path, repository)
            config = composition._compose_config_from_defaults_list(defaults.defaults, repository)
            OmegaConf.set_struct(config, True)
            OmegaConf.set_readonly(config.hydra, False)
            ConfigLoaderImpl._apply_overrides_to_config([*values], config)
            nodes = _count(config)
        except NotCacheableError as error:
            return str(error)  # which has not, as its traceback, all that was composed
        filled = clone(config).hydra
        filled.overrides.hydra.extend(_lines(leading))
        with open_dict(filled):
            filled.runtime.choices.update(defaults.overrides.known_choices)
        filled.runtime.version = __version__
        filled.runtime.version_base = version.getbase()
        filled.runtime.config_sources = [
            ConfigSourceInfo(path=source.path, schema=source.scheme(), provider=source.provider)
            for source in repository.get_sources()
        ]
        filled_in = {name: filled._get_node(name) for name in _FILLED_IN}
        return ConfigPrefix(config, filled_in, config_name, nodes)

    def _repository(
        self, config_name: str | None, paths: Sequence[Override]
    ) -> CachingConfigRepository:
        """Hydra's repository of one composition, with the search path that it asks for."""
        repository = CachingConfigRepository(self.repository)
        composition = _Composition(self._search_path, repository)
        composition.ensure_main_config_source_available()
        if config_name is not None:
            primary = repository.load_config(config_name)
            node = primary and OmegaConf.to_container(primary.config)
            for key in ("hydra", "searchpath"):
                node = node.get(key) if isinstance(node, dict) else node
            if node is not None and "${" in str(node):
                raise NotCacheableError("hydra.searchpath has an interpolation")
        composition._process_config_searchpath(config_name, [*paths], repository)
        refuse_unknown(repository.get_sources())
        return repository


def _lines(overrides: Iterable[Override]) -> tuple[str | None, ...]:
    return tuple([override.input_line for override in overrides])


class _Composition(ConfigLoaderImpl):
    """One run of Hydra's merging that watches where a mapping meets an interpolation."""

    def __init__(self, search_path: ConfigSearchPath, repository: Any) -> None:
        self.config_search_path = search_path
        self.repository = repository
        self._active_repository = None  # Hydra 1.4's
        self._interpolations: dict[_Path, str] = {}

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        result = super()._load_single_config(default, repo)
        for path, value in _walk(OmegaConf.to_container(result.config)):
            text = self._interpolations.pop(path, None)
            # Any other value takes the place of what the interpolation gives, whatever that is.
            if text is not None and isinstance(value, dict):
                raise NotCacheableError(f"{default.config_path} is merged into what {text} gives")
            if isinstance(value, str) and "${" in value:
                self._interpolations[path] = value
        return result


def _walk(value: Any, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    yield path, value
    for key, child in value.items() if isinstance(value, dict) else ():
        yield from _walk(child, (*path, key))


def _count(node: Any) -> int:
    """How many nodes there are.

    Raises:
        NotCacheableError: one stands in two places, which a copy could not tell.
    """
    count = 1
    for child in (children(node) or {}).values():
        if child.__dict__["_parent"] is not node:
            raise NotCacheableError(f"{child._get_full_key(None)} is in two places")
        count += _count(child)
    return count
