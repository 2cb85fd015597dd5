"""The current values in the processes that this one starts.

fork copies them with the memory. spawn, forkserver and joblib's workers unpickle them.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

from params_proto.app.current import Key, Layer, LazyPickle, in_job, innermost, layers, process
from params_proto.compose.internals import hand_to_children
from params_proto.fields.annotations import hints, unwrap


class PickledBindings:
    """Pickled, it is the values of that moment; unpickled, they are those of the new process."""

    def __reduce__(self) -> tuple[Any, ...]:
        values: dict[Key, dict[str, Any]] = {}
        for layer in reversed([*layers(innermost())]):
            for key, named in layer.values.items():
                values.setdefault(key, {}).update(named)
        pickled = {
            key: {
                name: value if type(value) is LazyPickle else LazyPickle(value)
                for name, value in named.items()
            }
            for key, named in values.items()
        }
        return _unpickle_bindings, (pickled, in_job(), innermost() is not None)


def _unpickle_bindings(
    values: dict[Key, dict[str, LazyPickle]], is_job: bool, is_bound: bool
) -> PickledBindings:
    process.inherited = Layer(values, is_job=is_job) if is_job or is_bound else None
    process.reaches_children = True
    return PickledBindings()


def reach_children() -> None:
    """Has every process that multiprocessing or joblib starts from here on inherit the values."""
    hand_to_children("params_proto", PickledBindings())
    process.reaches_children = True


def restore(key: Key, values: Mapping[str, Any], sender: int) -> None:
    """Takes over the values that a class was pickled with in the process that started this one.

    So a reused worker sees the values of the job that it works for now, while what a worker sends
    back changes nothing.

    Args:
        key: the class.
        values: its values there, apart from its defaults.
        sender: the id of the process that pickled it.
    """
    if os.getppid() != sender:
        return
    if process.inherited is None:
        process.inherited = Layer({})
    process.inherited.values[key] = dict(values)


def resolve_annotations(annotation: Any, seen: set[type]) -> None:
    """Replaces the text in the annotations of a script's classes by the types that it names.

    A launcher's worker gets such a class by value, and not the names that the text is about.

    Args:
        annotation: of a value that the classes are part of.
        seen: the classes that are done.
    """
    annotation = unwrap(annotation)
    parts = cast(
        "Sequence[Any]", annotation if isinstance(annotation, list) else get_args(annotation)
    )
    if isinstance(annotation, type) and annotation.__module__ == "__main__":
        if annotation in seen:
            return
        seen.add(annotation)
        resolved = hints(annotation)
        own = {name: resolved[name] for name in inspect.get_annotations(annotation)}
        annotation.__annotations__ = own
        parts = [*annotation.__bases__, *own.values()]
    for part in parts:
        resolve_annotations(part, seen)
