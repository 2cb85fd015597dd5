"""Composes once what Hydra composes again for each job, and then copies it.

Only this package uses Hydra's private names. With `hydra.sweeper.compose=hydra`, and for a single
job of an app without config files, Hydra's own loader composes, unchanged by these functions.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra.core.config_loader import ConfigLoader

log = logging.getLogger(__name__)


def cached_loader(loader: ConfigLoader) -> ConfigLoader:
    """A loader that keeps the current config files and can share prefixes.

    Returns the given loader if it is not Hydra's own, or if this version of Hydra is not supported.
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
    """Makes a loader of more than one config compose from shared prefixes, if possible.

    The next config is also composed by Hydra, a cost to spare a sweep of one job.
    """
    start = getattr(loader, "share_prefixes", None)
    if start is not None:
        start()


def make_loader(configs: str | None) -> ConfigLoader:
    """A cached loader over a config folder or package, or only over Hydra's configs."""
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.utils import create_config_search_path

    loader = cached_loader(ConfigLoaderImpl(create_config_search_path(configs)))
    share_prefixes(loader)
    return loader


def copy_files(loader: ConfigLoader, folder: Path) -> None:
    """Copies the config files as of the start of the sweep, for jobs that start later.

    Replaces what another sweep has left in the folder. Does nothing for Hydra's own loader, which
    reads the files for each job.
    """
    write = getattr(loader, "copy_files", None)
    if write is not None:
        write(folder)


def make_loader_of_copies(search_path: Sequence[tuple[str, str]], folder: Path) -> ConfigLoader:
    """A loader of an app's configs as `copy_files` wrote them, or of the originals if it did not.

    Args:
        search_path: that of the app's own loader, each provider and its path.
        folder: the copies.
    """
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.config_search_path_impl import ConfigSearchPathImpl

    places = ConfigSearchPathImpl()
    for provider, path in search_path:
        places.append(provider, path)
    return with_copies(ConfigLoaderImpl(places), folder)


def with_copies(loader: ConfigLoader, folder: Path) -> ConfigLoader:
    """A loader over what `copy_files` wrote; the given loader if it wrote nothing."""
    method = getattr(cached_loader(loader), "with_copies", None) if folder.is_dir() else None
    return loader if method is None else method(folder)
