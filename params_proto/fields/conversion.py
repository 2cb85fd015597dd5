"""Values into fields without loss: the value that an annotation makes of a given one."""

from __future__ import annotations

import enum
import functools
import os
import typing
from collections.abc import Callable
from types import NoneType
from typing import Any, Literal

from params_proto.errors import shown
from params_proto.fields import containers
from params_proto.fields.annotations import type_text, union_members, unwrap
from params_proto.fields.containers import Into, is_record
from params_proto.fields.dotted import find
from params_proto.fields.scalars import SCALARS, Leaf, Refused, class_of, exact, of_python, same
from params_proto.fields.signatures import REQUIRED

_CALLABLE: Any = typing.get_origin(Callable[..., Any])
_PATH_LIKE: Any = os.PathLike


def convert(value: Any, annotation: Any, default: Any = REQUIRED, leaf: Leaf = exact) -> Any:
    """The value as a field of this annotation holds it, when nothing is lost on the way.

    An int goes into a float, text into a path or the name of an enum's member, a list into a
    tuple or set of the annotated elements, a mapping into a dataclass, a dotted name into a
    Callable. Text is not parsed: "32" is no int, and True is none either. A field of an abstract
    type has one type of value: a Sequence is a list, a Mapping a dict.

    Without an annotation, a list becomes the tuple or set that the default is, and text the path or
    member of an enum.

    Args:
        value: any value; it is not changed.
        annotation: a resolved annotation. Any, a type variable and the like hold everything.
        default: the field's default: where it is None, so may the value be.
        leaf: how scalars and enum members are taken.

    Raises:
        ValueError: the field cannot hold the value; its text is the rule.

    >>> convert(1, float), convert([1, 2], tuple[float, ...])
    (1.0, (1.0, 2.0))
    >>> convert("adagrad", Literal["adam", "sgd"])
    Traceback (most recent call last):
        ...
    params_proto.fields.scalars.Refused: 'adagrad' is none of 'adam' | 'sgd'
    """
    if type(value) is annotation and annotation in SCALARS:
        return value
    if value is None and default is None:
        return None
    if default is not REQUIRED and unwrap(annotation) is Any:
        return _alike(value, default, leaf)
    return _convert(value, annotation, leaf)


def _alike(value: Any, default: Any, leaf: Leaf) -> Any:
    """A value without an annotation: of the default's type, if that is one which a config lacks."""
    kind = class_of(default)
    if isinstance(default, (tuple, set, frozenset, enum.Enum, os.PathLike)) or is_record(kind):
        try:
            return _convert(value, kind, leaf)
        except Refused:
            pass
    return value


def _convert(value: Any, annotation: Any, leaf: Leaf) -> Any:
    annotation = unwrap(annotation)
    members = union_members(annotation)
    if members:
        return _member(value, members, leaf)
    kind = typing.get_origin(annotation) or annotation
    if kind is Literal:
        return _choice(value, annotation, leaf)
    if not _is_class(kind):  # Any, and what says nothing about a value
        return value
    if kind in SCALARS or issubclass(kind, enum.Enum):
        return leaf(value, kind)
    return _way(kind)(value, annotation, functools.partial(_convert, leaf=leaf))


@functools.lru_cache(maxsize=256)
def _way(kind: Any) -> Callable[[Any, Any, Into], Any]:
    """How a value becomes one of this type."""
    for kinds, way in (
        (containers.SEQUENCES, containers.into_sequence),
        (containers.SETS, containers.into_set),
        (containers.MAPPINGS, containers.into_mapping),
        ((_CALLABLE,), _callable),
        ((type,), _class),
    ):
        if kind in kinds:
            return way
    if issubclass(kind, tuple):
        return containers.into_tuple
    if typing.is_typeddict(kind):
        return containers.into_typed_dict
    if is_record(kind):
        return containers.into_record
    if issubclass(kind, _PATH_LIKE):
        return _path
    is_protocol = getattr(kind, "_is_protocol", False)
    if is_protocol and any("__call__" in vars(base) for base in kind.__mro__):
        return _callable
    return _object


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type) and kind is not Any  # which is one since Python 3.11


def _member(value: Any, members: tuple[Any, ...], leaf: Leaf) -> Any:
    """A value into a union: what it is exactly, else the first member that it converts to."""
    if value is None and NoneType in members:
        return None
    others = [member for member in members if member is not NoneType]
    if len(others) == 1:
        return _convert(value, others[0], leaf)
    found: list[Any] = []
    for way in (exact, leaf):
        for member in others:
            try:
                converted = _convert(value, member, way)
            except Refused:
                continue
            if same(converted, value):
                return converted
            found.append(converted)
        if found:
            return found[0]
    raise Refused(f"{shown(value)} is none of {' | '.join(map(type_text, members))}")


def _choice(value: Any, annotation: Any, leaf: Leaf) -> Any:
    """A value into a Literal: a choice of the same type, a name of one, what `leaf` makes one."""
    value = of_python(value)
    choices = typing.get_args(annotation)
    for choice in choices:
        if same(value, choice):
            return choice
    for choice in choices:
        try:
            if same(leaf(value, choice.__class__), choice):
                return choice
        except Refused:
            continue
    raise Refused(f"{shown(value)} is none of {type_text(annotation)}")


def _path(value: Any, annotation: Any, into: Into) -> Any:
    from pathlib import Path, PurePath  # loaded already where a field is a path

    kind = typing.get_origin(annotation) or annotation
    if isinstance(value, kind):
        return value
    kind = Path if kind is os.PathLike else kind
    if issubclass(kind, PurePath) and isinstance(value, (str, PurePath)):
        return kind(value)
    raise Refused(f"{shown(value)} is no {type_text(annotation)}")


def _callable(value: Any, annotation: Any, into: Into) -> Any:
    found = _named(value)
    if not callable(found):
        raise Refused(f"{shown(value)} is nothing to call")
    return found


def _class(value: Any, annotation: Any, into: Into) -> Any:
    found = _named(value)
    if not _is_class(found):
        raise Refused(f"{shown(value)} is no class")
    bounds = [b for argument in typing.get_args(annotation) for b in _bounds(argument)]
    if bounds and all(map(_is_class, bounds)) and not issubclass(found, tuple(bounds)):
        raise Refused(f"{shown(value)} is no {type_text(annotation)}")
    return found


def _bounds(argument: Any) -> tuple[Any, ...]:
    """The classes of which `type[argument]` takes a subclass."""
    return union_members(argument) or (unwrap(argument),)


def _named(value: Any) -> Any:
    """What a dotted name stands for; anything that is no text is itself."""
    if type(value) is not str:
        return value
    try:
        return find(value)
    except ValueError as error:
        raise Refused(str(error)) from error


def _object(value: Any, annotation: Any, into: Into) -> Any:
    """An object of a class that says nothing about how to make one, or None for None."""
    kind = typing.get_origin(annotation) or annotation
    try:
        if isinstance(value, kind):
            return value
    except TypeError:  # a protocol that cannot be asked
        return value
    raise Refused(f"{shown(value)} is no {type_text(annotation)}")
