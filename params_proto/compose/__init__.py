"""Configs at the cost of a copy: what Hydra composes for each job anew, composed once.

Nothing else of the package needs to know, and Hydra's private names are used here alone. Without
this folder, its option `hydra.sweeper.compose` and the line that calls `chosen`, Hydra composes.
"""

from __future__ import annotations

import logging
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
        from_prefixes: those that were made from a prefix.
        by_hydra: those that Hydra composed although prefixes were to be shared.
    """

    from_prefixes: int = 0
    by_hydra: int = 0


counts = Counts()


def chosen(option: str, context: HydraContext) -> HydraContext:
    """A context for the sweeper and the launcher, by what `hydra.sweeper.compose` says.

    Its loader keeps the config files as they are now. Hydra composes the configs, until
    `share_prefixes` is called.

    Args:
        option: `cached`, or `hydra` for Hydra's own way.
        context: Hydra's.

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
    new.config_loader = _cached(context.config_loader)
    return new


def cached(loader: ConfigLoader) -> ConfigLoader:
    """A loader that composes the same configs faster.

    Args:
        loader: Hydra's.

    Returns:
        The given one where it is not Hydra's own, or Hydra has not what this needs of it.
    """
    new = _cached(loader)
    share_prefixes(new)
    return new


def share_prefixes(loader: ConfigLoader) -> None:
    """Has a loader compose from prefixes, where it can: it is to compose more than one config.

    It composes the next config by Hydra as well, which a sweep of one job need not pay for.
    """
    start = getattr(loader, "share_prefixes", None)
    if start is not None:
        start()


def loader_over(configs: str | None) -> ConfigLoader:
    """A loader for configs that no app has, which composes as fast.

    Args:
        configs: their folder, or their package, `pkg://...`; None for those that Hydra has itself.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path

    return cached(ConfigLoaderImpl(create_config_search_path(configs)))


def copy_files(loader: ConfigLoader, folder: Path) -> None:
    """Copies the app's config files as they were when the sweep began, for jobs that start later.

    Args:
        loader: the sweep's; Hydra's own reads each file when it needs it, and copies none.
        folder: where to, a folder of its own.

    Raises:
        SweepError: they cannot be written.
    """
    write = getattr(loader, "copy_files", None)
    if write is not None:
        write(folder)


def over_copies(loader: ConfigLoader, folder: Path) -> ConfigLoader:
    """A loader that composes from what `copy_files` wrote; the given one if it is Hydra's own."""
    read = getattr(loader, "over_copies", None)
    return loader if read is None else read(folder)


def _cached(loader: ConfigLoader) -> ConfigLoader:
    try:
        from hydra._internal.config_loader_impl import ConfigLoaderImpl

        from params_proto.compose.versions import unmet

        if (need := unmet()) is not None:
            return _hydras(loader, need)
        from params_proto.compose.loader import CachedLoader
        from params_proto.compose.sources import UnknownSourceError
    except (ImportError, AttributeError, LookupError) as error:
        return _hydras(loader, f"this version of Hydra or OmegaConf lacks a name ({error})")
    if type(loader) is not ConfigLoaderImpl:
        return _hydras(loader, f"the config loader is a {type(loader).__qualname__}")
    try:
        return CachedLoader(loader)
    except UnknownSourceError as error:
        return _hydras(loader, str(error))


def _hydras(loader: ConfigLoader, reason: str) -> ConfigLoader:
    log.info(f"{BY_HYDRA}: {reason}.")
    return loader
