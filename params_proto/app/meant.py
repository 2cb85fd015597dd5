"""The parameter that was meant by a key that none has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from params_proto.app.store import sweeper_options
from params_proto.app.task import Task
from params_proto.errors import SweepError, nearest
from params_proto.overrides.parse import read


def meant(task: Task, key: str) -> str | None:
    """The parameter of an app, or the option of the sweeper, that somebody may have meant.

    Args:
        task: the app's.
        key: what was written.

    Returns:
        Its key; None where a parameter has the key, or nothing like it.
    """
    nodes = {name: [*node.target.fields] for name, node in task.nodes.items()}
    within = [f"{name}.{field}" for name, fields in nodes.items() for field in fields]
    names = [*task.root.fields, *nodes, *within]
    if key in names:
        return None
    if key in sweeper_options():
        return f"hydra.sweeper.{key}"
    flat = [name for name in within if key in (name.replace(".", "_"), name.rpartition(".")[2])]
    if len(flat) == 1:
        return flat[0]
    by_field = {name.rpartition(".")[2]: name for name in within}
    return nearest(key, names) or by_field.get(nearest(key, by_field) or "")


def hints(task: Task, arguments: Sequence[str]) -> Iterator[str]:
    """What may have been meant by overrides that Hydra has refused.

    Args:
        task: the app's.
        arguments: its command line.
    """
    for argument in arguments:
        key, given, value = argument.partition("=")
        key = key.partition("@")[0]
        # What is added need not be there, and of what is swept the sweeper has told.
        if not given or key[:1] in "-+~" or key.partition(".")[0] == "hydra" or _is_swept(argument):
            continue
        close = meant(task, key)
        if close == "hydra.sweeper.sweep" and value.isidentifier():
            yield f"{key}: did you mean +{argument}?"  # a config, as files have a suffix
        elif close is not None:
            yield f"{key}: did you mean {close}?"


def _is_swept(argument: str) -> bool:
    try:
        return read(argument).is_sweep_override()
    except SweepError:  # which Hydra has told
        return False
