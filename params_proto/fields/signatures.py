"""The fields of a function, a class or a dataclass, read from its signature."""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, cast

from params_proto.errors import SweepError, together
from params_proto.fields.annotations import hints, resolve
from params_proto.fields.local_names import closed_over

_MISSING: Final = dataclasses.MISSING


class _Required(enum.Enum):  # an enum stays one object when it is copied or pickled
    REQUIRED = "required"

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED: Final[Literal[_Required.REQUIRED]] = _Required.REQUIRED
"""Stands where a default would, when there is none."""


@dataclasses.dataclass(frozen=True)
class Field:
    """One parameter of a function, or one field of a class.

    Args:
        name: its name.
        annotation: its annotation with the names in it resolved; Any where there is none.
        default: its default, or REQUIRED.
    """

    name: str
    annotation: Any = Any
    # Defaults can be arrays, whose == is no bool.
    default: Any = dataclasses.field(default=REQUIRED, compare=False)


def parameters(
    obj: Callable[..., Any], local_names: Mapping[str, Any] | None = None
) -> tuple[dict[str, Field], bool]:
    """The parameters of something callable, and whether it takes any other name (`**kwargs`).

    A `default_factory` is called: the field has the value that it makes.

    Args:
        obj: a function, a class, a `functools.partial` or another callable.
        local_names: names that annotations may use beside those of the module.

    Raises:
        SweepError: it takes arguments by position only, or its signature cannot be read.

    >>> def train(lr: float, *, seed=1, **extra): ...
    >>> parameters(train)
    ({'lr': Field(name='lr', annotation=<class 'float'>, default=REQUIRED), \
'seed': Field(name='seed', annotation=typing.Any, default=1)}, True)
    """
    origin = _origin(obj)
    try:
        signature = inspect.signature(obj if _is_partial(obj) else origin)
    except (TypeError, ValueError) as error:
        raise SweepError(f"The parameters of {obj!r} cannot be read: {error}.") from None
    annotated = _annotations(origin, signature, local_names)
    factories = _factories(origin)
    unset = dict(inspect.signature(origin).parameters) if factories else {}
    fields: dict[str, Field] = {}
    takes_any = False
    mistakes: list[str] = []
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            mistakes.append(
                f"{called(obj)} takes *{name}, which no name can set: "
                f"make it one parameter that is a list."
            )
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            mistakes.append(
                f"{called(obj)} takes {name} by position only, but a config gives names: "
                f"take out the `/` behind it."
            )
        else:
            default = REQUIRED if parameter.default is parameter.empty else parameter.default
            if name in factories and default is unset[name].default:
                default = factories[name]()
            fields[name] = Field(name, annotated[name], default)
    if mistakes:
        raise together(mistakes)
    return fields, takes_any


def called(obj: Any) -> str:
    """The name that a message calls a function, a class or another callable by.

    >>> called(functools.partial(len)), called(list[int])
    ('len', 'list')
    """
    origin = _origin(obj)
    name = getattr(origin, "__name__", None)
    return name if isinstance(name, str) else type(origin).__name__


def _origin(obj: Any) -> Any:
    """What a `functools.partial` calls, and the class of a generic one with its arguments."""
    while _is_partial(obj):
        obj = obj.func
    return typing.get_origin(obj) or obj


def _is_partial(obj: Any) -> bool:
    return isinstance(obj, functools.partial)


def _annotations(
    origin: Any, signature: inspect.Signature, local_names: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The resolved annotation of each parameter."""
    of_class: dict[str, Any] = {}
    function = inspect.unwrap(origin)
    if isinstance(origin, type):
        of_class, function = hints(origin), cast("Any", origin).__init__
    elif not hasattr(function, "__globals__"):
        function = cast("Any", type(function)).__call__
    function = inspect.unwrap(function)
    names: dict[str, Any] = getattr(function, "__globals__", {})
    local_names = {**(local_names or {}), **closed_over(function)} or None
    return {
        name: of_class[name]
        if name in of_class
        else Any
        if parameter.annotation is parameter.empty
        else resolve(parameter.annotation, names, local_names)
        for name, parameter in signature.parameters.items()
    }


def _factories(origin: Any) -> dict[str, Callable[[], Any]]:
    """What makes the default of a dataclass's or an attrs class's field, by parameter name."""
    known: tuple[Any, ...] = ()
    if hasattr(origin, "__dataclass_fields__"):
        known = dataclasses.fields(origin)
    of_attrs = [
        attribute
        for attribute in getattr(origin, "__attrs_attrs__", ())
        if hasattr(attribute.default, "factory") and not attribute.default.takes_self
    ]
    return {
        **{f.name: f.default_factory for f in known if f.default_factory is not _MISSING},
        **{getattr(a, "alias", a.name): a.default.factory for a in of_attrs},
    }
