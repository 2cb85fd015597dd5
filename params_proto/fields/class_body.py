"""What a class body says: its fields with their defaults, and the same body in another class."""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, cast, get_origin

from params_proto.fields import REQUIRED
from params_proto.fields.local_names import content

_CLASS_VAR = re.compile(r"(\w+\.)*ClassVar\b")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# What every class gets of its own.
_OWN = ("__dict__", "__weakref__", "__slots__")


def snake_case(name: str) -> str:
    """The node that a class name gives.

    >>> [snake_case(name) for name in ("Training", "TrainModel", "HTTPServer", "_Private")]
    ['training', 'train_model', 'http_server', 'private']
    """
    return _BOUNDARY.sub("_", name).lower().strip("_")


def declared(cls: type, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a class with their defaults: what it inherits, and what its own body says.

    A field is a public name with an annotation, as in a dataclass, or an inherited one that is
    given another default. `ClassVar`, methods and constants without annotation are none.

    >>> class Training:
    ...     lr: float = 0.1
    ...     seed: int
    ...     unit = "s"
    >>> declared(Training, {})
    {'lr': 0.1, 'seed': REQUIRED}
    """
    fields = dict(inherited)
    annotations = inspect.get_annotations(cls)
    for name, annotation in annotations.items():
        if not name.startswith("_") and not _is_class_var(annotation):
            fields[name] = _default(cls, name)
    for name in inherited:
        if name in vars(cls) and name not in annotations:
            if hasattr(vars(cls)[name], "__get__"):  # a method or property in its place
                del fields[name]
            else:
                fields[name] = vars(cls)[name]
    return fields


def _is_class_var(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return _CLASS_VAR.match(annotation) is not None
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _default(cls: type, name: str) -> Any:
    """The value beside a field, whichever way a class body, or a dataclass, keeps it."""
    value = vars(cls).get(name, REQUIRED)
    if value is REQUIRED or isinstance(value, types.MemberDescriptorType):
        value = vars(cls).get("__dataclass_fields__", {}).get(name, REQUIRED)
    if isinstance(value, dataclasses.Field):
        field = cast("dataclasses.Field[Any]", value)
        if field.default_factory is not dataclasses.MISSING:
            return field.default_factory()
        value = REQUIRED if field.default is dataclasses.MISSING else field.default
    return value.__func__ if isinstance(value, staticmethod) else value


def remade(cls: type, kind: type[type]) -> type:
    """The same class with another metaclass; `super()` in its methods means the new one."""
    body = {
        name: value
        for name, value in vars(cls).items()
        if name not in _OWN and not isinstance(value, types.MemberDescriptorType)
    }
    made = kind(cls.__name__, cls.__bases__, {**body, "__qualname__": cls.__qualname__})
    for value in body.values():
        for function in _functions(value):
            for cell in function.__closure__ or ():
                if content(cell) is cls:
                    cell.cell_contents = made
    return made


def _functions(value: Any) -> Iterator[types.FunctionType]:
    """The functions behind a method of any kind."""
    if isinstance(value, property):
        for accessor in (value.fget, value.fset, value.fdel):
            yield from _functions(accessor)
    elif isinstance(value, (classmethod, staticmethod)):
        yield from _functions(cast("Any", value).__func__)
    elif isinstance(value, types.FunctionType):
        yield value
        yield from _functions(getattr(value, "__wrapped__", None))
