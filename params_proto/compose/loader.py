"""Hydra's config loader, composing a job's config from the part that jobs share.

The first job is composed by Hydra as well. If the two configs differ, or if a prefix fails where
Hydra does not, Hydra composes all further configs. Errors are always Hydra's own.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportIncompatibleVariableOverride=false

from __future__ import annotations

import logging
from collections.abc import Callable
from copy import copy, deepcopy
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, cast
from uuid import uuid4

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from params_proto.compose.clone import cloned_by_deepcopy, difference
from params_proto.compose.sources import Repository, unknown_source

log = logging.getLogger(__name__)

# The methods of Hydra's loader that prefixes call or override. If one takes other arguments, the
# first job cannot be composed from a prefix, and Hydra composes all jobs.
_NEEDS = (
    "_load_configuration_impl",
    "_parse_overrides_and_create_caching_repo",
    "_compose_config_from_defaults_list",
    "_load_single_config",
    "_apply_overrides_to_config",
)

# The files of a loader that was unpickled in this process, once per job, and its prefixes.
_unpickled: dict[str, Repository] = {}
_lock = Lock()  # a launcher may compose in threads


def unmet(loader: object) -> str | None:
    """Why configs cannot be composed from prefixes; None if they can."""
    if type(loader) is not ConfigLoaderImpl:
        return f"the config loader is a {type(loader).__qualname__}"
    for name in _NEEDS:
        if not hasattr(ConfigLoaderImpl, name):
            return f"this version of Hydra has no ConfigLoaderImpl.{name}"
    return unknown_source(loader.repository.get_sources())


class CachedLoader(ConfigLoaderImpl):
    """Hydra's loader with prefixes, which are not pickled with it.

    Args:
        loader: Hydra's own loader.
    """

    def __init__(self, loader: ConfigLoaderImpl) -> None:
        vars(self).update(vars(loader))
        del vars(self)["repository"]
        self._has_several = self._shares = self._agrees = False
        self._token = uuid4().hex
        self._copies: Path | None = None
        self._files: Repository | None = Repository(self.config_search_path, None)
        # For a sweep of one job: what was composed to check it, and from what.
        self._checked: tuple[DictConfig, list[str], DictConfig] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_files": None, "_checked": None}

    @property
    def repository(self) -> Repository:  # type: ignore[override]
        """The repository for everything else that Hydra needs from a loader."""
        with _lock:
            if self._files is None:
                if self._token not in _unpickled:
                    _unpickled.clear()  # a worker runs one sweep at a time
                    files = Repository(self.config_search_path, self._copies)
                    _unpickled[self._token] = files
                self._files = _unpickled[self._token]
            return self._files

    def share_prefixes(self) -> None:
        """Composes from prefixes from now on."""
        self._has_several, self._shares, self._agrees = True, True, False

    def copy_files(self, folder: Path) -> None:
        """Copies the config files as read, for other processes to compose from."""
        self.repository.copy_files(folder)
        self._copies = folder

    def with_copies(self, folder: Path) -> CachedLoader:
        """A loader over the files that another one has copied."""
        new = copy(self)
        new._copies, new._token, new._checked = folder, uuid4().hex, None
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
        """See Hydra's method."""
        arguments = (config_name, overrides, run_mode, from_shell, validate_sweep_overrides)
        by_hydra = partial(self._hydra_loader().load_configuration, *arguments, **later)
        # Since Hydra 1.4, a config may have aliases for overridden keys.
        aliases = getattr(self, "get_override_aliases", None)
        if (
            not self._shares
            or run_mode is not RunMode.RUN  # it is not a job's
            or any(later.values())
            or (aliases is not None and aliases(config_name).targets)
        ):
            return by_hydra()
        return self._compose(by_hydra, None, config_name, [], overrides)

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        """See Hydra's method."""
        by_hydra = partial(self._hydra_loader().load_sweep_config, master_config, sweep_overrides)
        if not self._shares:
            checked, self._checked = self._checked, None
            if checked and checked[0] is master_config and checked[1] == sweep_overrides:
                return checked[2]
            config = by_hydra()
            if not self._has_several:  # launched next, as it was checked
                self._checked = master_config, sweep_overrides, deepcopy(config)
            return config
        hydra = master_config.hydra
        shared = cast("list[str]", OmegaConf.to_container(hydra.overrides.hydra))
        name = hydra.job.config_name
        config = self._compose(by_hydra, master_config, name, shared, sweep_overrides)
        return cloned_by_deepcopy(config)

    def _compose(
        self,
        by_hydra: Callable[[], DictConfig],
        master: DictConfig | None,
        config_name: str | None,
        shared: list[str],
        own: list[str],
    ) -> DictConfig:
        from params_proto.compose import prefix  # not needed for a sweep of one job

        config, problem = None, None
        job = " ".join(own) or "a job"
        try:
            config = prefix.prefixes_of(self, config_name, [*shared, *own]).compose(shared, own)
            if master is not None:
                unchanged = getattr(self, "_ensure_sweep_config_controller_unchanged", None)
                if unchanged is not None:  # Hydra 1.4's
                    unchanged(master_config=master, sweep_config=config)
                OmegaConf.copy_cache(from_config=master, to_config=config)
        except prefix.NotCacheableError as error:
            log.debug(f"{' '.join(own)} is composed by Hydra's own code: {error}")
        except Exception as error:  # Hydra raises it, too, or this code does not fit Hydra
            config = None
            problem = f"fails to compose the config of {job} ({type(error).__name__}: {error})"
        if config is not None and self._agrees:
            return config
        expected = by_hydra()  # raises errors for the user to fix
        if config is not None:
            found = difference(config, expected)
            if found is None:
                self._agrees = True
                return config
            problem = f"composes the config of {job} differently from Hydra: {found}"
        if problem is not None:
            self._shares = False
            log.warning(
                f"hydra.sweeper.compose=cached {problem}. All configs are composed by Hydra from"
                " here on, as with hydra.sweeper.compose=hydra."
            )
        return expected

    def _hydra_loader(self) -> ConfigLoaderImpl:
        """Hydra's own loader over the same files."""
        own = object.__new__(ConfigLoaderImpl)
        vars(own).update(vars(self), repository=self.repository)
        return own
