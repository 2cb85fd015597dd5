"""Whether an app and its config still are what they were when the jobs of a sweep ran."""

from __future__ import annotations

import inspect
import json
import logging
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from hydra.errors import HydraException

from params_proto.errors import SweepError
from params_proto.multirun.composed import MOST, Composed, kept, plain
from params_proto.multirun.context import AppContext

if TYPE_CHECKING:
    from hydra.types import TaskFunction

log = logging.getLogger(__name__)

_SHOWN = 10  # keys in a message


def function_of(task: TaskFunction) -> str:
    """Names what jobs run, by its file and its function: `train.py:main`.

    Neither the folder nor the text of the file counts, so a script may be moved and edited. A
    function of a notebook has no file that lasts.
    """
    function: Any = inspect.unwrap(task)
    if inspect.isfunction(function):
        file, name = inspect.getfile(function), function.__name__
    else:  # an object that is called, as of a library for Hydra
        file = str(getattr(sys.modules["__main__"], "__file__", ""))
        name = type(function).__name__
    return f"{Path(file).name}:{name}" if Path(file).is_file() else name


def refuse_another_function(
    directory: Path, then: str, task: TaskFunction, allowed: object
) -> None:
    """Refuses to run the rest of a sweep by another script.

    Args:
        directory: the sweep's.
        then: the function that its jobs run.
        task: what this process would run.
        allowed: `hydra.sweeper.resume_changed`; true allows it.

    Raises:
        SweepError: it is another function, and that is not allowed.
    """
    now = function_of(task)
    if now == then:
        return
    text = f"the sweep in {directory} was started with {then}, and this is {now}"
    if allowed is not True:
        raise SweepError(
            f"{text}: all jobs of a sweep run one function. Run the script that started it, or give"
            " this one another hydra.sweep.dir. If the function or its file was renamed, add"
            " hydra.sweeper.resume_changed=true."
        )
    log.warning(f"{text}.")


def refuse_changes(
    directory: Path, host: AppContext, composed: Composed, allowed: Literal[True] | Collection[str]
) -> None:
    """Looks whether the jobs that are done would have other configs today.

    Args:
        directory: of the sweep that goes on, or that this is a part of.
        host: the app as it is.
        composed: told of the choices that are kept, and of what they compose now where that is
            another config and it is allowed.
        allowed: the keys that may differ, and with them what is below; True for any change.

    Raises:
        SweepError: they would, and it is not allowed. It names the keys.
    """
    found: dict[str, str] = {}
    refused: dict[str, str] = {}
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
            of_job = found if allowed is True else refused
            of_job.setdefault(" ".join(then.overrides), f"cannot be composed any more: {said}")
            continue
        differences = dict(_differences(then.config, config))
        if differences:  # so that it is told once, and a later change is again
            composed.replace(then._replace(config=config))
        for key, text in differences.items():
            of_key = found if allowed is True or _is_below(key, allowed) else refused
            of_key.setdefault(key, text)
    if refused:
        raise SweepError(
            f"{directory}: {_told(refused)} Go on all the same with"
            " hydra.sweeper.resume_changed=true, or with a list of the keys that may differ, or put"
            " it back, or start again in another hydra.sweep.dir."
        )
    if found:
        log.warning(_told(found))


def _told(differences: Mapping[str, str]) -> str:
    lines = [f"- {key}: {text}" for key, text in differences.items()]
    more = [f"- and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    end = "The jobs that are done ran with what it was then."
    return "\n".join(["the app's config has changed since", *lines[:_SHOWN], *more, end])


def _is_below(key: str, nodes: Collection[str]) -> bool:
    """Whether a key is one of some nodes, or stands below one.

    >>> _is_below("machine.memory", ["machine"]), _is_below("machines", ["machine"])
    (True, False)
    """
    return any(f"{key}.".startswith(f"{node}.") for node in nodes)


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
