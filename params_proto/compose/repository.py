"""Hydra's repository of configs, over sources that remember."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from contextlib import suppress
from copy import copy
from typing import Any

from hydra._internal.config_repository import ConfigRepository
from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.config_source import ConfigResult

from params_proto.compose.sources import Sources, is_known
from params_proto.compose.template import IrregularError, Template


class Remembered(ConfigRepository):
    """Hydra's own, which parses the bytes of a file whenever it is asked for a config.

    Args:
        search_path: where to look.
        sources: what is known already.
    """

    def __init__(self, search_path: ConfigSearchPath, sources: Sources) -> None:
        self._sources = sources
        super().__init__(search_path)

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        super().initialize_sources(config_search_path)
        self.sources = [self._sources.remembering(source) for source in self.sources]

    def __deepcopy__(self, memo: dict[int, Any]) -> Remembered:
        # Each composition takes one, to give it another search path: all else may be shared.
        new = copy(self)
        new.sources = [*self.sources]
        return new


class Parsed(Remembered):
    """One that parses each file once and gives a copy of the config each time."""

    def __init__(self, search_path: ConfigSearchPath, sources: Sources) -> None:
        self._results: dict[tuple[object, ...], _Result | None] = {}
        super().__init__(search_path, sources)

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        super().initialize_sources(config_search_path)
        self._may_change = not all(map(is_known, self.sources))

    def load_config(self, config_path: str) -> ConfigResult | None:
        if self._may_change:
            return super().load_config(config_path)
        key = (config_path, *[(source.provider, source.full_path()) for source in self.sources])
        if key in self._results:
            known = self._results[key]
            return known and known.fresh()
        result = super().load_config(config_path)
        with suppress(IrregularError):  # which is parsed each time
            self._results[key] = result and _Result(result)
        return result


class _Result:
    def __init__(self, result: ConfigResult) -> None:
        self._result = result
        self._config = Template(result.config)
        if self._config.cache:
            raise IrregularError("an interpolation of it was resolved")

    def fresh(self) -> ConfigResult:
        """A result whose config may be changed; its defaults list is copied by who changes it."""
        result = copy(self._result)
        result.config = self._config.copy()
        result.header = {**result.header}
        return result
