"""The names of a function that something is defined in, for the annotations of that."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import CellType, FrameType
from typing import Any, Final

EMPTY: Final = object()
"""What `content` gives for a name without a value."""

LocalNames = Callable[[Iterable[Any]], Mapping[str, Any]]
"""Gives those of a function's names that stand in some annotations."""

_NAME = re.compile(r"[^\W\d]\w*")


def no_names(annotations: Iterable[Any]) -> Mapping[str, Any]:
    """Those of code that stands in no function.

    >>> no_names(["Optimizer"])
    {}
    """
    return {}


def local_names_of(frame: FrameType) -> LocalNames:
    """What looks names up in a running function, and keeps no others alive.

    Args:
        frame: the function's; that of a module or a class body has no names of its own.
    """
    if frame.f_locals is frame.f_globals:
        return no_names

    code = frame.f_code
    known = {*code.co_varnames, *code.co_cellvars, *code.co_freevars, *code.co_names}

    def found(annotations: Iterable[Any]) -> Mapping[str, Any]:
        texts = [annotation for annotation in annotations if isinstance(annotation, str)]
        names = {name for text in texts for name in _NAME.findall(text)} & known
        # To ask for them makes Python 3.12 keep all of them until the function returns.
        held = frame.f_locals if names else {}
        return {name: held[name] for name in names if name in held}

    return found


def closed_over(function: Any) -> Mapping[str, Any]:
    """What a function itself uses of the function that it is defined in.

    >>> def outer():
    ...     step = 3
    ...     def inner():
    ...         return step, later
    ...     return dict(closed_over(inner))
    ...     later = 4
    >>> outer()
    {'step': 3}
    """
    code = getattr(function, "__code__", None)
    names: tuple[str, ...] = getattr(code, "co_freevars", ())
    cells: tuple[CellType, ...] = getattr(function, "__closure__", None) or ()
    held = {name: content(cell) for name, cell in zip(names, cells, strict=False)}
    return {name: value for name, value in held.items() if value is not EMPTY}


def content(cell: CellType) -> Any:
    """What a closure's cell holds; EMPTY for a name that has no value yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return EMPTY
