"""What is wrong with the command line of an app, where Hydra has no word for it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType

from params_proto.app.options import options_for_overrides
from params_proto.app.task import JobError, Task
from params_proto.errors import SweepError, together
from params_proto.fields.convert import class_of
from params_proto.overrides.parse import read

_DIGITS = re.compile(r"[0-9]{640}")  # of which Python reads no more, where it is told so
_COMPLETION = re.compile(r"-sc|--s")  # whose arguments look like overrides


def refuse_mistakes(task: Task, arguments: Sequence[str]) -> None:
    """Ends the run as Hydra does, with the message alone, if there is a mistake.

    Args:
        task: the app's.
        arguments: its command line.

    Raises:
        SystemExit: the mistakes have been told, all of them.
    """
    mistakes = mistakes_of(task, arguments)
    if mistakes:
        refuse(together(mistakes))


def refuse(mistake: SweepError) -> NoReturn:
    """Ends the run as Hydra does, with the message alone.

    Raises:
        SystemExit: it has been told.
    """
    error = JobError(str(mistake), mistake.mistakes)
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        raise error
    sys.stderr.write(f"{error}\n")
    sys.exit(1)


def mistakes_of(task: Task, arguments: Sequence[str]) -> list[str]:
    """What Hydra has no word for.

    Args:
        task: the app's.
        arguments: its command line, or overrides that stand for one.
    """
    return [
        *options_for_overrides(task, arguments),
        *_too_much(arguments),
        *_tuples_by_name(task, arguments),
        *_unknown_names(task, arguments),
    ]


def _too_much(arguments: Sequence[str]) -> Iterator[str]:
    """Numbers with which Hydra's parser would end in a traceback."""
    for line in arguments:
        try:
            if _DIGITS.search(line):
                read(line)
        except SweepError as error:
            yield str(error)


def _tuples_by_name(task: Task, arguments: Sequence[str]) -> Iterator[str]:
    """The mistake of giving a named tuple with a default, which is a list in a config, by names."""
    for target in (task.root, *(node.target for node in task.nodes.values())):
        prefix = f"{target.node}." if target.node else ""
        for name, field in target.fields.items():
            kind = class_of(field.default)
            names: tuple[str, ...] = getattr(kind, "_fields", ()) if tuple in kind.__mro__ else ()
            by_name = rf"\+*{re.escape(prefix + name)}(\.({'|'.join(names)})=|=\{{)"
            if names and any(re.match(by_name, argument) for argument in arguments):
                yield (
                    f"{prefix}{name} is a {kind.__name__}, which a config has as a list:"
                    f" write {prefix}{name}=[{','.join(names)}], a value for each name."
                )


def _unknown_names(task: Task, arguments: Sequence[str]) -> list[str]:
    """The mistakes of giving a value to what nothing in the app has the name of.

    Hydra would say that it is not in a struct. What is swept, or added with +, is checked with the
    jobs, and what comes with the user's configs is not known here.
    """
    if not task.closed or completes(arguments):
        return []
    return [mistake for line in arguments if (mistake := _unknown(task, line)) is not None]


def completes(arguments: Sequence[str]) -> bool:
    """Whether a command line is about Hydra's tab completion."""
    return any(map(_COMPLETION.match, arguments))


def _unknown(task: Task, line: str) -> str | None:
    """What is wrong with the key of an override, where it can be told before there is a config."""
    key = line.partition("=")[0]
    if "=" not in line or not key.replace(".", "").isidentifier() or key.startswith("hydra."):
        return None
    if ConfigStore.instance().get_type(key) is ObjectType.GROUP:
        return None
    mistake = task.unknown(key)
    try:
        return None if mistake is None or read(line).is_sweep_override() else mistake
    except SweepError:  # which Hydra tells
        return None
