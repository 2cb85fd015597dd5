"""Whether an app and its config still are what they were when the jobs of a sweep ran."""

from __future__ import annotations

import inspect
import json
import logging
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from hydra.errors import HydraException
from omegaconf import OmegaConf

from params_proto import _files
from params_proto._keys import keys_of
from params_proto._text import parse_json
from params_proto.compose import over_copies
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext
from params_proto.records import JobStore, Record
from params_proto.records.manifest import COMPOSED, CONFIGS, OWN

if TYPE_CHECKING:
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_SHOWN = 10  # keys in a message
_RECORDS = 10_000  # jobs that have run, among which a resume looks for different ones
_KINDS = 100  # of them that it composes


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


class FirstJob(NamedTuple):
    """A sweep's first job as it was composed when the sweep began: `.sweep/composed.json`.

    Args:
        overrides: the job's.
        config: what they compose, as JSON has it, without the node `hydra`.
    """

    overrides: Sequence[str]
    config: dict[str, Any]

    @classmethod
    def read(cls, directory: Path) -> FirstJob | None:
        """That of a sweep; None where there is no such file.

        Args:
            directory: the sweep's.

        Raises:
            SweepError: the file is not what a sweep has written.
        """
        path = directory / OWN / COMPOSED
        try:
            found: Any = parse_json(path.read_bytes())
            job, config = found["overrides"], found["config"]
            if type(config) is not dict or {type(line) for line in job} - {str}:
                raise ValueError(f"{found!r:.60}")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SweepError(f"{path} cannot be read: {error.strerror or error}.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise SweepError(
                f"{path} is not what the sweep has written ({error}). Remove it, and the sweep"
                " resumes without a comparison of its first job's config."
            ) from error
        return cls(job, cast("dict[str, Any]", config))

    def write(self, directory: Path) -> None:
        """Writes the file.

        Args:
            directory: the sweep's.
        """
        text = json.dumps(self._asdict())
        _files.write(directory / OWN / COMPOSED, [text], lasting=False, as_folder=True)


def note_first_job(
    directory: Path, host: AppContext, first: tuple[Sequence[str], DictConfig]
) -> None:
    """Keeps what the first job of a sweep composes, which a resume compares.

    Args:
        directory: the sweep's. If it resumes, a change that was allowed becomes what is compared.
        host: the app.
        first: the first job that runs now, and its config.
    """
    job = now = FirstJob.read(directory)
    if job is None:
        now = FirstJob(first[0], _plain(first[1]))
    else:
        with suppress(HydraException):  # which was allowed: what it was then still counts
            now = job._replace(config=_plain(host.compose_whichever_sweep(job.overrides)))
    if now is not None and now != job:
        now.write(directory)


def refuse_changes(
    directory: Path, host: AppContext, allowed: Literal[True] | Collection[str]
) -> None:
    """Looks whether the jobs that are done would have other configs today.

    The first job's config is compared with what it was, and jobs that have run are composed from
    the config files as they were and as they are: one of each choice of groups and of keys.

    Args:
        directory: of the sweep that resumes, or that this is a part of.
        host: the app as it is.
        allowed: the keys that may differ, and with them what is below; True for any change.

    Raises:
        SweepError: they would, and it is not allowed. It names the keys.
    """
    found: dict[str, str] = {}
    refused: dict[str, str] = {}
    for job, then in _configs_of_then(directory, host):
        try:
            now = _plain(host.compose_whichever_sweep(job))
        except HydraException as error:
            said = str(error).partition("\n")[0]
            of_job = found if allowed is True else refused
            of_job.setdefault(" ".join(job), f"cannot be composed any more: {said}")
            continue
        for key, text in _differences(then, now):
            of_key = found if allowed is True or _is_below(key, allowed) else refused
            of_key.setdefault(key, text)
    if refused:
        raise SweepError(
            f"{directory}: {_summary(refused)} Resume all the same with"
            " hydra.sweeper.resume_changed=true, or with a list of the keys that may differ, or put"
            " it back, or start again in another hydra.sweep.dir."
        )
    if found:
        log.warning(_summary(found))


def _configs_of_then(
    directory: Path, host: AppContext
) -> Iterator[tuple[Sequence[str], Mapping[str, Any]]]:
    """Jobs, and their configs as they were."""
    first = FirstJob.read(directory)
    if first is not None:
        yield first
    folders = (directory / OWN).glob(f"{CONFIGS}*")  # one of each process that began or resumed
    copies = [folder for folder in folders if any(folder.iterdir())]
    if not copies:
        return
    last = max(copies, key=lambda folder: folder.stat().st_mtime_ns)
    loader = over_copies(host.loader, last)
    if loader is host.loader:
        return
    before = replace(host, loader=loader)
    for job in _kinds(directory, host):
        with suppress(HydraException):  # nor could it be then
            yield job, _plain(before.compose_whichever_sweep(job))


def _kinds(directory: Path, host: AppContext) -> Iterator[Sequence[str]]:
    """Of the jobs that have run, one of each choice of groups and of the keys given with it."""
    seen = set[tuple[frozenset[str], frozenset[str]]]()
    for record in islice(JobStore(directory).all(), _RECORDS):
        if not isinstance(record, Record):
            continue
        keys = keys_of(record.overrides)
        groups = [
            line for key, line in zip(keys, record.overrides, strict=True) if host.is_group(key)
        ]
        kind = frozenset(groups), frozenset(keys)
        if kind not in seen:
            seen.add(kind)
            yield record.overrides
            if len(seen) == _KINDS:
                return


def _plain(config: DictConfig) -> dict[str, Any]:
    """A config as JSON has it, without Hydra's node."""
    whole = cast("dict[str, Any]", OmegaConf.to_container(config))
    whole.pop("hydra", None)
    return json.loads(json.dumps(_with_json_keys(whole), default=repr))


def _with_json_keys(node: Any) -> Any:
    """The same where keys that JSON cannot represent, as an enum's members, are text."""
    if isinstance(node, list):
        return [_with_json_keys(element) for element in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    return {
        key if isinstance(key, (str, int, float)) else str(key): _with_json_keys(value)
        for key, value in cast("dict[Any, Any]", node).items()
    }


def _summary(differences: Mapping[str, str]) -> str:
    lines = [f"- {key}: {text}" for key, text in differences.items()]
    more = [f"- and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    end = "The jobs that are done ran with what it was then."
    return "\n".join(["the app's config has changed since", *lines[:_SHOWN], *more, end])


def _is_below(key: str, nodes: Collection[str]) -> bool:
    """Whether a key is one of some nodes, or is below one.

    >>> _is_below("machine.memory", ["machine"]), _is_below("machines", ["machine"])
    (True, False)
    """
    return any(f"{key}.".startswith(f"{node}.") for node in nodes)


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = dict(_flat(then)), dict(_flat(now))
    for key in {**old, **new}:
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
