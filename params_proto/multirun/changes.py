"""Whether an app's config still is what it was when a sweep began: `.sweep/composed.jsonl`.

Of each choice of config groups it holds one job, `{"choices": ["db=pg"], "overrides": [...],
"config": {...}}`, without the node `hydra`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.errors import HydraException
from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.multirun.host import Host
from params_proto.records.json_text import read_json
from params_proto.records.layout import COMPOSED, OWN
from params_proto.storage import atomic

if TYPE_CHECKING:
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_MOST = 100  # choices of groups that are kept
_SHOWN = 10  # keys in a message


class Composed:
    """The configs of some jobs, as they were composed when the sweep began."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, ...], str] = {}

    def add(self, choices: Sequence[str], job: Sequence[str], config: DictConfig) -> None:
        """Notes a job of a choice of groups, the first one that has it.

        Args:
            choices: its overrides that choose options of groups.
            job: all of them.
            config: what they compose.
        """
        if len(self._lines) < _MOST and tuple(choices) not in self._lines:
            line = {"choices": [*choices], "overrides": [*job], "config": _plain(config)}
            self._lines[tuple(choices)] = json.dumps(line, default=repr) + "\n"

    def write(self, directory: Path, *, anew: bool) -> None:
        """Writes them into a sweep's directory.

        Args:
            directory: the sweep's.
            anew: whether those of an earlier start, which differ, are let go.
        """
        path = directory / OWN / COMPOSED
        before = [] if anew else _read(path)
        kept = {tuple(then["choices"]): f"{json.dumps(then)}\n" for then in before}
        new = [line for choices, line in self._lines.items() if choices not in kept]
        if kept or new:
            lines = [*kept.values(), *new][:_MOST]
            atomic.write(path, lines, lasting=False, as_folder=True)


def refuse_changes(directory: Path, host: Host, *, allowed: bool) -> None:
    """Looks whether the jobs that are done would have other configs today.

    Args:
        directory: of the sweep that goes on.
        host: the app as it is.
        allowed: whether to go on all the same.

    Raises:
        SweepError: they would, and it is not allowed. It names the keys.
    """
    found: dict[str, str] = {}
    for then in _read(directory / OWN / COMPOSED):
        for key, text in _differences(then["overrides"], then["config"], host):
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


def _read(path: Path) -> list[dict[str, Any]]:
    """The lines of the file; none where it is not there."""
    try:
        lines: list[Any] = [read_json(line) for line in path.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise _no_configs(path, error) from error
    if not lines:
        raise _no_configs(path, "it is empty")
    for line in lines:
        if not _is_line(line):
            raise _no_configs(path, f"{line!r:.60}")
    return lines


def _is_line(found: Any) -> bool:
    line = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
    kinds = {"choices": list, "overrides": list, "config": dict}
    fits = all(isinstance(line.get(name), kind) for name, kind in kinds.items())
    return fits and all(isinstance(text, str) for text in (*line["choices"], *line["overrides"]))


def _no_configs(path: Path, what: object) -> SweepError:
    return SweepError(
        f"{path} is not what the sweep has written ({what}). Remove it, and the sweep goes on"
        " without a look at what has changed in the app's config."
    )


def _differences(job: list[str], then: Mapping[str, Any], host: Host) -> Iterator[tuple[str, str]]:
    try:
        now = _plain(host.compose_whichever_sweep(job))
    except HydraException as error:
        yield " ".join(job), f"cannot be composed any more: {str(error).partition(chr(10))[0]}"
        return
    old, new = dict(_flat(then)), dict(_flat(json.loads(json.dumps(now, default=repr))))
    for key in [*old, *[key for key in new if key not in old]]:
        if key not in new:
            yield key, f"{old[key]} then, and gone now"
        elif key not in old:
            yield key, f"{new[key]} now, and not there then"
        elif old[key] != new[key]:
            yield key, f"{old[key]} then, {new[key]} now"


def _plain(config: DictConfig) -> dict[str, Any]:
    whole = cast("dict[str, Any]", OmegaConf.to_container(config))
    whole.pop("hydra", None)
    return {str(key): value for key, value in whole.items()}


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict) and node:
        for key, value in cast("dict[str, Any]", node).items():
            yield from _flat(value, f"{path}.{key}" if path else key)
    else:
        yield path, json.dumps(node)
