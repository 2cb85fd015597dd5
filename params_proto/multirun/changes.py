"""Whether an app and its config still are what they were when the jobs of a sweep ran."""

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
from params_proto.compose import over_copies
from params_proto.errors import SweepError
from params_proto.multirun.context import AppContext, function_of, plain_config
from params_proto.multirun.options import Options
from params_proto.multirun.validation import AHEAD
from params_proto.records import JobStore
from params_proto.records.manifest import COMPOSED, CONFIGS, OWN

if TYPE_CHECKING:
    from hydra.types import TaskFunction

log = logging.getLogger(__name__)

# A job's overrides, and what they compose, as JSON has it, without the node `hydra`.
ComposedJob = tuple[Sequence[str], dict[str, Any]]


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


def read_first_job(directory: Path) -> ComposedJob | None:
    """A sweep's first job as it was composed when the sweep began: `.sweep/composed.json`.

    {"overrides": ["lr=1"], "config": {"lr": 1, "seed": 0}}

    Args:
        directory: the sweep's.

    Returns:
        None where there is no such file.

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
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SweepError(
            f"{path} is not what the sweep has written ({error}). Remove it, and the sweep resumes"
            " without a comparison of its first job's config."
        ) from error
    return job, cast("dict[str, Any]", config)


def first_job_now(directory: Path, host: AppContext, job: ComposedJob) -> ComposedJob:
    """A sweep's first job as it is composed now, which the next resume compares.

    Args:
        directory: that of the sweep, which resumes: a change was allowed.
        host: the app.
        job: the first that runs now, for a sweep that has not kept its first.
    """
    first = read_first_job(directory)
    if first is None:
        return job
    with suppress(HydraException):  # which was allowed: what it was then still counts
        return first[0], plain_config(host.compose_whichever_sweep(first[0]))
    return first


def refuse_changes(directory: Path, host: AppContext, options: Options) -> None:
    """Looks whether the jobs that are done would have other configs today.

    The first job's config is compared with what it was, and jobs that have run are composed from
    the config files as they were and as they are: at least one for each option of a config group,
    and one for each set of keys.

    Args:
        directory: of the sweep that resumes, or that this is a part of.
        host: the app as it is.
        options: those of the sweeper, with the keys that may differ, and with them what is below.

    Raises:
        SweepError: they would, and it is not allowed. It names the keys.
    """
    found: dict[str, str] = {}
    for job, then in _configs_of_then(directory, host):
        try:
            found |= _differences(then, plain_config(host.compose_whichever_sweep(job)))
        except HydraException as error:
            said = str(error).partition("\n")[0]
            found[" ".join(job)] = f"cannot be composed any more: {said}"
    # A shard that overwrites what another has run says so.
    allowed = True if options.overwrite else options.resume_changed or ()
    refused = [] if allowed is True else [key for key in found if not _is_below(key, allowed)]
    lines = [f"- {key}: {found[key]}" for key in refused or found]
    end = "The jobs that are done ran with what it was then."
    summary = "\n".join(["the app's config has changed since", *lines, end])
    if refused:
        raise SweepError(
            f"{directory}: {summary} Resume all the same with hydra.sweeper.resume_changed=true, or"
            " with a list of the keys that may differ, or put it back, or start again in another"
            " hydra.sweep.dir."
        )
    if found:
        log.warning(summary)


def _is_below(key: str, nodes: Collection[str]) -> bool:
    """Whether a key is one of some nodes, or is below one.

    >>> _is_below("machine.memory", ["machine"]), _is_below("machines", ["machine"])
    (True, False)
    """
    return any(f"{key}.".startswith(f"{node}.") for node in nodes)


def _configs_of_then(directory: Path, host: AppContext) -> Iterator[ComposedJob]:
    """The first job, and others that have run, with their configs as they were."""
    first = read_first_job(directory)
    if first is not None:
        yield first
    folders = (directory / OWN).glob(f"{CONFIGS}*")  # one of each process that began or resumed
    copies = [folder for folder in folders if any(folder.iterdir())]
    if not copies:
        return
    loader = over_copies(host.loader, max(copies, key=lambda folder: folder.stat().st_mtime_ns))
    before = replace(host, loader=loader)
    seen = set[object]()
    for record in islice(JobStore(directory).readable(), AHEAD):
        job = record.overrides
        keys = keys_of(job)
        options = [line for key, line in zip(keys, job, strict=True) if host.is_group(key)]
        kinds = {frozenset(keys), *options}
        if not kinds <= seen:
            seen |= kinds
            with suppress(HydraException):  # nor could it be then
                yield job, plain_config(before.compose_whichever_sweep(job))


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    old, new = ({key: json.dumps(one) for key, one in leaves(config)} for config in (then, now))
    for key in {**old, **new}:
        before, after = old.get(key, "not there"), new.get(key, "not there")
        if before != after:
            yield key, f"{before} then, {after} now"
