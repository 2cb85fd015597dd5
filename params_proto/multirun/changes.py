"""Refuses to resume a sweep whose app or config has changed since its jobs ran."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hydra.errors import HydraException

from params_proto._keys import keys_of, leaves
from params_proto._text import parse_json
from params_proto.compose import with_copies
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext, function_of, plain_config
from params_proto.multirun.options import Options
from params_proto.multirun.validation import MAX_CHECKED_AT_START
from params_proto.records import JobStore
from params_proto.records.manifest import COMPOSED, CONFIGS, STATE_DIR

if TYPE_CHECKING:
    from hydra.types import TaskFunction

log = logging.getLogger(__name__)

# A job's overrides and its config as plain JSON, without the node `hydra`.
ComposedJob = tuple[Sequence[str], dict[str, Any]]


def check_same_function(directory: Path, earlier: str, task: TaskFunction, allowed: object) -> None:
    """Raises if a sweep was started with another function, unless `resume_changed` is true."""
    current = function_of(task)
    if current == earlier:
        return
    text = f"the sweep in {directory} was started with {earlier}, and this is {current}"
    if allowed is not True:
        raise SweepError(
            f"{text}: all jobs of a sweep run one function. Run the script that started it, or give"
            " this one another hydra.sweep.dir. If the function or its file was renamed, add"
            " hydra.sweeper.resume_changed=true."
        )
    log.warning(f"{text}.")


def read_first_job(directory: Path) -> ComposedJob | None:
    """Reads `.sweep/composed.json`, the first job as composed when the sweep began, if it exists.

    {"overrides": ["lr=1"], "config": {"lr": 1, "seed": 0}}
    """
    path = directory / STATE_DIR / COMPOSED
    try:
        found: Any = parse_json(path.read_bytes())
        job, config = found["overrides"], found["config"]
        if type(config) is not dict or {type(line) for line in job} - {str}:
            raise ValueError(f"{found!r:.60}")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SweepError(
            f"{path} was not written by a sweep ({error}). Remove it to resume without comparing"
            " the first job's config."
        ) from error
    return job, cast("dict[str, Any]", config)


def recompose_first_job(directory: Path, app: AppContext, job: ComposedJob) -> ComposedJob:
    """The first job as composed now, for the next resume to compare; `job` if none was kept."""
    first = read_first_job(directory)
    if first is None:
        return job
    with suppress(HydraException):  # allowed: later changes are compared with the old config
        return first[0], plain_config(app.compose_as_single_run(first[0]))
    return first


def refuse_changes(directory: Path, app: AppContext, options: Options) -> None:
    """Raises if completed jobs would have other configs today, unless the changed keys may differ.

    The first job's config is compared with the saved one. Jobs that have run are composed from the
    saved config files and from the current ones: at least one job for each option of a config
    group, and one for each set of keys.
    """
    found: dict[str, str] = {}
    for job, earlier in _earlier_configs(directory, app):
        try:
            found |= _differences(earlier, plain_config(app.compose_as_single_run(job)))
        except HydraException as error:
            reason = str(error).partition("\n")[0]
            found[" ".join(job)] = f"can no longer be composed: {reason}"
    # A shard with overwrite=true replaces what another has run: changes are allowed, but reported.
    allowed = True if options.overwrite else options.resume_changed or ()
    rejected = [] if allowed is True else [key for key in found if not _is_below(key, allowed)]
    lines = [f"- {key}: {found[key]}" for key in rejected or found]
    end = "Completed jobs ran with the earlier config."
    summary = "\n".join(["the app's config has changed since", *lines, end])
    if rejected:
        raise SweepError(
            f"{directory}: {summary} To resume anyway, use hydra.sweeper.resume_changed=true or"
            " list the keys that may differ; otherwise undo the change or start a new sweep in"
            " another hydra.sweep.dir."
        )
    if found:
        log.warning(summary)


def _is_below(key: str, nodes: Collection[str]) -> bool:
    """Whether a key is one of the nodes or below one.

    >>> _is_below("machine.memory", ["machine"]), _is_below("machines", ["machine"])
    (True, False)
    """
    return any(f"{key}.".startswith(f"{node}.") for node in nodes)


def _earlier_configs(directory: Path, app: AppContext) -> Iterator[ComposedJob]:
    """The first job and others that have run, with their earlier configs."""
    first = read_first_job(directory)
    if first is not None:
        yield first
    folders = (directory / STATE_DIR).glob(f"{CONFIGS}*")  # one for each start or resume
    copies = [folder for folder in folders if any(folder.iterdir())]
    if not copies:
        return
    loader = with_copies(app.loader, max(copies, key=lambda folder: folder.stat().st_mtime_ns))
    before = replace(app, loader=loader)
    seen = set[object]()
    for record in islice(JobStore(directory).readable(), MAX_CHECKED_AT_START):
        job = record.overrides
        keys = keys_of(job)
        options = [line for key, line in zip(keys, job, strict=True) if app.is_group(key)]
        kinds = {frozenset(keys), *options}
        if not kinds <= seen:
            seen |= kinds
            with suppress(HydraException):  # it could not be composed before either
                yield job, plain_config(before.compose_as_single_run(job))


def _differences(
    earlier: Mapping[str, Any], current: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    configs = earlier, current
    old, new = ({key: json.dumps(value) for key, value in leaves(config)} for config in configs)
    for key in {**old, **new}:
        before, after = old.get(key, "missing"), new.get(key, "missing")
        if before != after:
            yield key, f"was {before}, is now {after}"
