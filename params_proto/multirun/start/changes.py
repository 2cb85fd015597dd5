"""Whether an app's config still is what it was when the jobs of a sweep were composed."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from hydra.errors import HydraException

from params_proto.errors import SweepError
from params_proto.multirun.host import Host
from params_proto.multirun.jobs.composed import MOST, Composed, kept, plain

log = logging.getLogger(__name__)

_SHOWN = 10  # keys in a message


def refuse_changes(directory: Path, host: Host, composed: Composed, *, allowed: bool) -> None:
    """Looks whether the jobs that are done would have other configs today.

    Args:
        directory: of the sweep that goes on, or that this is a part of.
        host: the app as it is.
        composed: told of the choices that are kept, and of what they compose now where that is
            another config and it is allowed.
        allowed: whether to go on all the same.

    Raises:
        SweepError: they would, and it is not allowed. It names the keys.
    """
    found: dict[str, str] = {}
    for count, then in enumerate(kept(directory)):
        if count == MOST:  # of many parts that began at once
            log.warning(
                f"{directory}: of the configs of its jobs, those of {MOST} choices of config groups"
                " and of keys are compared with the app's of today. Whether others have changed is"
                " not seen."
            )
            break
        composed.has(then.kind)
        try:
            config = plain(host.compose_whichever_sweep(then.overrides))
        except HydraException as error:
            said = str(error).partition("\n")[0]
            found.setdefault(" ".join(then.overrides), f"cannot be composed any more: {said}")
            continue
        differences = dict(_differences(then.config, config))
        if differences and allowed:  # so that it is told once, and a later change is again
            composed.replace(then._replace(config=config))
        for key, text in differences.items():
            found.setdefault(key, text)
    if not found:
        return
    told = [f"- {key}: {text}" for key, text in found.items()]
    more = [f"- and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    text = "\n".join(["the app's config has changed since", *told[:_SHOWN], *more])
    if allowed:
        log.warning(f"{text}\nThe jobs that are done ran with what it was then.")
        return
    raise SweepError(
        f"{directory}: {text}\nThe jobs that are done ran with what it was then. Go on all the same"
        " with hydra.sweeper.resume_changed=true, or put it back, or start again in another"
        " hydra.sweep.dir."
    )


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = dict(_flat(then)), dict(_flat(now))
    for key in [*old, *[key for key in new if key not in old]]:
        if key not in new:
            yield key, f"{old[key]} then, and gone now"
        elif key not in old:
            yield key, f"{new[key]} now, and not there then"
        elif old[key] != new[key]:
            yield key, f"{old[key]} then, {new[key]} now"


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict) and node:
        for key, value in cast("dict[str, Any]", node).items():
            yield from _flat(value, f"{path}.{key}" if path else key)
    else:
        yield path, json.dumps(node)
