"""Configs at the cost of a copy: what Hydra composes for each job anew, composed once.

Hydra's private names are used here alone. With `hydra.sweeper.compose=hydra`, and for a single job
of an app without config files, Hydra's own loader composes; these functions leave it as it is.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra.core.config_loader import ConfigLoader

log = logging.getLogger(__name__)


def cached(loader: ConfigLoader) -> ConfigLoader:
    """A loader that keeps the config files as they are now, and can share prefixes.

    Args:
        loader: Hydra's.

    Returns:
        The given one where it is not Hydra's own, or Hydra has not what this needs of it.
    """
    try:
        from params_proto.compose.loader import CachedLoader, unmet

        if isinstance(loader, CachedLoader):
            return loader
        reason = unmet(loader)
        if reason is None:
            return CachedLoader(cast("ConfigLoaderImpl", loader))
    except (ImportError, AttributeError, LookupError, TypeError) as error:
        reason = f"this version of Hydra or OmegaConf has other internals ({error})"
    log.info(f"Configs are composed by Hydra, as with hydra.sweeper.compose=hydra: {reason}.")
    return loader


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

    loader = cached(ConfigLoaderImpl(create_config_search_path(configs)))
    share_prefixes(loader)
    return loader


def copy_files(loader: ConfigLoader, folder: Path) -> None:
    """Copies the app's config files as they were when the sweep began, for jobs that start later.

    Args:
        loader: the sweep's; Hydra's own reads each file when it needs it, and copies none.
        folder: where to, a folder of its own. What another sweep has left there is removed.

    Raises:
        SweepError: they cannot be written.
    """
    write = getattr(loader, "copy_files", None)
    if write is not None:
        write(folder)


def over_copies(loader: ConfigLoader, folder: Path) -> ConfigLoader:
    """A loader that composes from what `copy_files` wrote; the given one if it wrote nothing."""
    read = getattr(cached(loader), "over_copies", None) if folder.is_dir() else None
    return loader if read is None else read(folder)
