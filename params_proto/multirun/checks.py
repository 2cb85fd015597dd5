"""What is refused before a job runs, of what Hydra would run or tell with a wrong advice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from params_proto.errors import SweepError, together
from params_proto.keys import bare
from params_proto.storage.names import STEPS

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

    from params_proto.app.task import Task

_MOST = 10  # mistakes that one error tells
_AXES = frozenset({"product", "zip", "chain", "concat", "cross"})


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
            name = bare(key)
            # What there is not, Hydra says, where it is to be deleted.
            theirs = key.startswith("~") or not name.replace(".", "").isidentifier()
            if theirs or name.partition(".")[0] == "hydra" or is_group(name):
                continue
            mistake = task.unknown(name)
            if mistake is not None:
                mistakes[f"{place}: {mistake}"] = None
    if mistakes:
        raise together(_ten(list(mistakes)))


@dataclass
class Mistakes:
    """What is wrong with jobs, each mistake told once, with the first job that makes it."""

    jobs: dict[str, list[Sequence[str]]] = field(default_factory=dict[str, "list[Sequence[str]]"])

    def add(self, job: Sequence[str], mistakes: Iterable[str]) -> None:
        """Notes the mistakes of one job."""
        for mistake in mistakes:
            self.jobs.setdefault(mistake, []).append(job)

    def tell(self) -> None:
        """Raises what has been noted.

        Raises:
            SweepError: the first ten mistakes, and how many there are besides.

        >>> mistakes = Mistakes()
        >>> mistakes.add(["lr=x"], ["lr: 'x' is no float."])
        >>> mistakes.tell()
        Traceback (most recent call last):
            ...
        params_proto.errors.SweepError: the job lr=x: lr: 'x' is no float.
        """
        if self.jobs:
            raise together(_ten(list(self._told())))

    def _told(self) -> Iterator[str]:
        for mistake, jobs in self.jobs.items():
            others = f" and {len(jobs) - 1} more" if len(jobs) > 1 else ""
            yield f"the job {' '.join(jobs[0])}{others}: {mistake}"


def _ten(mistakes: list[str]) -> list[str]:
    if len(mistakes) <= _MOST:
        return mistakes
    return [*mistakes[:_MOST], f"and {len(mistakes) - _MOST} more."]


def keys_of(job: Iterable[str]) -> list[str]:
    """The keys of a job's overrides, without +, ++ or ~.

    >>> keys_of(["+lr=0.1", "~db", "name=a=b"])
    ['lr', 'db', 'name']
    """
    return [bare(line.partition("=")[0]) for line in job]


def refuse_misplaced_steps(config: DictConfig, groups: Iterable[str], loader: ConfigLoader) -> None:
    """Refuses steps of a sweep that a config group has put into the task's config.

    Args:
        config: a composed config.
        groups: the keys of the groups that were chosen for it.
        loader: Hydra's, for `glob`.

    Raises:
        SweepError: what a group holds is a sweep, and nothing else.
    """
    for key in groups:
        group, _, package = key.partition("@")
        if package.partition(".")[0] == "hydra":  # `+sweep@hydra.sweeper.sweep=grid`
            continue
        content = _content(config, package or group.replace("/", "."))
        if _is_sweep(content, loader):
            raise SweepError(
                f"{key} selects steps of a sweep ({', '.join(content)}), which stand in the job's"
                f" config: begin the file in the group {group} with the line"
                " # @package hydra.sweeper.sweep"
            )


def _is_sweep(content: Mapping[str, Any], loader: ConfigLoader) -> bool:
    """Whether it can be nothing but a sweep; {shuffle: true} may be a data loader's config."""
    from params_proto.storage import sweep_from_steps

    if not STEPS.keys() >= content.keys() or _AXES.isdisjoint(content):
        return False
    try:
        return bool(sweep_from_steps(content, config_loader=loader).expression.places)
    except SweepError:
        return False


def _content(config: DictConfig, package: str) -> dict[str, Any]:
    from omegaconf import OmegaConf

    content: Any = config
    for part in package.split("."):
        if not OmegaConf.is_dict(content) or part not in content:
            return {}
        if OmegaConf.is_interpolation(content, part):
            return {}
        content = content[part]
    return cast("Any", OmegaConf.to_container(content)) if OmegaConf.is_dict(content) else {}
