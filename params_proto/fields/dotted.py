"""Functions and classes by name: "package.module.name" <-> the object that stands there."""

from __future__ import annotations

import builtins
import sys
from typing import Any


def dotted_name(obj: Any) -> str | None:
    """The name under which `find` gives back this very object, None if there is none.

    >>> import json
    >>> dotted_name(json.dumps), dotted_name(lambda: 0)
    ('json.dumps', None)
    """
    module = getattr(obj, "__module__", None)
    qualified = getattr(obj, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualified, str):
        return None
    name = f"{module}.{qualified}"
    try:
        return name if find(name) is obj else None
    except ValueError:
        return None


def find(name: str) -> Any:
    """The object that a dotted name stands for; its module is imported.

    Raises:
        ValueError: there is no such object.

    >>> find("collections.abc.Callable")
    <class 'collections.abc.Callable'>
    >>> find("json.dump_all")
    Traceback (most recent call last):
        ...
    ValueError: 'json.dump_all' names nothing: json has no dump_all
    """
    parts = name.split(".")
    if len(parts) < 2 or not all(part.isidentifier() for part in parts):
        if name in vars(builtins):
            raise ValueError(f"{name!r} is no name like package.module.name: write builtins.{name}")
        raise ValueError(f"{name!r} is no name like package.module.name")
    obj, rest = _module(name, parts)
    for part in rest:
        try:
            obj = getattr(obj, part)
        except AttributeError:
            where = name.removesuffix(".".join(["", *rest]))
            raise ValueError(f"{name!r} names nothing: {where} has no {'.'.join(rest)}") from None
    return obj


def _module(name: str, parts: list[str]) -> tuple[Any, list[str]]:
    """The longest beginning of a name that is a module, and what is left of the name."""
    from importlib import import_module

    for length in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:length])
        if module in sys.modules:
            return sys.modules[module], parts[length:]
        try:
            return import_module(module), parts[length:]
        except ModuleNotFoundError as error:
            if not f"{module}.".startswith(f"{error.name}."):
                raise ValueError(f"{name!r} cannot be imported: {error}") from error
        except Exception as error:  # a module runs whatever it holds
            raise ValueError(f"{name!r} cannot be imported: {error}") from error
    raise ValueError(f"{name!r} names nothing: there is no module {parts[0]}")
