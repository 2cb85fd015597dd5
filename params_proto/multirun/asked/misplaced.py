"""Steps of a sweep that stand in a job's config, where they sweep nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError
from params_proto.storage.plain import STEPS

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

_AXES = frozenset({"product", "zip", "chain", "concat", "cross"})


def refuse_misplaced_steps(config: DictConfig, groups: Iterable[str], loader: ConfigLoader) -> None:
    """Refuses steps of a sweep that a config group has put into the task's config.

    Args:
        config: a composed config.
        groups: the keys of the groups that were chosen for it.
        loader: Hydra's, for `glob`.

    Raises:
        SweepError: what a group holds is a sweep, and nothing else.
    """
    for key in groups:
        group, _, package = key.partition("@")
        if package.partition(".")[0] == "hydra":  # `+sweep@hydra.sweeper.sweep=grid`
            continue
        content = _content(config, package or group.replace("/", "."))
        if _is_sweep(content, loader):
            raise SweepError(
                f"{key} selects steps of a sweep ({', '.join(content)}), which stand in the job's"
                f" config: begin the file in the group {group} with the line"
                " # @package hydra.sweeper.sweep"
            )


def _is_sweep(content: Mapping[str, Any], loader: ConfigLoader) -> bool:
    """Whether it can be nothing but a sweep; {shuffle: true} may be a data loader's config."""
    from params_proto.storage import sweep_from_steps

    if not STEPS.keys() >= content.keys() or _AXES.isdisjoint(content):
        return False
    try:
        return bool(sweep_from_steps(content, config_loader=loader).expression.places)
    except SweepError:
        return False


def _content(config: DictConfig, package: str) -> dict[str, Any]:
    from omegaconf import OmegaConf

    content: Any = config
    for part in package.split("."):
        if not OmegaConf.is_dict(content) or part not in content:
            return {}
        if OmegaConf.is_interpolation(content, part):
            return {}
        content = content[part]
    return cast("Any", OmegaConf.to_container(content)) if OmegaConf.is_dict(content) else {}
