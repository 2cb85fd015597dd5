"""`-m` with nothing to sweep: what can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from omegaconf import OmegaConf

from params_proto.analysis.text import cell
from params_proto.multirun.progress import write
from params_proto.multirun.start.beginning import SweepRun

_FEW = 10  # keys that are told


def tell_what_can_be_swept(beginning: SweepRun) -> None:
    """Writes a line about the keys of the app, where one job runs and nothing was asked for.

    Args:
        beginning: the multirun.
    """
    request, config = beginning.request, beginning.host.config
    if beginning.goes_on or request.arguments or request.plan.swept or request.plan.size != 1:
        return
    content = cast("dict[str, Any]", OmegaConf.to_container(config))
    values = dict(_leaves({key: one for key, one in content.items() if key != "hydra"}))
    if not values:
        return
    keys = list(values)
    choices: Any = config.hydra.runtime.choices
    groups = [key for key in choices if key.partition("/")[0] != "hydra"]
    named = f"the config group{'s' if len(groups) > 1 else ''} {', '.join(groups[:_FEW])}; "
    given = [key for key in keys if values[key] != "???"]
    example = f"{given[0]}={cell(values[given[0]])},..." if given else f"{keys[0]}=...,..."
    more = f" and {len(keys) - _FEW} more" if len(keys) > _FEW else ""
    write(
        f"Nothing is swept: one job runs. What can be swept: {named if groups else ''}"
        f"{', '.join(keys[:_FEW])}{more}; as {example} on the command line."
    )


def _leaves(node: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from _leaves(cast("dict[str, Any]", value), f"{path}{key}.")
        else:
            yield f"{path}{key}", value
