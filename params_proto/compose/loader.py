"""Hydra's config loader, which composes a job's config from what jobs have in common.

The first job is composed by Hydra as well. If the two differ, or if a prefix fails where Hydra does
not, all configs are Hydra's from there on. Errors are always Hydra's own.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from enum import Enum
from itertools import takewhile
from pathlib import Path
from threading import Lock
from typing import Any, cast
from uuid import uuid4

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra.core.override_parser.types import Override
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from params_proto.compose import BY_HYDRA, counts
from params_proto.compose.prefix import NotCacheableError, Prefixes, is_search_path, parsed
from params_proto.compose.sources import UnknownSourceError, refuse_unknown
from params_proto.compose.template import cloned_by_deepcopy, difference
from params_proto.compose.versions import ensure_unchanged, has_aliases

log = logging.getLogger(__name__)

# What a loader has composed is kept by the process: a loader that is pickled finds it there.
_known: dict[str, Prefixes] = {}
_lock = Lock()  # a launcher may compose in threads
_LOADERS = 2  # a worker that is used again has one, an interactive session some one by one


class _Way(Enum):
    """How a loader composes."""

    HYDRA = "by Hydra alone"
    FIRST = "from prefixes, and the next job by Hydra as well, to compare"
    SHARED = "from prefixes"


class CachedLoader(ConfigLoaderImpl):
    """Hydra's loader, with prefixes, which are not pickled with it.

    Args:
        loader: Hydra's own.

    Raises:
        UnknownSourceError: a source of configs that is none of Hydra's own.
    """

    def __init__(self, loader: ConfigLoaderImpl) -> None:
        refuse_unknown(loader.repository.get_sources())
        vars(self).update(vars(loader))
        del vars(self)["repository"]
        self._way = _Way.HYDRA
        self._token = uuid4().hex
        self._copies: Path | None = None
        self._prefixes()

    @property
    def repository(self) -> ConfigRepository:  # type: ignore[override]
        """What everything else that Hydra asks of a loader looks into."""
        return self._prefixes().repository

    def share_prefixes(self) -> None:
        """Composes from prefixes from here on."""
        self._way = _Way.FIRST

    def copy_files(self, folder: Path) -> None:
        """Copies the config files as they were read, for other processes to compose from.

        Args:
            folder: where to. What another sweep has left there is removed.
        """
        self._prefixes().repository.copy_files(folder)
        self._copies = folder

    def over_copies(self, folder: Path) -> CachedLoader:
        """A loader that reads the files that another one has copied."""
        new = object.__new__(CachedLoader)
        vars(new).update(vars(self), _copies=folder, _token=uuid4().hex)
        return new

    def load_configuration(
        self,
        config_name: str | None,
        overrides: list[str],
        run_mode: RunMode,
        from_shell: bool = True,
        validate_sweep_overrides: bool = True,
        **later: Any,
    ) -> DictConfig:
        """See Hydra's."""

        def by_hydra() -> DictConfig:
            return self._hydras().load_configuration(
                config_name, overrides, run_mode, from_shell, validate_sweep_overrides, **later
            )

        def shared() -> DictConfig:
            if has_aliases(self, config_name):
                raise NotCacheableError("overrides have aliases")
            lines = parsed(overrides)
            leading = [*takewhile(Override.is_hydra_override, lines)]
            # If they say where to look for configs, they are those of all jobs.
            leading = leading if any(map(is_search_path, leading)) else []
            return self._prefixes().compose(config_name, leading, lines[len(leading) :])

        if run_mode is not RunMode.RUN or any(later.values()):
            return by_hydra()  # it is not a job's
        return self._compose(overrides, shared, by_hydra)

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """See Hydra's."""

        def by_hydra() -> DictConfig:
            return self._hydras().load_sweep_config(master_config, sweep_overrides)

        def shared() -> DictConfig:
            hydra = master_config.hydra
            leading = cast("list[str]", OmegaConf.to_container(hydra.overrides.hydra))
            config = self._prefixes().compose(
                hydra.job.config_name, parsed(leading), parsed(sweep_overrides)
            )
            if ensure_unchanged is not None:
                ensure_unchanged(master_config=master_config, sweep_config=config)
            OmegaConf.copy_cache(from_config=master_config, to_config=config)
            return config

        return cloned_by_deepcopy(self._compose(sweep_overrides, shared, by_hydra))

    def _compose(
        self,
        lines: Sequence[str],
        shared: Callable[[], DictConfig],
        by_hydra: Callable[[], DictConfig],
    ) -> DictConfig:
        if self._way is _Way.HYDRA:
            return by_hydra()
        config = self._try(lines, shared)
        if isinstance(config, DictConfig) and self._way is _Way.SHARED:
            counts.from_prefixes += 1
            return config
        expected = by_hydra()  # which raises what is the user's to mend
        if isinstance(config, DictConfig):
            found = difference(config, expected)
            if found is None:
                self._way = _Way.SHARED
                counts.from_prefixes += 1
                return config
            self._turn_to_hydra(lines, f"in another way than Hydra: {found}")
        elif isinstance(config, Exception):
            self._turn_to_hydra(lines, f"not at all ({type(config).__name__}: {config})")
        counts.by_hydra += 1
        return expected

    def _try(
        self, lines: Sequence[str], shared: Callable[[], DictConfig]
    ) -> DictConfig | Exception | None:
        try:
            return shared()
        except NotCacheableError as error:
            log.debug(f"{' '.join(lines)} is composed by Hydra's own code: {error}")
        except UnknownSourceError as error:
            self._way = _Way.HYDRA
            log.info(f"{BY_HYDRA}: {error}.")
        except Exception as error:  # Hydra's code raises it as well, or this does not fit Hydra
            return error
        return None

    def _turn_to_hydra(self, lines: Sequence[str], how: str) -> None:
        self._way = _Way.HYDRA
        log.warning(
            f"hydra.sweeper.compose=cached composes the config of {' '.join(lines) or 'a job'}"
            f" {how}. All configs are composed by Hydra from here on, as with"
            " hydra.sweeper.compose=hydra."
        )

    def _hydras(self) -> ConfigLoaderImpl:
        """Hydra's own loader over the same files."""
        own = object.__new__(ConfigLoaderImpl)
        vars(own).update(vars(self), repository=self.repository)
        return own

    def _prefixes(self) -> Prefixes:
        with _lock:
            if self._token not in _known:
                _known[self._token] = Prefixes(self.config_search_path, self._copies)
                if len(_known) > _LOADERS:
                    del _known[next(iter(_known))]
            return _known[self._token]
