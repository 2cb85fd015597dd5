"""Prefix classes: reading a field gives its current value, assigning to it sets that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from params_proto.app import current
from params_proto.app.registry import ParameterSet, check_node, classes
from params_proto.errors import SweepError, did_you_mean
from params_proto.fields import REQUIRED, Field, Target
from params_proto.fields.annotations import hints
from params_proto.fields.class_body import class_fields, snake_case, with_metaclass


class Reader:
    """Takes the place of a field in the class, and reads its current value."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, cls: PrefixClass) -> Any:
        value = cls.__proto_parameters__.value(self.name)
        if value is REQUIRED:
            raise AttributeError(self.name)  # which PrefixClass.__getattr__ explains
        return value


class PrefixClass(type):
    """The type of every prefix class."""

    __proto_parameters__: ParameterSet

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **kwargs: Any
    ) -> PrefixClass:
        """The class of a class statement. One that is being unpickled gets its fields later."""
        made = super().__new__(cls, name, bases, body, **kwargs)
        if "__qualname__" in body:
            _set_up(made)
        return made

    @property
    def __proto_fields__(cls) -> Target:
        """What a Sweep over it is checked against."""
        return cls.__proto_parameters__.target

    def __call__(cls, *args: object, **kwargs: object) -> Any:
        """Refuses to make an instance.

        Raises:
            TypeError: always.
        """
        name = cls.__name__
        raise TypeError(
            f"{name} is a prefix class, which has no instances: read its fields as"
            f" {name}.{next(iter(cls.__proto_parameters__.defaults), 'field')}, and give them"
            f" values with proto.bind({name}, ...)."
        )

    def __getattr__(cls, name: str) -> Any:
        parameters = _own_parameters(cls)
        if parameters is None or name.startswith("_"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        if name not in parameters.defaults:
            raise _no_field(cls, name, parameters)
        raise AttributeError(
            f"{cls.__name__}.{name} is required and has no value here: give it one with"
            f" proto.bind({cls.__name__}, {name}=...), or with {parameters.full(name)}=... on the"
            " command line."
        )

    def __setattr__(cls, name: str, value: Any) -> None:
        parameters = _own_parameters(cls)
        is_own = name.startswith("_") or type(value) is Reader
        if parameters is None or is_own or name in parameters.others:
            super().__setattr__(name, value)
            if isinstance(value, ParameterSet):
                classes[value.key] = cls
        elif name in parameters.defaults:
            current.assign(parameters.key, name, parameters.converted(name, value))
        else:
            raise _no_field(cls, name, parameters)


def _own_parameters(cls: type) -> ParameterSet | None:
    """The parameters of the class itself; None while it is being made or unpickled."""
    return vars(cls).get("__proto_parameters__")


def _no_field(cls: type, name: str, parameters: ParameterSet) -> AttributeError:
    message = f"{cls.__name__} has no field {name}.{did_you_mean(name, parameters.defaults)}"
    return AttributeError(message, name=name, obj=None)  # without obj, Python adds no hint itself


def prefix_class(cls: type, node: str | None = None) -> PrefixClass:
    """The prefix class of a plain one, or the same prefix class under another node.

    Raises:
        SweepError: `cls` is not a plain class, or `node` cannot be a node.
    """
    if type(cls) is not type and not isinstance(cls, PrefixClass):
        raise SweepError(
            f"proto.prefix decorates a plain class, and {cls!r} is of type {type(cls).__name__}:"
            " put the fields into a class of their own; a function takes @proto.cli."
        )
    if tuple in cls.__mro__:
        raise SweepError(
            f"proto.prefix decorates a plain class, and {cls.__qualname__} is a tuple: take out its"
            " base NamedTuple, or write a class with a field of this type."
        )
    title = f"{cls.__module__}.{cls.__qualname__}"
    check_node(title, snake_case(cls.__name__) if node is None else node)
    is_made = isinstance(cls, PrefixClass)
    made = cast("PrefixClass", cls if is_made else with_metaclass(cls, PrefixClass))
    if node is not None:
        known = made.__proto_parameters__
        made.__proto_parameters__ = replace(
            known, node=node, describe=lambda: replace(known.target, node=node)
        )
    return made


def _set_up(cls: PrefixClass) -> None:
    """Puts a reader in place of each field, and registers the class as a node."""
    defaults: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        parameters = _own_parameters(base)
        if parameters is None:
            defaults = class_fields(base, defaults)
        else:
            defaults.update(parameters.defaults)
    for name in defaults:
        setattr(cls, name, Reader(name))
    current.process.assigned.pop(current.key_of(cls), None)  # of the class that this one replaces
    node = snake_case(cls.__name__)

    def describe() -> Target:
        annotations = hints(cls)
        fields = {
            name: Field(name, annotations.get(name, Any), default)
            for name, default in defaults.items()
        }
        return Target(cls.__name__, node, fields)

    public = {name for base in cls.__mro__[:-1] for name in vars(base) if not name.startswith("_")}
    cls.__proto_parameters__ = ParameterSet(
        key=current.key_of(cls),
        title=f"{cls.__module__}.{cls.__qualname__}",
        node=node,
        defaults=defaults,
        others=public - defaults.keys(),
        takes_any=False,
        describe=describe,
    )
