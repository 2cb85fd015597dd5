"""Prefix classes: reading a field gives its current value, assigning to it sets that."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Mapping
from functools import partial
from typing import Any, cast

from params_proto.app import current
from params_proto.app.registry import ParameterSet, check_node, classes
from params_proto.errors import SweepError, did_you_mean
from params_proto.fields import REQUIRED, Target
from params_proto.fields.signature import hints

_CLASS_VAR = re.compile(r"(\w+\.)*ClassVar\b")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclasses.dataclass(frozen=True)
class FieldDescriptor:
    """Replaces a field in the class and reads its current value."""

    name: str

    def __get__(self, instance: object, cls: PrefixClass) -> Any:
        value = cls.__proto_parameters__.value(self.name)
        if value is REQUIRED:
            raise AttributeError(self.name)  # PrefixClass.__getattr__ gives the message
        return value


class PrefixClass(type):
    """The type of every prefix class."""

    __proto_parameters__: ParameterSet

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **kwargs: Any
    ) -> PrefixClass:
        """Creates the class, with a descriptor in place of each field."""
        new_class = super().__new__(cls, name, bases, body, **kwargs)
        if "__qualname__" not in body:  # it is being unpickled, and gets its fields later
            return new_class
        defaults: dict[str, Any] = {}
        for base in reversed(new_class.__mro__):
            known = vars(base).get("__proto_parameters__")
            if known is None:
                defaults = class_fields(base, defaults)
            else:
                defaults = {**defaults, **known.defaults}
        for field in defaults:
            setattr(new_class, field, FieldDescriptor(field))
        key = current.key_of(new_class)
        current.process.assigned.pop(key, None)  # those of a class that this one replaces
        new_class.__proto_parameters__ = ParameterSet(
            key=key,
            title=f"{new_class.__module__}.{new_class.__qualname__}",
            name=name,
            node=snake_case(name),
            defaults=defaults,
            annotations=partial(hints, new_class),
            others={
                name for name in {*dir(new_class)} - defaults.keys() if not name.startswith("_")
            },
        )
        return new_class

    @property
    def __proto_fields__(cls) -> Target:
        """What a Sweep over it is checked against."""
        return cls.__proto_parameters__.target

    def __call__(cls, *args: object, **kwargs: object) -> Any:
        """Raises TypeError: a prefix class has no instances."""
        name = cls.__name__
        raise TypeError(
            f"{name} is a prefix class, which has no instances: read its fields as"
            f" {name}.{next(iter(cls.__proto_parameters__.defaults), 'field')}, and give them"
            f" values with proto.bind({name}, ...)."
        )

    def __getattr__(cls, name: str) -> Any:
        parameters = vars(cls).get("__proto_parameters__")  # none while it is being unpickled
        if parameters is None or name.startswith("_"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        if name not in parameters.defaults:
            raise _no_field(cls, name)
        raise AttributeError(
            f"{cls.__name__}.{name} is required and has no value here: give it one with"
            f" proto.bind({cls.__name__}, {name}=...), or with {parameters.full(name)}=... on the"
            " command line."
        )

    def __setattr__(cls, name: str, value: Any) -> None:
        parameters = vars(cls).get("__proto_parameters__")
        is_own = name.startswith("_") or type(value) is FieldDescriptor
        if parameters is None or is_own or name in parameters.others:
            super().__setattr__(name, value)
            if isinstance(value, ParameterSet):
                classes[value.key] = cls
        elif name in parameters.defaults:
            current.assign(parameters.key, name, parameters.convert(name, value))
        else:
            raise _no_field(cls, name)


def _no_field(cls: PrefixClass, name: str) -> AttributeError:
    hint = did_you_mean(name, cls.__proto_parameters__.defaults)
    message = f"{cls.__name__} has no field {name}.{hint}"
    return AttributeError(message, name=name, obj=None)  # without obj, Python adds no hint itself


def prefix_class(cls: type, node: str | None = None) -> PrefixClass:
    """The prefix class of a plain class, or the same prefix class under another node."""
    if type(cls) not in (type, PrefixClass) or tuple in cls.__mro__:
        raise SweepError(
            f"proto.prefix decorates a plain class, which {cls!r} is not: put the fields into a"
            " class of their own, without a metaclass or NamedTuple. A function takes @proto.cli."
        )
    if node is None:
        node = snake_case(cls.__name__)
    check_node(f"{cls.__module__}.{cls.__qualname__}", node)
    result = cast("PrefixClass", cls)
    if not isinstance(cls, PrefixClass):
        # Derived from it, so that super() in its methods works.
        attributes = ("__module__", "__qualname__", "__doc__")
        result = PrefixClass(
            cls.__name__, (cls,), {name: getattr(cls, name) for name in attributes}
        )
    result.__proto_parameters__ = dataclasses.replace(result.__proto_parameters__, node=node)
    return result


def snake_case(name: str) -> str:
    """The default node of a class name.

    >>> [snake_case(name) for name in ("Training", "TrainModel", "HTTPServer", "_Private")]
    ['training', 'train_model', 'http_server', 'private']
    """
    return _BOUNDARY.sub("_", name).lower().strip("_")


def class_fields(cls: type, inherited: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a class with their defaults, both inherited and its own.

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
    body = {**vars(cls), **vars(cls).get("__dataclass_fields__", {})}
    for name, annotation in annotations.items():
        if not name.startswith("_") and not _CLASS_VAR.match(str(annotation)):
            default = body.get(name, REQUIRED)
            if isinstance(default, dataclasses.Field):
                field = cast("dataclasses.Field[Any]", default)
                default = (
                    field.default_factory() if callable(field.default_factory) else field.default
                )
            fields[name] = REQUIRED if default is dataclasses.MISSING else default
    for name in (inherited.keys() & vars(cls).keys()) - annotations.keys():
        if hasattr(body[name], "__get__"):  # a method or property in its place
            del fields[name]
        else:
            fields[name] = body[name]
    return fields
