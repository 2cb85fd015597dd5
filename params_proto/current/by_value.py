"""A script's classes in a process that does not have the script.

They get there by value, with annotations as text, the names in which mean nothing there, and
dataclasses with copies of the object that stands for "no default".
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
from collections.abc import Iterable, Mapping
from typing import Any, cast, get_args

from params_proto.fields import Target
from params_proto.fields.annotations import hints, unwrap

Annotations = Mapping[type, Mapping[str, Any]]


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
        if not dataclasses.is_dataclass(cls):
            continue
        for field in dataclasses.fields(cls):
            field.type = resolved.get(field.name, field.type)
            for name in ("default", "default_factory"):
                if type(getattr(field, name)) is type(dataclasses.MISSING):
                    setattr(field, name, dataclasses.MISSING)
