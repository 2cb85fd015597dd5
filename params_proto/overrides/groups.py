"""Config groups and their options, as Hydra finds them."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from hydra.core.override_parser.types import Glob


def group_exists(
    loader: ConfigLoader,
    group: str,
    config_name: str | None = None,
    overrides: list[str] | None = None,
) -> bool:
    """Whether Hydra takes a key for a config group: its options may all be in subfolders.

    Args:
        loader: Hydra's.
        group: the key without its package.
        config_name: the primary config, which may add to the search path.
        overrides: those of Hydra itself, which may do so as well.
    """
    from hydra.core.object_type import ObjectType

    try:
        return any(
            loader.get_group_options(group, kind, config_name, overrides)
            for kind in (ObjectType.CONFIG, ObjectType.GROUP)
        )
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False  # no folder can have such a name


def options_of(loader: ConfigLoader, group: str, depth: int = 0) -> list[str]:
    """The options of a config group, or those that are so many folders further down: `a/x`."""
    from hydra.core.object_type import ObjectType

    if not depth:
        return loader.get_group_options(group)
    return [
        f"{folder}/{option}"
        for folder in loader.get_group_options(group, ObjectType.GROUP)
        for option in options_of(loader, f"{group}/{folder}", depth - 1)
    ]


def globbed(loader: ConfigLoader, group: str, glob: Glob) -> list[str]:
    """The options that a `glob` matches; in Hydra's own, `a/*` would match none."""
    found: list[str] = []
    for depth in sorted({pattern.count("/") for pattern in glob.include}):
        here = [pattern for pattern in glob.include if pattern.count("/") == depth]
        found += replace(glob, include=here).filter(options_of(loader, group, depth))
    return found
