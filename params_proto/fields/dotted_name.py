"""Functions and classes by name: "package.module.name" <-> the object of that name."""

from __future__ import annotations

import builtins
from importlib import import_module
from typing import Any


def dotted_name(obj: Any) -> str | None:
    """The name under which `find_object` gives back this very object, None if there is none.

    >>> import json
    >>> dotted_name(json.dumps), dotted_name(lambda: 0)
    ('json.dumps', None)
    """
    name = f"{getattr(obj, '__module__', None)}.{getattr(obj, '__qualname__', None)}"
    try:
        return name if find_object(name) is obj else None
    except ValueError:
        return None


def find_object(name: str) -> Any:
    """The object of a dotted name, found as Hydra finds a `_target_`: modules are imported.

    Raises:
        ValueError: there is no such object.

    >>> find_object("collections.abc.Callable")
    <class 'collections.abc.Callable'>
    >>> find_object("math.nope")
    Traceback (most recent call last):
        ...
    ValueError: 'math.nope' cannot be imported: module 'math' has no attribute 'nope'
    """
    parts = name.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        cure = f": write builtins.{name}" if hasattr(builtins, name) else ""
        raise ValueError(f"{name!r} is not a name like package.module.name{cure}")
    try:
        obj: Any = import_module(parts[0])
        for length, part in enumerate(parts[1:], 2):
            if not hasattr(obj, part) and hasattr(obj, "__path__"):
                import_module(".".join(parts[:length]))
            obj = getattr(obj, part)
    except Exception as error:  # a module runs whatever it contains
        raise ValueError(f"{name!r} cannot be imported: {error}") from error
    return obj
