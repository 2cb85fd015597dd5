"""What an annotation says: its names resolved, its wrappers taken off, its text for a message."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Mapping
from types import NoneType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Final,
    Literal,
    NewType,
    NotRequired,
    Required,
    TypeVar,
    Union,
    cast,
)

_WRAPPERS: tuple[Any, ...] = (Annotated, Final, ClassVar, Required, NotRequired)


def resolve(annotation: Any, names: Mapping[str, Any], local_names: Mapping[str, Any] = {}) -> Any:
    """The annotation with the names in its text looked up; Any where one cannot be found.

    >>> resolve("dict[str, 'int | None']", {})
    dict[str, int | None]
    >>> resolve("Tensor", {})
    typing.Any
    """
    if annotation is inspect.Parameter.empty:
        return Any
    if type(annotation) is type:
        return annotation
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    names, local_names = dict(names), dict(local_names)
    try:
        return typing.get_type_hints(holder, names, local_names, include_extras=True)["it"]
    except Exception:  # the text is the user's: evaluating it can raise anything
        return Any


def hints(cls: type) -> dict[str, Any]:
    """The resolved annotations of a class and its bases, each in the names of its own module.

    >>> class Training:
    ...     lr: "float"
    >>> hints(Training)
    {'lr': <class 'float'>}
    """
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        names = getattr(sys.modules.get(base.__module__), "__dict__", {})
        for name, annotation in inspect.get_annotations(base).items():
            found[name] = resolve(annotation, names, vars(base))
    return found


def unwrap(annotation: Any) -> Any:
    """The type that an annotation comes down to: without Annotated, Final, NewType, an alias.

    What says nothing about the value (no annotation, a type variable) is Any.

    >>> unwrap(Annotated[int, "steps"])
    <class 'int'>
    >>> unwrap(TypeVar("T"))
    typing.Any
    """
    origin = typing.get_origin(annotation)
    if origin in _WRAPPERS:
        return unwrap(typing.get_args(annotation)[0])
    if isinstance(annotation, NewType):
        return unwrap(annotation.__supertype__)
    kind = origin or annotation
    if hasattr(kind, "__value__"):  # an alias: `type Rate = float`
        return unwrap(kind.__value__)
    if annotation in (Final, ClassVar, object) or isinstance(annotation, (TypeVar, str)):
        return Any
    return NoneType if annotation is None else annotation


def union_members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, of either spelling; empty for anything else.

    >>> union_members(int | None)
    (<class 'int'>, <class 'NoneType'>)
    >>> union_members(int)
    ()
    """
    if typing.get_origin(annotation) in (Union, types.UnionType):
        return typing.get_args(annotation)
    return ()


def without_none(annotation: Any) -> Any:
    """The type beside None in `X | None`; any other annotation, unwrapped, as it is.

    >>> without_none(int | None), without_none(int), without_none(int | str | None)
    (<class 'int'>, <class 'int'>, int | str | None)
    """
    annotation = unwrap(annotation)
    others = [member for member in union_members(annotation) if member is not NoneType]
    return unwrap(others[0]) if len(others) == 1 else annotation


def type_text(annotation: Any) -> str:
    """An annotation as a person writes it.

    >>> type_text(typing.Optional[typing.List[float]])
    'list[float] | None'
    >>> type_text(Literal["adam", "sgd"])
    "'adam' | 'sgd'"
    """
    annotation = unwrap(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is NoneType:
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):  # the parameters of a Callable
        return f"[{', '.join(map(type_text, cast('list[Any]', annotation)))}]"
    if union_members(annotation):
        return " | ".join(map(type_text, arguments))
    if origin is Literal:
        return " | ".join(str(a) if hasattr(a, "name") else repr(a) for a in arguments)
    if arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    return getattr(origin or annotation, "__name__", str(annotation))
