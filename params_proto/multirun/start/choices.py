"""The launcher and the sweeper that an app's config counts on, as it sets options of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from params_proto._keys import bare

if TYPE_CHECKING:
    from omegaconf import DictConfig

_GROUPS = ("launcher", "sweeper")


def counted_on(
    config: DictConfig, of_hydra: Sequence[str], selecting: Collection[str]
) -> list[str]:
    """The choices of a command line without which the config could not be composed.

    Where a config sets `hydra.launcher.n_jobs`, and the launcher is chosen by the command line,
    the app does not run without the choice: Hydra's own launcher has no such option.

    Args:
        config: of the multirun.
        of_hydra: the overrides of Hydra that it was given.
        selecting: what says which sweep runs, and is no part of a job.
    """
    given = {bare(line.partition("=")[0]) for line in of_hydra}
    if selecting:
        given.add("hydra.sweeper.sweep")
    return [
        line
        for line in of_hydra
        for group in _GROUPS
        if bare(line.partition("=")[0]) == f"hydra/{group}" and _is_set(config, group, given)
    ]


def _is_set(config: DictConfig, group: str, given: Collection[str]) -> bool:
    """Whether something else than what was given has set an option."""
    option = config.hydra.runtime.choices.get(f"hydra/{group}")
    known = ConfigStore.instance().repo["hydra"].get(group, {}).get(f"{option}.yaml")
    if known is None:
        return False  # a file of the user's own, which has its options in it
    default = cast("dict[str, Any]", OmegaConf.to_container(known.node))
    there = cast("dict[str, Any]", OmegaConf.to_container(config.hydra))[group]
    return any(
        value != default.get(key)
        and not any(f"{one}.".startswith(f"hydra.{group}.{key}.") for one in given)
        for key, value in there.items()
    )
