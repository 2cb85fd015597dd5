"""`--lr 0.1`, as other tools have it, where Hydra has `lr=0.1`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from params_proto.app.meant import meant
from params_proto.app.task import Task
from params_proto.errors import SweepError, nearest
from params_proto.overrides.literals import spell
from params_proto.overrides.parse import read

# Of Hydra's command line; argparse takes a long one's beginning.
_LONG = (
    *("help", "hydra-help", "version", "cfg", "resolve", "package", "run", "multirun"),
    *("shell-completion", "config-path", "config-name", "config-dir", "experimental-rerun", "info"),
)
_SHORT = ("h", "c", "p", "r", "m", "sc", "cp", "cn", "cd", "i")
_OPTION = re.compile(r"(?P<dashes>--?)(?P<name>[^\W\d][\w.-]*)(=(?P<value>.*))?", re.DOTALL)


def options_for_overrides(task: Task, arguments: Sequence[str]) -> list[str]:
    """The mistakes of giving a parameter as an option.

    Args:
        task: the app's.
        arguments: its command line.
    """
    return list(_mistakes(task, arguments))


def _mistakes(task: Task, arguments: Sequence[str]) -> Iterator[str]:
    for argument, after in pairwise([*arguments, "-"]):
        found = _OPTION.fullmatch(argument)
        if found is None:
            continue
        name, value, given = found["name"], found["value"], argument
        key = name.replace("-", "_")
        if _is_of_hydra(found["dashes"], name, known=key in task.root.fields):
            continue
        off = key.removeprefix("no_")
        if value is None and key not in task.root.fields and _is_flag(task, off):
            yield f"{given}: Hydra has no such option. Did you mean {off}=false?"
            continue
        key = meant(task, key) or key
        if value is None and not after.startswith("-") and "=" not in after:
            value, given = after, f"{argument} {after}"
        unknown = None if key.startswith("hydra.") else task.unknown(key)
        option = nearest(name, _LONG) if unknown and found["dashes"] == "--" else None
        if option is not None:
            yield f"{argument}: Hydra has no such option. Did you mean --{option}?"
        elif unknown is not None:
            yield f"{given}: Hydra has no such option, and {unknown}"
        elif value is None:
            value = "true" if _is_flag(task, key) else "..."
            yield f"{given}: Hydra has no such option. Did you mean {key}={value}?"
        else:
            line = shlex.quote(f"{key}={_spelled(value)}")
            yield f"{given}: Hydra has no such option. Did you mean {line}?"


def _is_flag(task: Task, key: str) -> bool:
    field = task.root.fields.get(key)
    return field is not None and isinstance(field.default, bool)


def _spelled(value: str) -> str:
    """A value as Hydra reads it: in quotes where it would not, or as a part of something else."""
    try:
        read(f"key={value}")
    except SweepError:
        return spell(value)
    return value


def _is_of_hydra(dashes: str, name: str, *, known: bool) -> bool:
    if dashes == "--":
        return any(option.startswith(name) for option in _LONG)
    # argparse takes what follows a short option for its value: -cnother.
    return name in _SHORT or (not known and name.startswith(_SHORT))
