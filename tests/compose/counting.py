"""Counts the configs of jobs, from the import of this module on, by who composed them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig

from params_proto.compose.loader import CachedLoader

counts: Counter[str] = Counter()
"""How many were composed `from_prefixes`, and how many `by_hydra` although prefixes were shared."""

_compose: Callable[..., DictConfig] = CachedLoader._compose


def _counted(loader: CachedLoader, by_hydra: Callable[[], DictConfig], *rest: Any) -> DictConfig:
    made: list[DictConfig] = []

    def kept() -> DictConfig:
        made.append(by_hydra())
        return made[-1]

    config = _compose(loader, kept, *rest)
    counts["by_hydra" if any(config is one for one in made) else "from_prefixes"] += 1
    return config


setattr(CachedLoader, "_compose", _counted)  # noqa: B010
