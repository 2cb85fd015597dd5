"""Names that nothing in an app has, wherever they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto.errors import nearest
from params_proto.keys import bare
from params_proto.multirun.mistakes import first_ten

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from params_proto.app.task import Task


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


def meant(config: DictConfig, job: Iterable[str], is_group: Callable[[str], bool]) -> Iterator[str]:
    """What overrides may have been meant for that no key of a config has, where one is near.

    Args:
        config: the composed config of the multirun.
        job: the overrides.
        is_group: whether a key is a config group, each option of which may have other keys.

    >>> config = OmegaConf.create({"model": {"hidden": 8}, "lr": 0.1, "hydra": {}})
    >>> list(meant(config, ["modle.hidden=1", "lrr=1", "lr=1", "+new=1"], {"db"}.__contains__))
    ['modle.hidden: did you mean model.hidden?', 'lrr: did you mean lr?']
    """
    plain = cast("dict[str, Any]", OmegaConf.to_container(config))
    names = [name for name in _paths(plain) if name.partition(".")[0] != "hydra"]
    for line in job:
        key = line.partition("=")[0]
        of_group = is_group(key) or is_group(key.partition(".")[0])
        if key[:1] not in "+~" and key not in names and not of_group:
            close = nearest(key, names)
            if close is not None:
                yield f"{key}: did you mean {close}?"


def _paths(node: Mapping[str, Any], above: str = "") -> Iterator[str]:
    for key, value in node.items():
        yield f"{above}{key}"
        if isinstance(value, dict):
            yield from _paths(cast("Mapping[str, Any]", value), f"{above}{key}.")
