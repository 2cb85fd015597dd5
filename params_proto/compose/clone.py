"""Copies configs in a fraction of the time of `copy.deepcopy`, and compares them.

A job's config is a clone of the shared part. Hydra then copies it, or its node `hydra`, four times
while the job starts: half of the cost of an empty job.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from omegaconf import DictConfig, Node

_create = object.__new__


def clone(node: Any, parent: Any = None) -> Any:
    """Copies a node and everything below it into a parent, like `copy.deepcopy`.

    Values are shared, as with `copy.deepcopy`; OmegaConf's own state is not.
    """
    new = _create(type(node))
    state = new.__dict__
    state.update(node.__dict__)
    metadata = _create(type(state["_metadata"]))
    own = metadata.__dict__
    own.update(state["_metadata"].__dict__)
    if own["flags"] is not None:
        own["flags"] = own["flags"].copy()
    state["_metadata"], state["_parent"] = metadata, parent
    if "_val" in state:
        own["resolver_cache"] = {}  # only the root's is used
        state["_flags_cache"] = None
        return new
    cache = own["resolver_cache"].copy()
    own["resolver_cache"] = cache
    for name, results in cache.items():
        cache[name] = results.copy()
    if state["_flags_cache"] is not None:
        state["_flags_cache"] = state["_flags_cache"].copy()
    state.pop("__deepcopy__", None)
    content = state["_content"]
    if isinstance(content, dict):
        state["_content"] = {key: clone(child, new) for key, child in content.items()}
    elif isinstance(content, (list, tuple)):
        state["_content"] = type(content)([clone(child, new) for child in content])
    elif isinstance(content, Node):  # of a union
        state["_content"] = clone(content, new)
    return new


def children(node: Any) -> dict[Any, Any]:
    """The child nodes of a node by key."""
    content = node.__dict__.get("_content")
    if isinstance(content, dict):
        return content
    if isinstance(content, (list, tuple)):
        return dict(enumerate(content))
    return {"": content} if isinstance(content, Node) else {}


def cloned_by_deepcopy(config: DictConfig) -> DictConfig:
    """Makes `copy.deepcopy` use `clone` for a job's config and its node `hydra`."""
    for node in (config, config._get_node("hydra")):
        # deepcopy looks here first. Setting it as an attribute would add a key.
        vars(node)["__deepcopy__"] = _Cloned(node)
    return config


class _Cloned:
    """Clones a node. It is pickled as the method of the node's class: pickles may outlive us."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def __call__(self, memo: dict[int, Any]) -> Any:
        if memo:  # may contain parts of the node
            return type(self._node).__deepcopy__(self._node, memo)
        return clone(self._node, self._node.__dict__["_parent"])

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._node, "__deepcopy__")


def difference(one: Any, other: Any) -> str | None:
    """Where and how two configs differ; None if they do not.

    It compares the keys and their order, the values as written, the classes of the nodes, their
    flags, types and all other metadata, their parents, and which resolvers were called.

    >>> from omegaconf import OmegaConf
    >>> left, right = OmegaConf.create({"a": {"b": 1}}), OmegaConf.create({"a": {"b": 1.0}})
    >>> difference(left, right)
    'a.b: 1 (int) and 1.0 (float)'
    >>> difference(left, left)
    """
    pairs = zip_longest(_facts(one, "", None), _facts(other, "", None), fillvalue=("", "nothing"))
    for (path, left), (_, right) in pairs:
        if left != right:
            return f"{path[1:] or 'the config'}: {left} and {right}"
    return None


def _facts(node: Any, path: str, parent: Any) -> Iterator[tuple[str, str]]:
    """Everything a job could notice about a node and those below it, with each node's path."""
    nodes, own = children(node), node.__dict__
    value = own.get("_val", own.get("_content"))
    yield path, f"the keys {[*nodes]}" if nodes else f"{value} ({type(value).__name__})"
    yield path, type(node).__name__
    if own["_parent"] is not parent:
        yield path, "another parent than the node that holds it"
    for name, value in vars(node._metadata).items():
        if name == "flags":
            value = sorted((value or {}).items())
        elif name == "resolver_cache":
            value = {resolver: [*map(str, results)] for resolver, results in value.items()}
        yield path, f"{name} {value!r}"
    for key, child in nodes.items():
        yield from _facts(child, f"{path}.{key}", node)
