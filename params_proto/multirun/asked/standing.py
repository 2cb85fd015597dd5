"""What stands in a job's config at a key, before the job gives it a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from params_proto._keys import bare, overlap
from params_proto.overrides.render import CurrentValue, Fields

if TYPE_CHECKING:
    from omegaconf import DictConfig

Compose = Callable[[tuple[str, ...]], "DictConfig"]
"""Composes a job's config from its overrides."""


class Composed:
    """Configs composed from what decides about a key: few for all the jobs of a sweep.

    Args:
        compose: composes a config.
    """

    def __init__(self, compose: Compose) -> None:
        self._composed = lru_cache(maxsize=64)(compose)

    def of_job(self, groups: Sequence[str]) -> CurrentValue:
        """What stands at the keys of a job that selects some options of groups."""

        def standing(key: str, before: Sequence[str]) -> object:
            near = [line for line in before if overlap(bare(line.partition("=")[0]), key)]
            return _at(self._composed((*groups, *near)), key)

        return standing


def _at(config: DictConfig, key: str) -> object:
    from omegaconf import OmegaConf

    node: Any = config
    for part in key.split("."):
        if not OmegaConf.is_dict(node) or not _holds(node, part):
            return None
        node = node[part]
    return _plain(node)


def _holds(node: Any, part: str) -> bool:
    """Whether a value stands there; one that is interpolated is Hydra's to replace."""
    from omegaconf import OmegaConf

    return part in node and not OmegaConf.is_interpolation(node, part)


def _plain(node: Any) -> object:
    from omegaconf import OmegaConf

    if OmegaConf.is_list(node):
        return []
    if not OmegaConf.is_dict(node):
        return node
    # A value that is missing or interpolated is none that anything would be merged into.
    entries = {key: _plain(node[key]) if _holds(node, key) else "" for key in node}
    kind = OmegaConf.get_type(node)
    return entries if kind is None or issubclass(kind, dict) else Fields(entries)
