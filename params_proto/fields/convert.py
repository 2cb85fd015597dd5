"""Values into fields without loss: the value that an annotation makes of a given one."""

from __future__ import annotations

import enum
import functools
import os
import typing
from collections import OrderedDict, abc
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from types import NoneType
from typing import Any, Final, Literal, cast

from params_proto.errors import did_you_mean, shown
from params_proto.fields.annotations import (
    hints,
    type_text,
    union_members,
    unwrap,
    without_none,
)
from params_proto.fields.dotted_name import find_object
from params_proto.fields.signature import REQUIRED, Field, is_record, record_fields
from params_proto.values import identity, native

SCALARS: Final = frozenset({bool, int, float, str, bytes})

ConvertScalar = Callable[[Any, type], Any]
"""How a scalar or an enum's member becomes one of another type."""

CONSTRUCTOR_ERRORS: Final = (AssertionError, TypeError, ValueError)
"""What the constructor of a user's class raises when it does not accept its values."""

# What a value becomes in a field of a container type: one type for each abstract one.
_CONCRETE: Final[Mapping[Any, Any]] = {
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Reversible: list,
    abc.Container: list,
    abc.Set: set,
    abc.MutableSet: set,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
    os.PathLike: Path,
}
_CALLABLE: Any = typing.get_origin(Callable[..., Any])

# The value of a subclass, such as a member of an IntEnum, in the type itself.
_BASE_VALUE: Final[dict[type, Callable[[Any], Any]]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes,
}


class ConversionError(ValueError):
    """A value that a field cannot hold: the rule, and where in the value it is broken.

    >>> str(ConversionError("'x' is not an int", ".layers[1]"))
    "'x' is not an int (at .layers[1])"
    """

    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(rule, path)
        self.rule, self.path = rule, path

    def __str__(self) -> str:
        return f"{self.rule} (at {self.path})" if self.path else self.rule


def convert_exact(value: Any, kind: type) -> Any:
    """A scalar or an enum's member in a field of its own type, or of one that holds it exactly.

    >>> convert_exact(2, float)
    2.0
    >>> convert_exact(2**53 + 1, float)
    Traceback (most recent call last):
        ...
    params_proto.fields.convert.ConversionError: 9007199254740993 is not a float: \
it would be rounded
    """
    value = of_python(value)
    if type(value) is kind:
        return value
    if issubclass(kind, enum.Enum):
        if type(value) is str and value in kind.__members__:
            return kind.__members__[value]
        raise _mismatch(value, kind, f"choose {', '.join(kind.__members__)}")
    if isinstance(value, bool):
        raise _mismatch(value, kind)
    if isinstance(value, kind):
        return _BASE_VALUE[kind](value)
    if kind is not float or not isinstance(value, int):
        raise _mismatch(value, kind)
    with suppress(OverflowError):
        if float(value) == value:
            return float(value)
    raise _mismatch(value, kind, "it would be rounded")


def coerce_like_omegaconf(value: Any, kind: type) -> Any:
    """A scalar or an enum's member as OmegaConf takes it for a field of the type.

    So a value in a tuple or a union, which OmegaConf does not check, means what it would mean
    alone.

    >>> coerce_like_omegaconf("32", int), coerce_like_omegaconf(1, str)
    (32, '1')
    """
    try:
        return convert_exact(value, kind)
    except ConversionError:
        from omegaconf import BooleanNode, EnumNode, FloatNode, IntegerNode, StringNode

        nodes = {bool: BooleanNode, int: IntegerNode, float: FloatNode, str: StringNode}
        if type(value) not in SCALARS - {bytes} or kind is bytes:
            raise
        node = EnumNode(kind) if issubclass(kind, enum.Enum) else nodes[kind]()
        with suppress(ValueError, OverflowError):
            return node.validate_and_convert(value)
        raise


def convert(
    value: Any, annotation: Any, default: Any = REQUIRED, scalar: ConvertScalar = convert_exact
) -> Any:
    """The value as a field of this annotation holds it, when nothing is lost on the way.

    An int goes into a float, text into a path or the name of an enum's member, a list into a
    tuple or set of the annotated elements, a mapping into a dataclass, a dotted name into a
    Callable. Text is not parsed: "32" is not an int, nor is True. A field of an abstract
    type has one type of value: a Sequence is a list, a Mapping a dict.

    Without an annotation, a list becomes the tuple or set that the default is, and text the path or
    member of an enum.

    Args:
        value: any value; it is not changed.
        annotation: a resolved annotation. Any, a type variable and the like hold everything.
        default: the field's default: where it is None, so may the value be.
        scalar: converts scalars and enum members.

    Raises:
        ValueError: the field cannot hold the value; its text is the rule.

    >>> convert(1, float), convert([1, 2], tuple[float, ...])
    (1.0, (1.0, 2.0))
    >>> convert("adagrad", Literal["adam", "sgd"])
    Traceback (most recent call last):
        ...
    params_proto.fields.convert.ConversionError: 'adagrad' is not one of 'adam' | 'sgd'
    """
    if type(value) is annotation and annotation in SCALARS:
        return value
    if value is None and default is None:
        return None
    kind = class_of(default)
    special = isinstance(default, (tuple, set, frozenset, enum.Enum, os.PathLike))
    if (special or is_record(kind)) and unwrap(annotation) is Any and default is not REQUIRED:
        with suppress(ConversionError):
            return _convert(value, kind, scalar)
    return _convert(value, annotation, scalar)


def child_field(annotation: Any, name: str) -> Field | None:
    """The field below a field: of the dataclass in it, or a value of its dict.

    >>> child_field(dict[str, float], "lr").annotation
    <class 'float'>
    """
    kind = without_none(annotation)
    if is_record(kind):
        return record_fields(kind).get(name)
    if typing.get_origin(kind) in (dict, abc.Mapping):
        return Field(name, typing.get_args(kind)[1])
    return None


def class_of(value: object) -> Any:
    """The class of a value, about which a type checker knows nothing."""
    return type(value)


def of_python(value: Any) -> Any:
    """A NumPy or tensor scalar or array as Python's numbers and lists; anything else as it is."""
    if type(value).__module__ != "builtins" and hasattr(value, "tolist"):
        return native(value)
    return value


def strictly_equal(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types all through.

    >>> strictly_equal([1, {"a": 2.0}], [1, {"a": 2.0}]), strictly_equal(1, 1.0)
    (True, False)
    """
    return one is other or identity(one) == identity(other)


def _mismatch(value: Any, annotation: Any, reason: str = "") -> ConversionError:
    text = type_text(annotation)
    article = "an" if text[0].lower() in "aeiou" else "a"
    return ConversionError(f"{shown(value)} is not {article} {text}{': ' * bool(reason)}{reason}")


def _convert(value: Any, annotation: Any, scalar: ConvertScalar) -> Any:
    annotation = unwrap(annotation)
    if union_members(annotation):
        return _union(value, annotation, scalar)
    kind = typing.get_origin(annotation) or annotation
    if kind is Literal:
        return _choice(value, annotation, scalar)
    if not _is_class(kind) or getattr(kind, "_is_protocol", False):
        return value  # Any, and what says nothing about a value
    if kind in SCALARS or issubclass(kind, enum.Enum):
        return scalar(value, kind)
    kind = _CONCRETE.get(kind, kind)
    convert_container = _container(kind)
    if convert_container is not None:
        return convert_container(
            value, kind, annotation, functools.partial(_convert, scalar=scalar)
        )
    if kind in (_CALLABLE, type):
        return (_callable if kind is _CALLABLE else _class)(value, annotation)
    if isinstance(value, kind):
        return value
    if is_record(kind) and isinstance(value, Mapping):
        into = functools.partial(_convert, scalar=scalar)
        return _record(cast("Mapping[Any, Any]", value), kind, into)
    if issubclass(kind, PurePath) and isinstance(value, (str, PurePath)):
        return kind(value)
    raise _mismatch(value, annotation)


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type) and kind is not Any


def _union(value: Any, annotation: Any, scalar: ConvertScalar) -> Any:
    """A value into a union: what it is exactly, else the first member that it converts to."""
    members = union_members(annotation)
    if value is None and NoneType in members:
        return None
    inner = without_none(annotation)
    if inner is not annotation:
        return _convert(value, inner, scalar)
    for convert_scalar in (convert_exact, scalar):
        found: list[Any] = []
        for member in members:
            with suppress(ConversionError):
                found.append(_convert(value, member, convert_scalar))
        if found:
            return next((each for each in found if strictly_equal(each, value)), found[0])
    raise ConversionError(f"{shown(value)} is not one of {type_text(annotation)}")


def _choice(value: Any, annotation: Any, scalar: ConvertScalar) -> Any:
    """A value into a Literal: a choice of the same type, else what `scalar` makes one."""
    value = of_python(value)
    for convert_scalar in (_unchanged, scalar):
        for choice in typing.get_args(annotation):
            with suppress(ConversionError):
                if strictly_equal(convert_scalar(value, class_of(choice)), choice):
                    return choice
    raise ConversionError(f"{shown(value)} is not one of {type_text(annotation)}")


def _unchanged(value: Any, kind: type) -> Any:
    return value


def _callable(value: Any, annotation: Any) -> Any:
    found = _named(value)
    if not callable(found):
        raise ConversionError(f"{shown(value)} is not callable")
    return found


def _class(value: Any, annotation: Any) -> Any:
    found = _named(value)
    if not _is_class(found):
        raise ConversionError(f"{shown(value)} is not a class")
    (bound,) = map(unwrap, typing.get_args(annotation) or (Any,))
    if _is_class(bound) and not issubclass(found, bound):
        raise _mismatch(value, annotation)
    return found


def _named(value: Any) -> Any:
    """The object of a dotted name; anything that is not text is itself."""
    if type(value) is not str:
        return value
    try:
        return find_object(value)
    except ValueError as error:
        raise ConversionError(str(error)) from error


# Containers: each converts its elements by `into(element, annotation)`.

_Into = Callable[[Any, Any], Any]


def _container(kind: Any) -> Callable[[Any, Any, Any, _Into], Any] | None:
    if kind is list:
        return _list
    if kind in (set, frozenset):
        return _set
    if kind in (dict, OrderedDict):
        return _dict
    if issubclass(kind, tuple):
        return _tuple
    return _typed_dict if typing.is_typeddict(kind) else None


def _list(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    elements = _elements(value, annotation)
    (element,) = typing.get_args(annotation) or (Any,)
    return [_at(f"[{i}]", into, each, element) for i, each in enumerate(elements)]


def _set(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    """A set, or a list in which nothing occurs twice, into a set or frozenset."""
    is_set = isinstance(value, abc.Set)
    elements = list(cast("abc.Set[Any]", value)) if is_set else value
    converted = _list(elements, kind, annotation, into)
    made = kind(converted)
    if len(made) < len(converted):
        raise _mismatch(value, annotation, "an element occurs twice")
    return made


def _tuple(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    """A sequence into a tuple; a mapping too into a named one."""
    if kind is not tuple and isinstance(value, kind):
        return value
    names = getattr(kind, "_fields", None)
    if names is not None and isinstance(value, Mapping):
        return _record(cast("Mapping[Any, Any]", value), kind, into)
    elements = _elements(value, annotation)
    if names is not None and len(elements) <= len(names):
        return _record(dict(zip(names, elements, strict=False)), kind, into)
    types = typing.get_args(annotation) or names or (Any, ...)
    if types[1:] == (...,):
        types = types[:1] * len(elements)
    if len(elements) != len(types):
        reason = f"it has {len(elements)} elements, not {len(types)}"
        raise _mismatch(value, annotation, reason)
    pairs = zip(elements, types, strict=True)
    converted = [_at(f"[{i}]", into, each, element) for i, (each, element) in enumerate(pairs)]
    return cast("Any", kind)(converted)


def _dict(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    key_type, value_type = typing.get_args(annotation) or (Any, Any)
    converted: dict[Any, Any] = {}
    for key, element in _mapping(value, annotation).items():
        made = _at(f"[{key!r}]", into, key, key_type)
        if made in converted:
            raise _mismatch(value, annotation, f"{made!r} occurs twice")
        converted[made] = _at(f"[{key!r}]", into, element, value_type)
    return kind(converted)


def _typed_dict(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    known = hints(kind)
    items = _mapping(value, annotation)
    _check_names(kind, items, known, kind.__required_keys__)
    return {name: _at(f"[{name!r}]", into, item, known[name]) for name, item in items.items()}


def _record(value: Mapping[Any, Any], kind: Any, into: _Into) -> Any:
    """An object of a dataclass, an attrs class or a named tuple, made of its fields."""
    fields = record_fields(kind)
    required = {name for name, field in fields.items() if field.default is REQUIRED}
    _check_names(kind, value, fields, required)
    given: dict[str, Any] = {
        name: _at(f".{name}", into, element, fields[name].annotation)
        for name, element in value.items()
        # None means a default of None, as in a call.
        if not (element is None and fields[name].default is None)
    }
    try:
        return kind(**given)
    except CONSTRUCTOR_ERRORS as error:
        raise _mismatch(value, kind, str(error) or type(error).__name__) from error


def _check_names(
    kind: Any, given: Mapping[Any, Any], known: Mapping[str, Any], required: Collection[str]
) -> None:
    for name in given:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise ConversionError(f"{kind.__name__} has no {name!r}.{hint}")
    missing = [name for name in known if name in required and name not in given]
    if missing:
        raise ConversionError(f"{kind.__name__} needs {', '.join(missing)}")


def _at(step: str, into: _Into, value: Any, annotation: Any) -> Any:
    """One element converted; an error says where in the value the element is."""
    try:
        return into(value, annotation)
    except ConversionError as error:
        raise ConversionError(error.rule, step + error.path) from None


def _elements(value: Any, annotation: Any) -> list[Any]:
    value = of_python(value)
    if not isinstance(value, (list, tuple, range)):
        raise _mismatch(value, annotation)
    return list(cast("list[Any]", value))


def _mapping(value: Any, annotation: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise _mismatch(value, annotation)
    return cast("Mapping[Any, Any]", value)
