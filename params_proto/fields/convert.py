"""Converts values to annotated types without loss."""

from __future__ import annotations

import enum
import functools
import os
import typing
from collections import abc
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from pkgutil import resolve_name
from types import NoneType
from typing import Any, Final, Literal, cast

from params_proto._values import equality_key, to_python
from params_proto.errors import did_you_mean, short_repr
from params_proto.fields.signature import (
    REQUIRED,
    Field,
    hints,
    is_record,
    record_fields,
    type_text,
    union_members,
    unwrap,
    without_none,
)

SCALARS: Final = frozenset({bool, int, float, str, bytes})

ConvertScalar = Callable[[Any, type], Any]
"""Converts a scalar or an enum member to another type."""

CONSTRUCTOR_ERRORS: Final = (AssertionError, TypeError, ValueError)
"""Exceptions by which constructors of users' classes reject values."""

# The concrete type of values in a field of each container type.
_CONCRETE: Final[Mapping[Any, Any]] = {
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Set: set,
    abc.MutableSet: set,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
    os.PathLike: Path,
}

_CALLABLE: Any = typing.get_origin(Callable[..., Any])

# Converts an instance of a subclass, such as a member of an IntEnum, to the type itself.
_BASE_VALUE: Final[dict[type, Callable[[Any], Any]]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes,
}


class ConversionError(ValueError):
    """A value that a field cannot hold, and where in the value the problem is.

    >>> str(ConversionError("'x' is not an int", ".layers[1]"))
    "'x' is not an int (at .layers[1])"
    """

    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(rule, path)
        self.rule, self.path = rule, path

    def __str__(self) -> str:
        return f"{self.rule} (at {self.path})" if self.path else self.rule


def convert_exact(value: Any, kind: type) -> Any:
    """Converts a scalar or enum member to its own type, or to one that represents it exactly.

    >>> convert_exact(2, float)
    2.0
    >>> convert_exact(2**53 + 1, float)
    Traceback (most recent call last):
        ...
    params_proto.fields.convert.ConversionError: 9007199254740993 is not a float: \
it would be rounded
    """
    value = from_array(value)
    if type(value) is kind:
        return value
    if issubclass(kind, enum.Enum):
        with suppress(KeyError, TypeError):
            return kind.__members__[value]
        raise _mismatch(value, kind, f"choose {', '.join(kind.__members__)}")
    if isinstance(value, bool):  # an int to Python
        raise _mismatch(value, kind)
    if isinstance(value, kind):
        return _BASE_VALUE[kind](value)
    if (kind, type(value)) != (float, int):
        raise _mismatch(value, kind)
    with suppress(OverflowError):
        if float(value) == value:
            return float(value)
    raise _mismatch(value, kind, "it would be rounded")


def coerce_like_omegaconf(value: Any, kind: type) -> Any:
    """Converts a scalar or enum member as OmegaConf does for a field of the type.

    So a value in a tuple or union, which OmegaConf does not check, is converted as in a field of
    its own.

    >>> coerce_like_omegaconf("32", int), coerce_like_omegaconf(1, str)
    (32, '1')
    """
    try:
        return convert_exact(value, kind)
    except ConversionError:
        if type(value) in (bool, int, float, str) and kind not in (bytes, NoneType):
            with suppress(ValueError, OverflowError):
                return typed_node(kind).validate_and_convert(value)
        raise


def typed_node(kind: Any, value: Any = None) -> Any:
    """An OmegaConf node that holds a value, typed if the type is a scalar.

    >>> typed_node(float, "1e-3") == 0.001
    True
    """
    import omegaconf

    kinds: dict[Any, Any] = {
        bool: omegaconf.BooleanNode,
        int: omegaconf.IntegerNode,
        float: omegaconf.FloatNode,
        str: omegaconf.StringNode,
        bytes: omegaconf.BytesNode,
    }
    if kind in kinds:
        return kinds[kind](value)
    if not _is_class(kind):
        return value
    if issubclass(kind, enum.Enum):
        return omegaconf.EnumNode(kind, value)
    return omegaconf.PathNode(value) if issubclass(kind, Path) else value


def convert(
    value: Any, annotation: Any, default: Any = REQUIRED, scalar: ConvertScalar = convert_exact
) -> Any:
    """Converts a value to a field's annotation, if nothing is lost.

    An int goes into a float, text into a path or the name of an enum's member, a list into a
    tuple or set of the annotated elements, a mapping into a dataclass, a dotted name into a
    Callable. Text is not parsed: "32" is not an int, nor is True. A field of an abstract
    type has one type of value: a Sequence is a list, a Mapping a dict.

    Without an annotation, a list becomes a tuple or set if the default is one, and text a path or
    an enum member.

    Args:
        value: any value; it is not changed.
        annotation: a resolved annotation. Any, a type variable and the like accept any value.
        default: the field's default; if it is None, the value may be None, too.
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
    kind = cast("Any", type(default))
    has_type = isinstance(default, _TYPED_DEFAULTS) or is_record(kind)
    if has_type and default is not REQUIRED and unwrap(annotation) is Any:
        with suppress(ConversionError):
            return _convert(value, kind, scalar)
    return _convert(value, annotation, scalar)


# Types of defaults that determine the type of a field without annotation.
_TYPED_DEFAULTS = (tuple, set, frozenset, enum.Enum, os.PathLike)


def child_field(annotation: Any, name: str) -> Field | None:
    """The field one level below: a field of a dataclass, or a value of a dict.

    >>> child_field(dict[str, float], "lr").annotation
    <class 'float'>
    """
    kind = without_none(annotation)
    if is_record(kind):
        return record_fields(kind).get(name)
    if typing.get_origin(kind) in (dict, abc.Mapping):
        return Field(name, typing.get_args(kind)[1])
    return None


def from_array(value: Any) -> Any:
    """Converts a NumPy or tensor scalar or array to Python's numbers and lists."""
    return to_python(value) if hasattr(value, "tolist") else value


def strictly_equal(one: Any, other: Any) -> bool:
    """Whether two values are equal and have the same types throughout.

    >>> strictly_equal([1, {"a": 2.0}], [1, {"a": 2.0}]), strictly_equal(1, 1.0)
    (True, False)
    """
    return one is other or equality_key(one) == equality_key(other)


# --- functions and classes by name: "package.module.name" <-> the object of that name


def dotted_name(obj: Any) -> str | None:
    """The dotted name by which `find_object` returns this very object; None if there is none.

    >>> import json
    >>> dotted_name(json.dumps), dotted_name(lambda: 0)
    ('json.dumps', None)
    """
    name = f"{getattr(obj, '__module__', None)}.{getattr(obj, '__qualname__', None)}"
    with suppress(ValueError):
        if find_object(name) is obj:
            return name
    return None


def find_object(name: str) -> Any:
    """Imports the object of a dotted name, as Hydra does for `_target_`.

    >>> find_object("collections.abc.Callable")
    <class 'collections.abc.Callable'>
    >>> find_object("math.nope")
    Traceback (most recent call last):
        ...
    params_proto.fields.convert.ConversionError: 'math.nope' cannot be imported \
as package.module.name: module 'math' has no attribute 'nope'
    """
    try:
        return resolve_name(name)
    except Exception as error:  # importing a module can raise anything
        raise ConversionError(
            f"{name!r} cannot be imported as package.module.name: {error}"
        ) from error


# --- converting a value: each kind of annotation has a function


def _mismatch(value: Any, annotation: Any, reason: str = "") -> ConversionError:
    text = type_text(annotation)
    article = "an" if text[0].lower() in "aeiou" else "a"
    return ConversionError(
        f"{short_repr(value)} is not {article} {text}{': ' * bool(reason)}{reason}"
    )


def _convert(value: Any, annotation: Any, scalar: ConvertScalar) -> Any:
    annotation = unwrap(annotation)
    if union_members(annotation):
        return _union(value, annotation, scalar)
    kind = typing.get_origin(annotation) or annotation
    if kind is Literal:
        return _choice(value, annotation, scalar)
    into = functools.partial(_convert, scalar=scalar)
    kind = _CONCRETE.get(kind, kind)
    if kind in _CONVERTERS:
        return _CONVERTERS[kind](value, kind, annotation, into)
    if not _is_class(kind) or typing.Protocol in kind.__bases__:
        return value  # Any, or an annotation that does not restrict values
    if kind in SCALARS or issubclass(kind, enum.Enum):
        return scalar(value, kind)
    if typing.is_typeddict(kind):
        required = dict.fromkeys(kind.__required_keys__, REQUIRED)
        fields = {name: Field(name, hint, required.get(name)) for name, hint in hints(kind).items()}
        return _named(_checked(value, Mapping, annotation), kind, fields, into)
    if isinstance(value, kind):
        return value
    if is_record(kind) or hasattr(kind, "_fields"):
        return _record(value, kind, into)
    if issubclass(kind, tuple):
        return _tuple(value, kind, annotation, into)
    if issubclass(kind, PurePath) and isinstance(value, (str, PurePath)):
        return kind(value)
    raise _mismatch(value, annotation)


def _is_class(kind: Any) -> bool:
    return isinstance(kind, type) and kind is not Any


def _union(value: Any, annotation: Any, scalar: ConvertScalar) -> Any:
    """Converts to a union: an exact member, else the first that accepts the value."""
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
            return next(
                (candidate for candidate in found if strictly_equal(candidate, value)), found[0]
            )
    raise ConversionError(f"{short_repr(value)} is not one of {type_text(annotation)}")


def _choice(value: Any, annotation: Any, scalar: ConvertScalar) -> Any:
    """Converts to a Literal: an equal choice, else the first one that `scalar` gives."""
    value = from_array(value)
    choices = typing.get_args(annotation)
    for choice in choices:
        if strictly_equal(value, choice):
            return choice
    for choice in choices:
        with suppress(ConversionError):
            if strictly_equal(scalar(value, cast("Any", type(choice))), choice):
                return choice
    raise ConversionError(f"{short_repr(value)} is not one of {type_text(annotation)}")


_Into = Callable[[Any, Any], Any]
"""Converts an element to its annotation."""

# Each of these takes the value, the class, the annotation, and the function for elements.


def _object(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    """A class or other callable, given as the object or by its dotted name."""
    found: Any = find_object(value) if type(value) is str else value
    if not callable(found):
        raise ConversionError(f"{short_repr(value)} is not callable")
    if kind is type:
        (bound,) = map(unwrap, typing.get_args(annotation) or (object,))
        bound = bound if _is_class(bound) else object
        if not _is_class(found) or not issubclass(cast("type", found), bound):
            raise _mismatch(value, annotation)
    return found


def _collection(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    """Converts a sequence to a list or set; a set may have no duplicates."""
    (element_type,) = typing.get_args(annotation) or (Any,)
    allowed = {list: _SEQUENCES}.get(kind, (*_SEQUENCES, abc.Set))
    elements = list(_checked(from_array(value), allowed, annotation))
    converted = [_at(f"[{i}]", into, element, element_type) for i, element in enumerate(elements)]
    result = kind(converted)
    if len(result) < len(converted):
        raise _mismatch(value, annotation, "an element occurs twice")
    return result


_SEQUENCES = (list, tuple, range)


def _tuple(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    elements = list(_checked(from_array(value), _SEQUENCES, annotation))
    types = typing.get_args(annotation) or (Any, ...)
    if types[1:] == (...,):
        types = types[:1] * len(elements)
    if len(elements) != len(types):
        reason = f"it has {len(elements)} elements, not {len(types)}"
        raise _mismatch(value, annotation, reason)
    pairs = zip(elements, types, strict=True)
    return kind(
        [
            _at(f"[{i}]", into, element, element_type)
            for i, (element, element_type) in enumerate(pairs)
        ]
    )


def _dict(value: Any, kind: Any, annotation: Any, into: _Into) -> Any:
    key_type, value_type = typing.get_args(annotation) or (Any, Any)
    return {
        _at(f"[{key!r}]", into, key, key_type): _at(f"[{key!r}]", into, element, value_type)
        for key, element in _checked(value, Mapping, annotation).items()
    }


def _record(value: Any, kind: Any, into: _Into) -> Any:
    """Converts a mapping of fields to an object of a dataclass, attrs class or named tuple.

    A named tuple may also be given as a sequence.
    """
    names = getattr(kind, "_fields", ())
    if names and isinstance(value, _SEQUENCES):
        elements = list(cast("list[Any]", value))
        if len(elements) > len(names):
            reason = f"it has {len(elements)} elements, not {len(names)}"
            raise _mismatch(elements, kind, reason)
        value = dict(zip(names, elements, strict=False))
    arguments = _named(_checked(value, Mapping, kind), kind, record_fields(kind), into)
    try:
        return kind(**arguments)
    except CONSTRUCTOR_ERRORS as error:
        raise _mismatch(value, kind, str(error)) from error


def _named(
    given: Mapping[Any, Any], kind: Any, fields: Mapping[str, Field], into: _Into
) -> dict[str, Any]:
    """The values of fields, each converted to its annotation."""
    for name in given:
        if name not in fields:
            raise ConversionError(
                f"{kind.__name__} has no {name!r}.{did_you_mean(str(name), fields)}"
            )
    required = [name for name, field in fields.items() if field.default is REQUIRED]
    missing = [name for name in required if name not in given]
    if missing:
        raise ConversionError(f"{kind.__name__} needs {', '.join(missing)}")
    converted: dict[str, Any] = {}
    for name, value in given.items():
        # A default of None also allows None, as in a call.
        if value is not None or fields[name].default is not None:
            value = _at(f".{name}", into, value, fields[name].annotation)
        converted[name] = value
    return converted


def _at(step: str, into: _Into, value: Any, annotation: Any) -> Any:
    """Converts one element; an error gives the element's place in the value."""
    try:
        return into(value, annotation)
    except ConversionError as error:
        raise ConversionError(error.rule, step + error.path) from None


def _checked(value: Any, kinds: type | tuple[type, ...], annotation: Any) -> Any:
    if not isinstance(value, kinds):
        raise _mismatch(value, annotation)
    return value


_CONVERTERS: Final[Mapping[Any, Callable[[Any, Any, Any, _Into], Any]]] = {
    list: _collection,
    set: _collection,
    frozenset: _collection,
    tuple: _tuple,
    dict: _dict,
    type: _object,
    _CALLABLE: _object,
}
