"""Configs at the cost of a copy: what Hydra composes for each job anew, composed once.

Nothing else of the package needs to know, and Hydra's private names stand here alone. Without this
folder, its option `hydra.sweeper.compose` and the line that calls `chosen`, Hydra composes.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.types import HydraContext

log = logging.getLogger(__name__)

BY_HYDRA = "Configs are composed by Hydra, as with hydra.sweeper.compose=hydra"


@dataclass
class Counts:
    """How many configs of jobs this process has composed: tests and benchmarks look at both ways.

    Args:
        from_bases: those that were copied from a base.
        by_hydra: those that Hydra's own code composed for a loader with caches.
    """

    from_bases: int = 0
    by_hydra: int = 0


counts = Counts()


def chosen(option: str, context: HydraContext) -> HydraContext:
    """What `hydra.sweeper.compose` asks for.

    Args:
        option: `cached`, or `hydra` for Hydra's own way.
        context: Hydra's.

    Returns:
        The context for the sweeper and the launcher.

    Raises:
        SweepError: the option is neither.
    """
    from params_proto.errors import SweepError

    if option == "hydra":
        return context
    if option != "cached":
        raise SweepError(
            f"hydra.sweeper.compose={option}: it is `cached`, which composes what jobs have in"
            " common once, or `hydra`, Hydra's own way."
        )
    new = copy(context)
    new.config_loader = _cached(context.config_loader, sweeps=True)
    return new


def cached(loader: ConfigLoader) -> ConfigLoader:
    """A loader that composes the same configs faster.

    Args:
        loader: Hydra's.

    Returns:
        The given one where it is not Hydra's own, or Hydra has not what this needs of it.
    """
    return _cached(loader, sweeps=False)


def loader_over(configs: str | None) -> ConfigLoader:
    """A loader for configs that no app has, which composes as fast.

    Args:
        configs: their folder, or their package, `pkg://...`; None for those that Hydra has itself.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path

    return cached(ConfigLoaderImpl(create_config_search_path(configs)))


def keep(loader: ConfigLoader, folder: Path, *, groups: Iterable[str] | None = None) -> None:
    """Writes the config files that were read, so that jobs of other processes read the same.

    Args:
        loader: the sweep's; Hydra's own reads each file when it needs it.
        folder: where to, a folder of its own.
        groups: those that jobs may yet choose options of; then all options are read, of these and
            of each group that they lead to. None where all jobs have been composed.
    """
    write = getattr(loader, "keep", None)
    if write is not None:
        write(folder, groups=groups)


def read_from(loader: ConfigLoader, folder: Path) -> None:
    """Has a loader read the config files that `keep` wrote, where it can and they are there.

    Args:
        loader: as `chosen` gives it; Hydra's own reads each file where it is.
        folder: what `keep` was given.
    """
    read = getattr(loader, "read_from", None)
    if read is not None:
        read(folder)


def _cached(loader: ConfigLoader, sweeps: bool) -> ConfigLoader:
    try:
        from hydra._internal.config_loader_impl import ConfigLoaderImpl

        from params_proto.compose.needs import unmet

        if (need := unmet()) is not None:
            return _given(loader, need)
        from params_proto.compose.loader import CachedLoader
        from params_proto.compose.sources import UnknownSourceError
    except (ImportError, AttributeError, LookupError) as error:
        return _given(loader, f"this version of Hydra or OmegaConf lacks a name ({error})")
    if type(loader) is not ConfigLoaderImpl:
        return _given(loader, f"the config loader is a {type(loader).__qualname__}")
    try:
        return CachedLoader(loader, sweeps)
    except UnknownSourceError as error:
        return _given(loader, str(error))


def _given(loader: ConfigLoader, reason: str) -> ConfigLoader:
    log.info(f"{BY_HYDRA}: {reason}.")
    return loader
