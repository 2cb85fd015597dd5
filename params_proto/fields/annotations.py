"""What an annotation says: its names resolved, its wrappers taken off, its text for a message."""

from __future__ import annotations

import inspect
import sys
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar, Union, cast

_WRAPPERS = (Annotated, Final, ClassVar)
# Types that only a later Python or a TypedDict knows; absent ones match nothing.
_LATER_WRAPPERS = tuple(
    wrapper
    for name in ("Required", "NotRequired", "ReadOnly")
    if (wrapper := getattr(typing, name, None)) is not None
)
BARE_TUPLE: Any = vars(typing)["Tuple"]


class _Holder:
    """Carries one annotation to `typing.get_type_hints`."""

    def __init__(self, annotation: Any) -> None:
        self.__annotations__ = {"it": annotation}


def resolve(
    annotation: Any, names: Mapping[str, Any], local_names: Mapping[str, Any] | None = None
) -> Any:
    """The annotation with the names in its text looked up; Any where one cannot be found.

    >>> resolve("dict[str, 'int | None']", {})
    dict[str, int | None]
    >>> resolve("Tensor", {})
    typing.Any
    """
    if type(annotation) is type:
        return annotation
    try:
        hints = typing.get_type_hints(
            _Holder(annotation),
            dict(names),
            dict(local_names) if local_names is not None else None,
            include_extras=True,
        )
    except Exception:  # the text is the user's: evaluating it can raise anything
        return Any
    return hints["it"]


def hints(cls: type, local_names: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resolved annotations of a class and its bases, each in the names of its own module.

    Args:
        cls: the class.
        local_names: names that its annotations may use besides.

    >>> class Training:
    ...     lr: "float"
    >>> hints(Training)
    {'lr': <class 'float'>}
    """
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        module = sys.modules.get(base.__module__)
        names = vars(module) if module is not None else {}
        for name, annotation in inspect.get_annotations(base).items():
            found[name] = resolve(annotation, names, {**(local_names or {}), **vars(base)})
    return found


def unwrap(annotation: Any) -> Any:
    """The type that an annotation comes down to: without Annotated, Final, NewType, an alias.

    What says nothing about the value (no annotation, a type variable) is Any.

    >>> unwrap(Annotated[int, "steps"])
    <class 'int'>
    >>> unwrap(TypeVar("T"))
    typing.Any
    """
    while True:
        origin = typing.get_origin(annotation)
        if origin in _WRAPPERS or (origin is not None and origin in _LATER_WRAPPERS):
            annotation = typing.get_args(annotation)[0]
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif hasattr(origin or annotation, "__value__"):  # an alias: `type Rate = float`
            annotation = (origin or annotation).__value__
        elif type(annotation).__name__ == "InitVar" and hasattr(annotation, "type"):
            annotation = annotation.type
        elif annotation in (Final, ClassVar, object, inspect.Parameter.empty) or isinstance(
            annotation, (TypeVar, str)
        ):
            return Any
        else:
            return type(None) if annotation is None else annotation


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


def type_text(annotation: Any) -> str:
    """An annotation as a person writes it.

    >>> type_text(typing.Optional[typing.List[float]])
    'list[float] | None'
    >>> type_text(Literal["adam", "sgd"])
    "'adam' | 'sgd'"
    """
    annotation = unwrap(annotation)
    if annotation is types.NoneType:
        return "None"
    if annotation is ...:
        return "..."
    if isinstance(annotation, list):  # the parameters of a Callable
        return f"[{', '.join(map(type_text, cast('list[Any]', annotation)))}]"
    members = union_members(annotation)
    if members:
        return " | ".join(type_text(member) for member in members)
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Literal:
        return " | ".join(str(a) if hasattr(a, "name") else repr(a) for a in arguments)
    if origin is not None and arguments:
        return f"{type_text(origin)}[{', '.join(map(type_text, arguments))}]"
    if origin is tuple and annotation is not BARE_TUPLE:
        return "tuple[()]"
    if origin is not None:
        annotation = origin
    name = getattr(annotation, "__name__", None)
    return name if isinstance(name, str) else str(annotation).removeprefix("typing.")
