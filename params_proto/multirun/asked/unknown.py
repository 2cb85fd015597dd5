"""Names that nothing in a proto app has, wherever they were given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from params_proto.keys import bare
from params_proto.multirun.mistakes import first_ten

if TYPE_CHECKING:
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
            name = bare(key)
            # What there is not, Hydra says, where it is to be deleted.
            theirs = key.startswith("~") or not name.replace(".", "").isidentifier()
            if theirs or name.partition(".")[0] == "hydra" or is_group(name):
                continue
            mistake = task.unknown(name)
            if mistake is not None:
                mistakes[f"{place}: {mistake}"] = None
    if mistakes:
        raise first_ten(list(mistakes))
