"""Prefix classes: reading a field gives its current value, assigning to it sets that."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Set
from typing import Any, cast

from params_proto.app import children, current
from params_proto.app.owner import Owner, check_node, classes
from params_proto.errors import SweepError, did_you_mean
from params_proto.fields import REQUIRED, Field, Target
from params_proto.fields.annotations import hints
from params_proto.fields.class_body import class_fields, snake_case, with_metaclass


class ClassOwner(Owner):
    """The fields of a prefix class. Pickled with the class, it takes the current values along.

    Args:
        key, title, node, defaults, describe: as for every owner.
        others: the public names that the class has beside its fields: methods and constants.
    """

    def __init__(
        self,
        key: current.Key,
        title: str,
        node: str,
        defaults: Mapping[str, Any],
        others: Set[str],
        describe: Callable[[], Target],
    ) -> None:
        super().__init__(key, title, node, defaults, False, describe)
        self.others = others

    def __reduce__(self) -> tuple[Any, ...]:
        content = (self.key, self.title, self.node, self.defaults, self.others, self.target)
        return _arrived, (content, current.values_of(self.key), os.getpid())


def _arrived(content: tuple[Any, ...], values: Mapping[str, Any], sender: int) -> ClassOwner:
    key, title, node, defaults, others, target = content
    owner = ClassOwner(key, title, node, defaults, others, lambda: target)
    children.bring(owner.key, values, sender)
    return owner


class Reader:
    """Stands in the class in place of a field, and reads its current value."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: object, cls: PrefixClass) -> Any:
        value = cls.__proto_owner__.value(self.name)
        if value is REQUIRED:
            raise AttributeError(self.name)  # which PrefixClass.__getattr__ explains
        return value


class PrefixClass(type):
    """The type of every prefix class."""

    __proto_owner__: ClassOwner

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **kwargs: Any
    ) -> PrefixClass:
        """The class of a class statement. One that is being unpickled gets its fields later."""
        made = super().__new__(cls, name, bases, body, **kwargs)
        if "__qualname__" in body:
            _furnish(made)
        return made

    @property
    def __proto_fields__(cls) -> Target:
        """What a Sweep over it is checked against."""
        return cls.__proto_owner__.target

    def __call__(cls, *args: object, **kwargs: object) -> Any:
        """Refuses to make an instance.

        Raises:
            TypeError: always.
        """
        name = cls.__name__
        raise TypeError(
            f"{name} is a prefix class, of which there are no instances: read its fields as"
            f" {name}.{next(iter(cls.__proto_owner__.defaults), 'field')}, and give them values"
            f" with proto.bind({name}, ...)."
        )

    def __getattr__(cls, name: str) -> Any:
        owner = _owner(cls)
        if owner is None or name.startswith("_"):
            raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
        if name in owner.defaults:
            raise AttributeError(
                f"{cls.__name__}.{name} is required and has no value here: give it one with"
                f" proto.bind({cls.__name__}, {name}=...), or with {owner.full(name)}=... on the"
                " command line."
            )
        raise _no_field(cls, name, owner)

    def __setattr__(cls, name: str, value: Any) -> None:
        owner = _owner(cls)
        if owner is not None and name == "__dataclass_params__":
            raise SweepError(
                f"{cls.__name__} is a prefix class, of which there are no instances: take out"
                " @dataclass, or make the dataclass one of its own."
            )
        if owner is None or name.startswith("_") or name in owner.others:
            super().__setattr__(name, value)
            if name == "__proto_owner__":
                classes[value.key] = cls
        elif name not in owner.defaults:
            raise _no_field(cls, name, owner)
        elif isinstance(value, Reader):
            super().__setattr__(name, value)
        else:
            current.assign(owner.key, name, owner.converted(name, value))

    def __delattr__(cls, name: str) -> None:
        owner = _owner(cls)
        if owner is not None and name in owner.defaults:
            raise AttributeError(f"{cls.__name__}.{name} is a field, which cannot be deleted.")
        super().__delattr__(name)


def _owner(cls: type) -> ClassOwner | None:
    """What the class itself owns; None while it is being made or unpickled."""
    return vars(cls).get("__proto_owner__")


def _no_field(cls: type, name: str, owner: Owner) -> AttributeError:
    message = f"{cls.__name__} has no field {name}.{did_you_mean(name, owner.defaults)}"
    return AttributeError(message, name=name, obj=None)  # without obj, Python adds no hint itself


def prefix_class(cls: type, node: str | None = None) -> PrefixClass:
    """The prefix class of a plain one, or the same prefix class under another node.

    Raises:
        SweepError: `cls` is no plain class, or `node` cannot be a node.
    """
    if type(cls) is not type and not isinstance(cls, PrefixClass):
        what = type(cls).__name__
        raise SweepError(
            f"proto.prefix decorates a plain class, and {cls!r} is of type {what}: put the fields"
            " into a class of their own; a function takes @proto.cli."
        )
    if tuple in cls.__mro__:
        raise SweepError(
            f"proto.prefix decorates a plain class, and {cls.__qualname__} is a tuple: take out its"
            " base NamedTuple, or write a class with a field of this type."
        )
    title = f"{cls.__module__}.{cls.__qualname__}"
    check_node(title, snake_case(cls.__name__) if node is None else node)
    made = cast(
        "PrefixClass",
        cls if isinstance(cls, PrefixClass) else with_metaclass(cls, PrefixClass),
    )
    if node is not None:
        owner = made.__proto_owner__
        made.__proto_owner__ = _owned(made, node, owner.defaults, owner.others)
    return made


def _furnish(cls: PrefixClass) -> None:
    """Puts a reader in place of each field, and makes the class known as a node."""
    defaults: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        owner = _owner(base)
        if owner is None:
            defaults = class_fields(base, defaults)
        else:
            defaults.update(owner.defaults)
    for name in defaults:
        setattr(cls, name, Reader(name))
    names = {name for base in cls.__mro__[:-1] for name in vars(base) if not name.startswith("_")}
    current.forget(current.key_of(cls))
    cls.__proto_owner__ = _owned(cls, snake_case(cls.__name__), defaults, names - defaults.keys())


def _owned(
    cls: PrefixClass, node: str, defaults: Mapping[str, Any], others: Set[str]
) -> ClassOwner:
    def describe() -> Target:
        annotations = hints(cls)
        fields = {
            name: Field(name, annotations.get(name, Any), default)
            for name, default in defaults.items()
        }
        return Target(cls.__name__, node, fields)

    title = f"{cls.__module__}.{cls.__qualname__}"
    return ClassOwner(current.key_of(cls), title, node, defaults, others, describe)
