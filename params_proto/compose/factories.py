"""Structured configs that call a factory while files are merged: for each job anew.

What stands in a structured config is made once, when it is stored. An element of a
`dict[str, Run]`, or a `Run | None` that is None there, is made when a file has a mapping for it,
by the `default_factory` of each field: a base would hold what that gave the first time.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_args, get_type_hints

from omegaconf import Container

from params_proto.compose.doubts import DoubtError

_SAME = frozenset([list, dict, set, tuple])  # what they make is equal each time


def refuse_factories(config: Container) -> None:
    """Refuses a structured config of which a merge may make something else each time.

    Args:
        config: as it was stored.

    Raises:
        DoubtError: a field has a factory that is called then.
    """
    field = _may_change(_made_later(config))
    if field is not None:
        raise DoubtError(f"the default_factory of {field} is called while files are merged")


def _made_later(node: Any) -> Iterator[Any]:
    """The types of what a merge may make below a node."""
    if not isinstance(node, Container):
        return
    value: Any = node._value()
    yield getattr(node._metadata, "element_type", None)
    if isinstance(value, dict):
        value = [*value.values()]
    if not isinstance(value, list):  # None, or missing
        yield node._metadata.ref_type
        return
    for child in value:
        yield from _made_later(child)


def _may_change(types: Iterable[Any]) -> str | None:
    """The first field of these types that may have another value each time."""
    left, known = [*types], set[Any]()
    while left:
        kind = left.pop()
        if kind in known:
            continue
        known.add(kind)
        left += get_args(kind)
        if not isinstance(kind, type) or not is_dataclass(kind):
            continue
        for one in fields(kind):
            factory: Any = one.default_factory
            if factory is MISSING or factory in _SAME:
                continue
            if not is_dataclass(factory) or hasattr(factory, "__post_init__"):
                return f"{kind.__qualname__}.{one.name}"
            left.append(factory)
        with suppress(NameError):  # of a name that OmegaConf does not find either
            left += get_type_hints(kind).values()
    return None
