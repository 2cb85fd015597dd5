"""A job's config before its values: what all jobs with one choice of groups have in common."""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hydra import __version__, version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import CachingConfigRepository, IConfigRepository
from hydra.conf import ConfigSourceInfo
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import ResultDefault
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf, flag_override, open_dict

from params_proto.compose.defaults import expanded
from params_proto.compose.doubts import DoubtError, refuse_doubts
from params_proto.compose.factories import refuse_factories
from params_proto.compose.interpolations import Merged
from params_proto.compose.repository import Parsed
from params_proto.compose.sources import refuse_unknown
from params_proto.compose.template import IrregularError, Template


@dataclass(eq=False)
class Base:
    """What a job's config begins with.

    Args:
        template: strikes the config, in which Hydra's own fields are filled in as far as all jobs
            share them.
        config_name: the primary config.
        seen: whether a job was composed from it, of which it was decided whether to compare it.
    """

    template: Template
    config_name: str | None
    seen: bool = False


class Start(NamedTuple):
    """The files at the head of a defaults list, merged: Hydra's own, which stay the same."""

    template: Template
    merged: Merged


class Bases(ConfigLoaderImpl):
    """Makes bases: Hydra's own composition up to where a job's values come.

    Args:
        search_path: where to look for configs.
        repository: gives the files.
    """

    def __init__(self, search_path: ConfigSearchPath, repository: Parsed) -> None:
        self.config_search_path = search_path
        self.repository = repository
        self._active_repository = None
        self._starts: dict[tuple[object, ...], Start | None] = {}
        self._met: set[tuple[object, ...]] = set()

    def places(
        self, config_name: str | None, leading: Sequence[Override]
    ) -> CachingConfigRepository:
        """The repository of a composition, with the search path that it asks for.

        Raises:
            DoubtError: it may ask for another one next time.
            UnknownSourceError: it has a source that is none of Hydra's own.
        """
        self.ensure_main_config_source_available()
        repository = CachingConfigRepository(self.repository)
        if config_name is not None:
            primary = repository.load_config(config_name)
            if primary is not None and _asks_for_another_path(primary.config):
                raise DoubtError("hydra.searchpath has an interpolation")
        self._process_config_searchpath(config_name, [*leading], repository)
        refuse_unknown(repository.get_sources())
        return repository

    def base(
        self,
        config_name: str | None,
        leading: Sequence[Override],
        groups: Sequence[Override],
    ) -> Base:
        """Makes a base.

        Args:
            config_name: the primary config.
            leading: the overrides that all jobs have, groups among them.
            groups: the choices of groups, those in `leading` as well.

        Raises:
            DoubtError: one cannot be made.
            Exception: the composition fails.
        """
        repository = self.places(config_name, leading)
        defaults = expanded(
            repo=repository,
            config_name=config_name,
            overrides_list=[*groups],
            prepend_hydra=True,
            skip_missing=False,
        )
        composition = _Composition(self, repository)
        config = composition.composed(defaults.defaults)
        OmegaConf.set_struct(config, True)
        OmegaConf.set_readonly(config.hydra, False)
        chosen = [id(one) for one in groups]
        for override in leading:
            if id(override) not in chosen:
                refuse_doubts(override, config)
                self._apply_overrides_to_config([override], config)
        _fill(config, leading, defaults.overrides.known_choices, repository)
        try:
            return Base(Template(config), config_name)
        except IrregularError as error:
            raise DoubtError(str(error)) from error

    def start(self, defaults: Sequence[ResultDefault], repository: Any) -> Start | None:
        """The head of a defaults list, merged; None if it comes once so far, or is not to copy."""
        key = (*map(repr, repository.get_sources()), *map(repr, defaults))
        if key not in self._met:  # a sweep of one base needs none
            self._met.add(key)
            return None
        if key not in self._starts:
            composition = _Composition(self, CachingConfigRepository(repository.delegate))
            try:
                template = Template(composition.merge(defaults))
                self._starts[key] = None if template.cache else Start(template, composition.merged)
            except IrregularError:
                self._starts[key] = None
        return self._starts[key]


class _Composition(ConfigLoaderImpl):
    """One run of Hydra's merging that watches which interpolations it meets."""

    def __init__(self, bases: Bases, repository: CachingConfigRepository) -> None:
        self._bases = bases
        self._repository = repository
        self._start: Start | None = None
        self.merged = Merged()

    def composed(self, defaults: list[ResultDefault]) -> DictConfig:
        """The merged configs of a defaults list."""
        head = _head(defaults)
        self._start = self._bases.start(defaults[:head], self._repository) if head else None
        if self._start is not None:
            self.merged = self._start.merged.copy()
            defaults = [ResultDefault(config_path=_START), *defaults[head:]]
        return self._compose_config_from_defaults_list(defaults, self._repository)

    def merge(self, defaults: Sequence[ResultDefault]) -> DictConfig:
        """The same, as it is while more is to be merged."""
        config = OmegaConf.create()
        with flag_override(config, "no_deepcopy_set_nodes", True):
            for default in defaults:
                config.merge_with(self._load_single_config(default, self._repository).config)
        return config

    def _load_single_config(self, default: ResultDefault, repo: IConfigRepository) -> ConfigResult:
        if default.config_path == _START and self._start is not None:
            config = self._start.template.copy()
            return ConfigResult(provider="", path="", config=config, header={})
        result = super()._load_single_config(default, repo)
        if not result.path.startswith("structured:") and repo.get_schema_source().is_config(
            str(default.config_path)
        ):
            raise DoubtError(f"{default.config_path} is merged into a schema of its name")
        if result.path.startswith("structured:"):
            refuse_factories(result.config)
        self.merged.add(result.config)
        return result


_START = "<the files at the head>"


def _head(defaults: Sequence[ResultDefault]) -> int:
    """How many of Hydra's own files come first; 0 if one of them comes again."""
    paths = [default.config_path or "" for default in defaults]
    own = [path.startswith("hydra/") for path in paths]
    count = own.index(False) if False in own else len(own)
    # A file that is merged twice is one object to Hydra, which the second time is changed.
    return 0 if {*paths[:count]} & {*paths[count:]} else count


def _fill(
    config: DictConfig,
    leading: Sequence[Override],
    choices: dict[str, Any],
    repository: CachingConfigRepository,
) -> None:
    """Fills in what Hydra does after the overrides, and all jobs of the base share."""
    hydra = config.hydra
    for override in leading:
        hydra.overrides.hydra.append(override.input_line)
    with open_dict(hydra):
        hydra.runtime.choices.update(choices)
    hydra.runtime.version = __version__
    hydra.runtime.version_base = version.getbase()
    hydra.runtime.config_sources = [
        ConfigSourceInfo(path=source.path, schema=source.scheme(), provider=source.provider)
        for source in repository.get_sources()
    ]


def _asks_for_another_path(primary: Any) -> bool:
    """Whether the search path of a primary config has an interpolation."""
    # Not validated: a structured config may have no field of that name, which is fine here.
    is_mapping = isinstance(primary, DictConfig)
    hydra = primary._get_node("hydra", validate_access=False) if is_mapping else None
    if not isinstance(hydra, DictConfig):
        return hydra is not None
    if hydra._is_none() or hydra._is_missing() or hydra._is_interpolation():
        return hydra._is_interpolation()
    path = hydra._get_node("searchpath", validate_access=False)
    return path is not None and "${" in str(OmegaConf.to_container(OmegaConf.create({"x": path})))
