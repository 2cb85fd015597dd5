"""Values as a config can hold them: lists for tuples and sets, names for functions, text."""

from __future__ import annotations

import enum
from collections import abc, deque
from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, cast

from params_proto.errors import shown
from params_proto.fields.containers import is_record, record_fields
from params_proto.fields.dotted import dotted_name
from params_proto.fields.scalars import SCALARS, class_of, exact, of_python

# What OmegaConf takes for the key of a dict.
_KEYS = (str, int, float, bool, bytes, enum.Enum)


def represent(value: Any) -> Any:
    """The value as a config holds it, from which a field's annotation makes the value again.

    Numbers, text, paths and enum members stay; a set is sorted, as its order differs from process
    to process.

    Raises:
        ValueError: a config has no form for it, or for something in it.

    >>> represent({"betas": (0.9, 0.99), "tags": {"b", "a"}})
    {'betas': [0.9, 0.99], 'tags': ['a', 'b']}
    >>> represent(lambda x: x)
    Traceback (most recent call last):
        ...
    ValueError: a config cannot hold a function
    """
    value = of_python(value)
    kind = class_of(value)
    if value is None or kind in SCALARS or isinstance(value, Path):
        return value
    if isinstance(value, enum.Enum):
        if value.name in kind.__members__:
            return value
        raise ValueError(f"{shown(value)} has no name")
    if isinstance(value, PurePath):
        return str(value)
    for scalar in (int, float, str, bytes):
        if isinstance(value, scalar):
            return exact(value, scalar)
    if isinstance(value, (list, tuple, range, deque)):
        return [represent(element) for element in cast("list[Any]", value)]
    if isinstance(value, abc.Set):
        elements = [represent(element) for element in cast("abc.Set[Any]", value)]
        return sorted(elements, key=lambda element: (type(element).__name__, repr(element)))
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_key(key): represent(element) for key, element in items}
    if is_record(kind):
        if not is_whole(value):
            raise ValueError(f"{shown(value)} does not keep what it was made from")
        return {name: represent(getattr(value, name)) for name in record_fields(kind)}
    name = dotted_name(value)
    if name is None:
        raise ValueError(f"a config cannot hold a {kind.__name__}")
    return name


def is_held(value: Any) -> bool:
    """Whether a config has a form for a default: a dataclass stands field by field at any rate."""
    if is_record(type(value)) and is_whole(value):
        return True
    try:
        represent(value)
    except ValueError:
        return False
    return True


def is_whole(record: Any) -> bool:
    """Whether an object of a dataclass has all that its constructor took (an InitVar is gone)."""
    kind = class_of(record)
    return all(hasattr(record, name) for name in record_fields(kind))


def _key(key: Any) -> Any:
    if isinstance(key, PurePath):
        return str(key)
    if isinstance(key, _KEYS):
        return represent(key)
    raise ValueError(f"a config cannot hold {shown(key)} as a key")
