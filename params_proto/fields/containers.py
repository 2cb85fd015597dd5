"""Lists, tuples, sets, mappings and dataclasses into fields of such, element by element.

Every function takes `into(value, annotation)`, which converts one element.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections import OrderedDict, abc, deque
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from params_proto.errors import did_you_mean, shown
from params_proto.fields.annotations import BARE_TUPLE, hints, type_text
from params_proto.fields.scalars import Refused, of_python
from params_proto.fields.signatures import REQUIRED, Field, parameters

_UNPACK: Any = getattr(typing, "Unpack", object())  # Python 3.11 and later

Into = Callable[[Any, Any], Any]

OWN_CHECKS: Final = (AssertionError, TypeError, ValueError)
"""What the constructor of a user's class raises when it does not like its values."""

# What a value becomes in a field of a container type, abstract ones included: one type each,
# whether it comes from Python or from a config.
SEQUENCES: Final[Mapping[Any, Any]] = {
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Reversible: list,
    abc.Container: list,
    list: list,
    deque: deque,
}
SETS: Final[Mapping[Any, Any]] = {
    abc.Set: set,
    abc.MutableSet: set,
    set: set,
    frozenset: frozenset,
}
MAPPINGS: Final[Mapping[Any, Any]] = {
    abc.Mapping: dict,
    abc.MutableMapping: dict,
    dict: dict,
    OrderedDict: OrderedDict,
}


def into_sequence(value: Any, annotation: Any, into: Into) -> Any:
    """A list, tuple, range, deque or array into a list or deque."""
    kind, arguments = _split(annotation)
    elements = _elements(value, annotation)
    element = arguments[0] if arguments else Any
    return SEQUENCES[kind]([_at(f"[{i}]", into, e, element) for i, e in enumerate(elements)])


def into_set(value: Any, annotation: Any, into: Into) -> Any:
    """A set, or a list in which nothing occurs twice, into a set or frozenset."""
    kind, arguments = _split(annotation)
    is_set = isinstance(value, abc.Set)
    elements = list(cast("abc.Set[Any]", value)) if is_set else _elements(value, annotation)
    element = arguments[0] if arguments else Any
    converted = [_at(f"[{i}]", into, e, element) for i, e in enumerate(elements)]
    try:
        made = SETS[kind](converted)
    except TypeError as error:
        raise Refused(f"{shown(value)} is no {type_text(annotation)}: {error}") from None
    if len(made) < len(converted):
        raise Refused(f"{shown(value)} is no {type_text(annotation)}: an element occurs twice")
    return made


def into_tuple(value: Any, annotation: Any, into: Into) -> Any:
    """A list, tuple, range or array into a tuple; a mapping too into a named one."""
    kind, _ = _split(annotation)
    if kind is not tuple and isinstance(value, kind):
        return value
    named = hasattr(kind, "_fields")
    if named and isinstance(value, Mapping):
        return _built(kind, cast("Mapping[Any, Any]", value), into)
    elements = _elements(value, annotation)
    places = _places(kind, annotation, len(elements))
    if len(elements) != len(places):
        raise Refused(
            f"{shown(value)} is no {type_text(annotation)}: "
            f"it has {len(elements)} elements, not {len(places)}"
        )
    converted = [
        _at(f"[{i}]", into, element, place)
        for i, (element, place) in enumerate(zip(elements, places, strict=True))
    ]
    make = cast("Any", kind)
    return make(*converted) if named else make(converted)


def _places(kind: Any, annotation: Any, length: int) -> tuple[Any, ...]:
    """The annotation of each place of a tuple, one that has no fixed length taken at `length`."""
    if hasattr(kind, "_fields"):
        known = hints(kind)
        required = len(kind._fields) - len(getattr(kind, "_field_defaults", ()))
        return tuple([known.get(n, Any) for n in kind._fields[: max(length, required)]])
    arguments = typing.get_args(annotation)
    bare = annotation is kind or annotation is BARE_TUPLE
    if bare or any(typing.get_origin(argument) is _UNPACK for argument in arguments):
        return (Any,) * length
    if arguments[1:] == (...,):
        return (arguments[0],) * length
    return arguments


def into_mapping(value: Any, annotation: Any, into: Into) -> Any:
    """A mapping into a dict or OrderedDict, keys and values converted."""
    kind, arguments = _split(annotation)
    key_type, value_type = arguments if len(arguments) == 2 else (Any, Any)
    converted: dict[Any, Any] = {}
    for key, element in _items(value, annotation):
        made = _at(f"[{key!r}]", into, key, key_type)
        if made in converted:
            raise Refused(f"{shown(value)} is no {type_text(annotation)}: {made!r} occurs twice")
        converted[made] = _at(f"[{key!r}]", into, element, value_type)
    return MAPPINGS[kind](converted)


def into_typed_dict(value: Any, annotation: Any, into: Into) -> Any:
    """A mapping into a TypedDict: its keys, all that are required, and no others."""
    kind, _ = _split(annotation)
    known = hints(kind)
    items = dict(_items(value, annotation))
    for name in items:
        if name not in known:
            raise Refused(f"{kind.__name__} has no {name!r}.{did_you_mean(str(name), known)}")
    missing = [name for name in known if name in kind.__required_keys__ and name not in items]
    if missing:
        raise Refused(f"{kind.__name__} needs {', '.join(missing)}")
    return {name: _at(f"[{name!r}]", into, item, known[name]) for name, item in items.items()}


def is_record(kind: Any) -> bool:
    """Whether a class is a dataclass or an attrs class: one whose fields a config can give."""
    return dataclasses.is_dataclass(kind) or hasattr(kind, "__attrs_attrs__")


def into_record(value: Any, annotation: Any, into: Into) -> Any:
    """An object of a dataclass as it is, or a mapping of its fields into one."""
    kind, _ = _split(annotation)
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise Refused(f"{shown(value)} is no {kind.__name__}")
    return _built(kind, cast("Mapping[Any, Any]", value), into)


@functools.lru_cache(maxsize=256)
def record_fields(kind: Any) -> Mapping[str, Field]:
    """The fields that the constructor of a dataclass, attrs class or named tuple takes."""
    fields, _ = parameters(kind)
    return fields


def _built(kind: type, value: Mapping[Any, Any], into: Into) -> Any:
    fields = record_fields(kind)
    for name in value:
        if name not in fields:
            raise Refused(f"{kind.__name__} has no {name!r}.{did_you_mean(str(name), fields)}")
    missing = [n for n, field in fields.items() if field.default is REQUIRED and n not in value]
    if missing:
        raise Refused(f"{kind.__name__} needs {', '.join(missing)}")
    given: dict[str, Any] = {
        name: _at(f".{name}", into, element, fields[name].annotation)
        for name, element in value.items()
        # None stands for a default of None, as in a call.
        if not (element is None and fields[name].default is None)
    }
    try:
        return kind(**given)
    except OWN_CHECKS as error:
        raise Refused(f"{shown(value)} is no {kind.__name__}: {said(error)}") from error


def said(error: BaseException) -> str:
    """What an exception says, at least its name.

    >>> said(AssertionError()), said(ValueError("too high"))
    ('AssertionError', 'too high')
    """
    return str(error) or type(error).__name__


def _split(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    return typing.get_origin(annotation) or annotation, typing.get_args(annotation)


def _at(step: str, into: Into, value: Any, annotation: Any) -> Any:
    """One element converted; what is wrong with it is told with where it stands."""
    try:
        return into(value, annotation)
    except Refused as refused:
        raise Refused(refused.rule, step + refused.path) from None


def _elements(value: Any, annotation: Any) -> list[Any]:
    value = of_python(value)
    if not isinstance(value, (list, tuple, range, deque)):
        raise Refused(f"{shown(value)} is no {type_text(annotation)}")
    return list(cast("list[Any]", value))


def _items(value: Any, annotation: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, Mapping):
        raise Refused(f"{shown(value)} is no {type_text(annotation)}")
    return list(cast("Mapping[Any, Any]", value).items())
