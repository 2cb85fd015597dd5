"""A script's classes in a process that does not have the script.

They get there by value, with annotations as text, the names in which mean nothing there.
"""

from __future__ import annotations

import copyreg
import dataclasses
import inspect
import sys
from collections.abc import Iterable, Mapping
from typing import Any, cast, get_args

from params_proto.fields import Target
from params_proto.fields.annotations import hints, unwrap

Annotations = Mapping[type, Mapping[str, Any]]


def _name_of(sentinel: Any) -> str:
    return "MISSING" if sentinel is dataclasses.MISSING else sentinel.name


# What stands in a dataclass for "no default" and for "a field" counts by identity, in a job and,
# where an object comes back with its result, in the script: it is pickled by name, not copied.
copyreg.pickle(type(dataclasses.MISSING), _name_of)
copyreg.pickle(dataclasses._FIELD_BASE, _name_of)  # pyright: ignore


def annotations_of(targets: Iterable[Target]) -> Annotations:
    """The resolved annotations of the script's own classes, as far as values are made of them.

    Args:
        targets: whose fields have the values.
    """
    found: dict[type, dict[str, Any]] = {}
    for target in targets:
        for field in target.fields.values():
            _gather(field.annotation, found)
            _gather(type(field.default), found)
    return found


def _gather(annotation: Any, found: dict[type, dict[str, Any]]) -> None:
    annotation = unwrap(annotation)
    inner = cast("list[Any]", annotation) if isinstance(annotation, list) else get_args(annotation)
    for argument in inner:
        _gather(argument, found)
    if not isinstance(annotation, type) or annotation in found:
        return
    if annotation.__module__ != "__main__":
        return
    resolved = hints(annotation)
    own = inspect.get_annotations(annotation)
    found[annotation] = {name: resolved[name] for name in own}
    for part in (*annotation.__bases__, *found[annotation].values()):
        _gather(part, found)


def settle(annotations: Annotations) -> None:
    """Makes classes that have come by value what they were; others stay as they are."""
    for cls, resolved in annotations.items():
        if getattr(sys.modules["__main__"], cls.__qualname__, None) is cls:
            continue
        cls.__annotations__ = dict(resolved)
        if dataclasses.is_dataclass(cls):
            for field in dataclasses.fields(cls):
                field.type = resolved.get(field.name, field.type)
