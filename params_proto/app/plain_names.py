"""Plain names on a command line: `max_depth=3` for `model.max_depth=3`."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from params_proto.app.task import Task
from params_proto.errors import SweepError


def in_full(
    task: Task, lines: Sequence[str], at_root: Callable[[list[str]], Container[str] | None]
) -> list[str]:
    """Overrides with the node of each field that they give by its plain name.

    Args:
        task: the app's.
        lines: its command line, or overrides that stand for one.
        at_root: gives the names at the root of the config by the other lines; None where it has
            no config by these. It is called only if a line may give a field of a prefix class.

    Raises:
        SweepError: a name that several classes have.
    """
    plain = {line for line in lines if "=" in line and _may_be_a_field(task, _key(line))}
    names = at_root([line for line in lines if line not in plain]) if plain else None
    if names is None:
        return list(lines)
    return [
        task.in_full(_key(line), names) + line[len(_key(line)) :] if line in plain else line
        for line in lines
    ]


def _key(line: str) -> str:
    return line.partition("=")[0]


def _may_be_a_field(task: Task, key: str) -> bool:
    try:
        return task.in_full(key, ()) != key
    except SweepError:
        return True
