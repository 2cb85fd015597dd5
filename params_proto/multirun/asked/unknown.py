"""What nothing in an app has or takes: names, wherever they were given, and values of jobs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf
from omegaconf.errors import ValidationError

from params_proto._keys import bare, full_key
from params_proto.errors import nearest
from params_proto.multirun.mistakes import first_ten
from params_proto.overrides.parse import from_hydra, read

if TYPE_CHECKING:
    from hydra.errors import HydraException
    from omegaconf import DictConfig

    from params_proto.app.task import Task
    from params_proto.fields import Target


def refuse_unknown(
    task: Task, places: Mapping[str, Iterable[str]], is_group: Callable[[str], bool]
) -> None:
    """Refuses the names that nothing in a proto app has.

    Args:
        task: the app's.
        places: keys by the place where they stand.
        is_group: whether a key is a config group, which is Hydra's to choose from.

    Raises:
        SweepError: all of them.
    """
    mistakes: dict[str, None] = {}
    for place, keys in places.items():
        for key in keys:
            # What there is not, Hydra says, where it is to be deleted.
            if key.startswith("~") or not _is_value(bare(key), is_group):
                continue
            mistake = task.unknown(bare(key))
            if mistake is not None:
                mistakes[f"{place}: {mistake}"] = None
    if mistakes:
        raise first_ten(list(mistakes))


def added(task: Task, keys: Iterable[str], is_group: Callable[[str], bool]) -> dict[str, str]:
    """The keys that a function takes by its `**kwargs`, as an override adds them.

    Args:
        task: the app's.
        keys: those of a sweep.
        is_group: whether a key is a config group.

    Returns:
        The spelling by the key. None is there of a key that has a spelling of its own.
    """
    if not task.root.open:
        return {}
    known = {*task.root.fields, *task.nodes}
    # By ++, as the app's own configs may have one.
    return {
        key: f"++{key}"
        for key in keys
        if _is_value(key, is_group) and key.partition(".")[0] not in known
    }


def _is_value(key: str, is_group: Callable[[str], bool]) -> bool:
    """Whether a key is that of a value in the task's config."""
    named = key.replace(".", "").isidentifier() and key.partition(".")[0] != "hydra"
    return named and not is_group(key)


def meant(
    config: DictConfig,
    job: Iterable[str],
    is_group: Callable[[str], bool],
    task: Task | None = None,
) -> Iterator[str]:
    """What overrides may have been meant for that no key of a config has, where one is near.

    Args:
        config: a composed config, of the groups that the job chooses.
        job: the overrides.
        is_group: whether a key is a config group.
        task: of a proto app, whose parameters are meant first.

    >>> config = OmegaConf.create({"model": {"hidden": 8}, "lr": 0.1, "hydra": {}})
    >>> list(meant(config, ["modle.hidden=1", "lrr=1", "lr=1", "+new=1"], {"db"}.__contains__))
    ['modle.hidden: did you mean model.hidden?', 'lrr: did you mean lr?']
    """
    plain = cast("dict[str, Any]", OmegaConf.to_container(config))
    names = [name for name in _paths(plain) if name.partition(".")[0] != "hydra"]
    for line in job:
        key = line.partition("=")[0]
        if key[:1] not in "+~" and key not in names and not is_group(key):
            close = _parameter(task, key) or nearest(key, names)
            if close is not None:
                yield f"{key}: did you mean {close}?"


def _parameter(task: Task | None, key: str) -> str | None:
    return None if task is None else task.suggestion(key)


def misfit_of(fields: Iterable[Target], job: Iterable[str], error: HydraException) -> str | None:
    """What Python says of a value that Hydra has refused.

    Args:
        fields: of a proto app.
        job: the overrides.
        error: what Hydra raised for them.

    Returns:
        The mistake; None where it is about anything else than the value of a field.
    """
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return None
    from params_proto.algebra.scope import into_field, misfit

    place = str(cause.full_key).partition("[")[0]
    for line in job:
        key = bare(line.partition("=")[0])
        for target in fields if key == place else ():
            field = target.fields.get(key.removeprefix(f"{target.node}."))
            if field is None or key != full_key(target.node, field.name):
                continue
            value = from_hydra(read(line).value())
            try:
                into_field(value, field, from_text=True)
            except ValueError as refused:
                return misfit(key, field, value, refused)
    return None


def _paths(node: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in node.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _paths(cast("Mapping[str, Any]", value), f"{above}{key}.")
