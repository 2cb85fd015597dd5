"""Restores what Hydra changes in a process, after a composition or a launch."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from threading import RLock
from typing import Any, cast

from hydra import version
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.plugins import Plugins
from hydra.core.utils import JobRuntime, setup_globals
from hydra.version import VersionBase
from omegaconf import OmegaConf

from params_proto.app.run import configs_in_store
from params_proto.compose.internals import IS_HYDRA_1_3

_lock = RLock()  # Hydra's singletons are shared; a step of a sweep may compose as well


@contextmanager
def isolated_launch() -> Generator[None, None, None]:
    """Runs an app without affecting other uses of Hydra, logging and the environment here."""
    Plugins.instance()  # loading them adds configs to the store, to be kept
    hydra, config = GlobalHydra.instance(), HydraConfig.instance()
    runtime, base = JobRuntime.instance(), VersionBase.instance()
    singletons = hydra.hydra, config.cfg, runtime.conf, base.version_base
    directory, environment = os.getcwd(), dict(os.environ)
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    hydra.hydra, config.cfg, runtime.conf = None, None, OmegaConf.create()
    root.handlers.clear()
    if "joblib" in sys.modules:  # idle workers keep the modules that they have imported
        loky = import_module("joblib.externals.loky")
        loky.get_reusable_executor(reuse=True).shutdown()
    try:
        yield
    finally:
        for handler in root.handlers:  # of the last job
            handler.close()
        root.handlers[:] = handlers
        root.setLevel(level)
        os.chdir(directory)
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        os.environ.update(environment)
        hydra.hydra, config.cfg, runtime.conf, base.version_base = singletons


class Isolation:
    """Sets up Hydra's singletons for composing, and restores them afterwards.

    Args:
        name: the name of the jobs, unless an app runs.
        configs: configs to add to Hydra's store, by path.
    """

    def __init__(self, name: str, configs: Mapping[str, Any]) -> None:
        Plugins.instance()  # loading them adds configs to the store
        if not OmegaConf.has_resolver("hydra"):
            setup_globals()
        base = VersionBase.instance()
        before = self._version_base = base.version_base
        if GlobalHydra.instance().is_initialized():  # use its job name and rules
            name = JobRuntime.instance().get("name")
        elif IS_HYDRA_1_3:
            version.setbase(None)
            self._version_base, base.version_base = base.version_base, before
        self._runtime = OmegaConf.create({"name": name})
        with configs_in_store(configs):
            self._configs = _copied(ConfigStore.instance().repo)

    @contextmanager
    def active(self) -> Generator[None, None, None]:
        """Activates this state within the block, and restores the former one afterwards."""
        with _lock:
            store, runtime = ConfigStore.instance(), JobRuntime.instance()
            base = VersionBase.instance()
            before = store.repo, runtime.conf, base.version_base
            store.repo, runtime.conf = self._configs, self._runtime
            base.version_base = self._version_base
            try:
                yield
            finally:
                store.repo, runtime.conf, base.version_base = before


def _copied(repo: dict[str, Any]) -> dict[str, Any]:
    """A copy to which folders can be added, with the same configs."""
    return {
        name: _copied(cast("dict[str, Any]", inner)) if isinstance(inner, dict) else inner
        for name, inner in repo.items()
    }
