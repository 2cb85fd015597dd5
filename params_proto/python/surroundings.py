"""What Hydra reads from its singletons while it composes, there for as long as it does so."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any, cast

from hydra import version
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.core.utils import JobRuntime, setup_globals
from hydra.version import VersionBase
from omegaconf import OmegaConf
from omegaconf.basecontainer import BaseContainer

from params_proto.app.configs import Entry, stored
from params_proto.overrides.parse import is_hydra_1_3

_lock = RLock()  # Hydra's singletons are the process's; a step of a sweep may compose as well


class Surroundings:
    """Those of one app, beside whatever else uses Hydra in the process.

    Args:
        name: the name of the app's jobs; one that runs has its own.
        entries: configs that stand in Hydra's store beside those of the process.
    """

    def __init__(self, name: str, entries: Sequence[Entry]) -> None:
        Plugins.instance()  # which put configs into the store when they are loaded
        if not OmegaConf.has_resolver("hydra"):
            resolvers = BaseContainer._resolvers  # pyright: ignore[reportPrivateUsage]
            known = {**resolvers}
            setup_globals()
            resolvers.update(known)  # among which may be a `now` of the user's own
        if GlobalHydra.instance().is_initialized():  # whose jobs these are
            name = JobRuntime.instance().get("name")
        self._runtime = OmegaConf.create({"name": name})
        self._version_base = _version_base()
        self._configs: dict[str, Any] | None = None
        if entries:
            with stored(entries):
                self._configs = _folders(ConfigStore.instance().repo)

    @contextmanager
    def here(self) -> Generator[None, None, None]:
        """Within the block they are what Hydra finds; afterwards all is as it was before."""
        with _lock:
            store, runtime = ConfigStore.instance(), JobRuntime.instance()
            base = VersionBase.instance()
            before = store.repo, runtime.conf, base.version_base
            if self._configs is not None:
                store.repo = self._configs
            runtime.conf, base.version_base = self._runtime, self._version_base
            try:
                yield
            finally:
                if self._configs is not None:
                    store.repo = before[0]
                _, runtime.conf, base.version_base = before


def _version_base() -> Any:
    """The rules to compose by: those of the app that runs, else those of the installed Hydra."""
    base = VersionBase.instance()
    before = base.version_base
    if not is_hydra_1_3() or GlobalHydra.instance().is_initialized():
        return before
    version.setbase(None)
    found, base.version_base = base.version_base, before
    return found


def _folders(repo: dict[str, Any]) -> dict[str, Any]:
    """A copy whose folders can be added to; the configs in it are the same."""
    return {
        name: _folders(cast("dict[str, Any]", inner)) if isinstance(inner, dict) else inner
        for name, inner in repo.items()
    }
