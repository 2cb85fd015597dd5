"""The values of a config: converted to Python's own, compared strictly, copied."""

from __future__ import annotations

import copy
import re
from collections.abc import Hashable, Iterable, Mapping, MappingView, Sequence, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any, cast

IMMUTABLE = frozenset({bool, bytes, complex, float, int, str, type(None)})


def to_python(value: Any) -> Any:
    """A snapshot of a value in Python's own types, independent of the original.

    NumPy, pandas and OmegaConf values become Python's; lists, dicts, sets and dataclass instances
    are copied. An object that cannot be copied (an open file, a lock) is kept as it is.

    >>> to_python({"layers": (64, [32])})
    {'layers': (64, [32])}
    """
    kind = cast("Any", type(value))
    if kind in IMMUTABLE or isinstance(value, (Enum, PurePath)):
        return value
    if kind in (list, tuple, set, frozenset):
        return cast("Any", kind)([to_python(element) for element in value])
    # The class is known by its name and its methods, so no library is imported.
    if hasattr(kind, "tolist"):
        return to_python(to_list(value))
    if kind.__name__ in ("DictConfig", "ListConfig"):
        from omegaconf import OmegaConf

        return to_python(OmegaConf.to_object(value))
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        return {to_python(key): to_python(element) for key, element in entries}
    if kind.__name__ in ("NAType", "NaTType"):
        return None
    for method in ("to_pydatetime", "to_pytimedelta"):
        if hasattr(kind, method):
            return getattr(value, method)()
    return copy_object(value)


def to_list(value: Any) -> Any:
    """An array or scalar of NumPy, pandas or a tensor library, as Python lists and numbers."""
    if _FINE.search(str(getattr(value, "dtype", ""))):
        value = value.astype(f"{value.dtype.kind}8[us]")  # else tolist gives integers
    return value.tolist()


_FINE = re.compile(r"\[(\d*)[npfa]s\]")  # times finer than Python's


def copy_object(value: Any) -> Any:
    """A deep copy of a value, or the value itself if it cannot be copied."""
    try:
        return copy.deepcopy(value)
    except Exception:  # an object that cannot be copied can still be used
        return value


def is_atomic(value: Any) -> bool:
    """Whether configs can share `value` because it is immutable.

    >>> is_atomic((1, "a")), is_atomic((1, [2]))
    (True, False)
    """
    return (
        type(value) in IMMUTABLE
        or isinstance(value, (Enum, PurePath))
        or copy_object(value) is value
    )


def equality_key(value: Any) -> Hashable:
    """A key for strict equality, which distinguishes types: `1`, `1.0` and `True` differ.

    >>> nan = float("nan")
    >>> equality_key(1) == equality_key(1.0), equality_key(nan) == equality_key(nan)
    (False, True)
    """
    kind = cast("Any", type(value))
    if kind is float:
        return (kind, repr(value))  # nan equals itself, -0.0 is not 0.0
    if kind in IMMUTABLE:
        return (kind, value)
    if isinstance(value, (list, tuple)):
        return (kind, tuple(map(equality_key, cast("Iterable[Any]", value))))
    if isinstance(value, dict):
        return (kind, frozenset(map(equality_key, cast("Mapping[Any, Any]", value).items())))
    if isinstance(value, (set, frozenset)):
        return (kind, frozenset(map(equality_key, cast("Iterable[Any]", value))))
    if is_dataclass(value) and not isinstance(value, type):
        return (kind, tuple([equality_key(getattr(value, field.name)) for field in fields(value)]))
    try:
        hash(value)
    except TypeError:
        return (kind, id(value))
    return (kind, value)


def length(values: Sequence[Any]) -> int:
    """The number of values, also of a `range` that is too long for `len`.

    >>> length(range(10**30)) == 10**30
    True
    """
    if not isinstance(values, range):
        return len(values)
    return (values[-1] - values[0]) // values.step + 1 if values else 0


def is_unordered(value: object) -> bool:
    """Whether the order of `value`'s elements may differ between processes.

    >>> is_unordered({1, 2}), is_unordered({1: 2}.keys())
    (True, False)
    """
    return isinstance(value, Set) and not isinstance(value, MappingView)
