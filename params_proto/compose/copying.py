"""Copies of a job's config at a fraction of what `copy.deepcopy` takes.

Hydra copies it four times as a job starts, the whole or its node `hydra`: half of what a job costs
that does nothing.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from copy import deepcopy
from typing import Any

from omegaconf import (
    AnyNode,
    BooleanNode,
    BytesNode,
    DictConfig,
    FloatNode,
    IntegerNode,
    ListConfig,
    PathNode,
    StringNode,
)

# Where the nodes of the sweeper's own options come from. They hold what OmegaConf's do.
LIGHT = "hydra_plugins.params_proto_sweeper._light"

_LEAVES = {AnyNode, StringNode, IntegerNode, FloatNode, BooleanNode, BytesNode, PathNode}
_create = object.__new__


def copied_fast(config: DictConfig) -> DictConfig:
    """A config that `copy.deepcopy` copies by `copied`, as it does its node `hydra`.

    The copies are plain: what Hydra gives to a task is one.

    Args:
        config: of a job, as a launcher gets it.
    """
    for node in (config, config._get_node("hydra")):
        # Where deepcopy looks first. To set it as an attribute would make it a key.
        vars(node)["__deepcopy__"] = _Copied(node)
    return config


class _Copied:
    """What copies a node; in a pickle, which may outlive this module, what its class has for it."""

    def __init__(self, node: Any) -> None:
        self._node = node

    def __call__(self, memo: dict[int, Any]) -> Any:
        return copied(self._node, memo)

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._node, "__deepcopy__")


def copied(node: Any, memo: dict[int, Any]) -> Any:
    """What the `__deepcopy__` of the node's class returns.

    Args:
        node: a `DictConfig` or `ListConfig`.
        memo: what has been copied before the node. Parts of it may stand there, too, and its class
            copies it.
    """
    if memo:
        return type(node).__deepcopy__(node, memo)
    return _container(node, node.__dict__["_parent"])


def _container(node: Any, parent: Any) -> Any:
    own = node.__dict__
    flags = own["_flags_cache"]
    copy: Any = _create(type(node))
    state = copy.__dict__
    state["_metadata"] = _metadata(own["_metadata"])
    state["_parent"] = parent
    state["_flags_cache"] = None if flags is None else flags.copy()
    content = own["_content"]
    if isinstance(content, dict):
        content = {key: _child(child, node, copy) for key, child in content.items()}
    elif isinstance(content, list):
        content = [_child(child, node, copy) for child in content]
    state["_content"] = content
    return copy


def _child(node: Any, parent: Any, new: Any) -> Any:
    cls, own = type(node), node.__dict__
    if own["_parent"] is parent:
        if cls in _LEAVES or cls.__module__ == LIGHT:
            leaf: Any = _create(cls)
            leaf.__dict__.update(
                _metadata=_metadata(own["_metadata"]),
                _parent=new,
                _flags_cache=None,
                _val=own["_val"],  # as it is, also where it is no plain value
            )
            return leaf
        if cls is DictConfig or cls is ListConfig:
            return _container(node, new)
    before = own["_parent"]
    own["_parent"] = None  # or all that it stands in would be copied
    try:
        copy = deepcopy(node)
    finally:
        own["_parent"] = before
    copy.__dict__["_parent"] = new
    return copy


def _metadata(metadata: Any) -> Any:
    own = metadata.__dict__
    copy: Any = _create(type(metadata))
    state = copy.__dict__
    state.update(own)
    flags, cache = own["flags"], own["resolver_cache"]
    state["flags"] = None if flags is None else flags.copy()
    state["resolver_cache"] = deepcopy(cache) if cache else cache.copy()
    return copy
