"""The overrides that do nothing but say which sweep runs: `+sweep=ablation`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto.multirun.asked.plan import plan
from params_proto.multirun.host import AppContext, sweep_of
from params_proto.overrides.lines import Given
from params_proto.sweep import Sweep

if TYPE_CHECKING:
    from omegaconf import DictConfig


def only_select_the_sweep(host: AppContext, outside: Sequence[Given]) -> list[str]:
    """The fixed choices of groups that change nothing but the sweep.

    They are left out of `sweep.yaml`, which holds the sweep itself.

    Args:
        host: the app.
        outside: the overrides of `hydra.sweeper.params` and the command line.

    Returns:
        Their keys.
    """
    fixed = [one for one in outside if not one.swept]
    return [
        one.key
        for one in fixed
        if not one.key.startswith("~")
        and host.is_group(one.name)
        and _only_selects(host, one, fixed)
    ]


def _only_selects(host: AppContext, choice: Given, fixed: Sequence[Given]) -> bool:
    try:
        whole = _composed(host, fixed)
        without = _composed(host, [one for one in fixed if one is not choice])
    except Exception:  # something else needs this choice, or a swept one, or what it keeps away
        return False
    if sweep_of(without) == sweep_of(whole):
        return False
    config = _but_the_sweep(whole)
    # A config that asks which options were chosen is another one without the choice.
    return _but_the_sweep(without) == config and "runtime.choices" not in str(config)


def _composed(host: AppContext, fixed: Sequence[Given]) -> DictConfig:
    (job,) = plan(Sweep(), (), fixed, (), host.is_group).jobs()
    # What changes a part of a sweep cannot be composed without it.
    return host.compose_whichever_sweep(job, as_chosen=True)


def _but_the_sweep(config: DictConfig) -> Any:
    """A config without the sweep, and without what Hydra notes of the overrides."""
    whole = cast("Any", OmegaConf.to_container(config))
    del whole["hydra"]["overrides"], whole["hydra"]["runtime"]["choices"]
    del whole["hydra"]["job"]["override_dirname"]
    whole["hydra"]["sweeper"].pop("sweep", None)
    return whole
