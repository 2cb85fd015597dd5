"""What a class body says: its fields with their defaults, and its name as a node."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from typing import Any, ClassVar, cast, get_origin

from params_proto.fields import REQUIRED

_CLASS_VAR = re.compile(r"(\w+\.)*ClassVar\b")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """The node that a class name gives.

    >>> [snake_case(name) for name in ("Training", "TrainModel", "HTTPServer", "_Private")]
    ['training', 'train_model', 'http_server', 'private']
    """
    return _BOUNDARY.sub("_", name).lower().strip("_")


def class_fields(cls: type, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a class with their defaults: what it inherits, and what its own body says.

    A field is a public name with an annotation, as in a dataclass, or an inherited one that is
    given another default. `ClassVar`, methods and constants without annotation are not fields.

    >>> class Training:
    ...     lr: float = 0.1
    ...     seed: int
    ...     unit = "s"
    >>> class_fields(Training, {})
    {'lr': 0.1, 'seed': REQUIRED}
    """
    fields = dict(inherited)
    annotations = inspect.get_annotations(cls)
    for name, annotation in annotations.items():
        if not name.startswith("_") and not _is_class_var(annotation):
            fields[name] = _default(cls, name)
    for name in (inherited.keys() & vars(cls).keys()) - annotations.keys():
        if hasattr(vars(cls)[name], "__get__"):  # a method or property in its place
            del fields[name]
        else:
            fields[name] = vars(cls)[name]
    return fields


def _is_class_var(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return _CLASS_VAR.match(annotation) is not None
    return ClassVar in (annotation, get_origin(annotation))


def _default(cls: type, name: str) -> Any:
    """The value beside a field, whichever way a class body, or a dataclass, keeps it."""
    value = vars(cls).get(name, REQUIRED)
    value = vars(cls).get("__dataclass_fields__", {}).get(name, value)
    if isinstance(value, dataclasses.Field):
        field = cast("dataclasses.Field[Any]", value)
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        value = REQUIRED if field.default is dataclasses.MISSING else field.default
    return value.__func__ if isinstance(value, staticmethod) else value


def with_metaclass(cls: type, kind: type[type]) -> type:
    """The class with another metaclass, derived from it so that `super()` in its methods works."""
    kept = ("__module__", "__qualname__", "__doc__")
    return kind(cls.__name__, (cls,), {name: getattr(cls, name) for name in kept})
