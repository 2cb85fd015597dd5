"""The first difference of two configs, in all that a job could notice."""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from omegaconf import Container, Node

_OWN = {"_metadata", "_parent", "_flags_cache", "_content", "_val", "__deepcopy__"}


def difference(one: Any, other: Any, caches: bool = True) -> str | None:
    """Where two configs differ, and how; None if they do not.

    Compared are the keys and their order, the values as written, the classes of the nodes, their
    flags, types and all other metadata, their parents, and the resolver caches.

    Args:
        one: a config, or a part of one.
        other: another.
        caches: whether resolvers must have given the same results; else, whether they were called
            in the same way.

    >>> from omegaconf import OmegaConf
    >>> left, right = OmegaConf.create({"a": {"b": 1}}), OmegaConf.create({"a": {"b": "1"}})
    >>> difference(left, right)
    'a.b: 1 (int) and 1 (str)'
    >>> difference(left, left)
    """
    found = _between(one, other, "", caches)
    return found and f"{found[0] or 'the config'}: {found[1]}"


def _between(one: Any, other: Any, path: str, caches: bool) -> tuple[str, str] | None:
    if type(one) is not type(other):
        return path, f"{type(one).__name__} and {type(other).__name__}"
    if (found := _of_metadata(one._metadata, other._metadata, caches)) is not None:
        return path, found
    left, right = _attributes(one), _attributes(other)
    if repr(left) != repr(right):
        return path, f"{left} and {right}"
    if not isinstance(one, Container) and "_val" in one.__dict__:
        return _of_values(one._val, other._val, path)
    left, right = _children(one), _children(other)
    if left is None or right is None:
        return _of_values(one._content, other._content, path)
    # As text, in which 1 is not True.
    if repr([*left]) != repr([*right]):
        return path, f"the keys {[*left]} and {[*right]}"
    for (key, child), match in zip(left.items(), right.values(), strict=True):
        below = f"{path}.{key}" if path else str(key)
        for node, parent in ((child, one), (match, other)):
            if node._parent is not parent:
                return below, f"another parent than {path or 'the config'}"
        if (found := _between(child, match, below, caches)) is not None:
            return found
    return None


def _of_metadata(one: Any, other: Any, caches: bool) -> str | None:
    if type(one) is not type(other):
        return f"{type(one).__name__} and {type(other).__name__}"
    for name, left in vars(one).items():
        right = vars(other)[name]
        if name == "resolver_cache":
            left, right = _results(left, caches), _results(right, caches)
        if name == "flags":  # their order is seen nowhere, and no key is not None
            left, right = (sorted(flags.items()) for flags in (left, right))
        if type(left) is not type(right) or (left is not right and repr(left) != repr(right)):
            return f"{name} {left!r} and {right!r}"
    return None


def _results(cache: Any, values: bool) -> Any:
    """Which resolvers were called with what, and what they gave: an object is a copy each time."""
    plain = (str, int, float, type(None))
    return {
        name: {
            key: (value if isinstance(value, plain) else type(value)) if values else None
            for key, value in results.items()
        }
        for name, results in cache.items()
    }


def _of_values(one: Any, other: Any, path: str) -> tuple[str, str] | None:
    same = type(one) is type(other) and (one is other or one == other or repr(one) == repr(other))
    if same:
        return None
    return path, f"{one} ({type(one).__name__}) and {other} ({type(other).__name__})"


def _attributes(node: Any) -> dict[str, Any]:
    return {name: value for name, value in node.__dict__.items() if name not in _OWN}


def _children(node: Any) -> dict[Any, Any] | None:
    content = node._content
    if isinstance(content, dict):
        return content
    if isinstance(content, (list, tuple)):
        return dict(enumerate(content))
    return {"": content} if isinstance(content, Node) else None
