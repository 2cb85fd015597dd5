"""A config as a form from which equal ones are struck, at the cost of a copy.

`copy.deepcopy` asks each node how it wants to be copied, each time; here that is asked once. A copy
shares nothing with another that could be changed in place.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import Enum
from pathlib import PurePath
from typing import Any, NamedTuple, cast

from omegaconf import Container, Node, UnionNode, ValueNode
from omegaconf.base import ContainerMetadata, Metadata

from params_proto.compose.copying import LIGHT


class IrregularError(Exception):
    """A config that cannot be copied node by node without changing what it means."""


class _Leaf(NamedTuple):
    key: Any
    cls: type[Node]
    state: dict[str, Any]
    metadata: dict[str, Any]
    flags: dict[str, bool]


class _Branch(NamedTuple):
    key: Any
    cls: type[Node]
    state: dict[str, Any]
    metadata_cls: type[Metadata]
    metadata: dict[str, Any]
    flags: dict[str, bool]
    # Of the content: dict, list, tuple; None where it is one node (a union's), or no node.
    kind: type | None
    leaves: tuple[_Leaf, ...]
    branches: tuple[_Branch, ...]
    # The keys in their order, as leaves are struck first.
    blank: dict[Any, Any]


_OWN = {"_metadata", "_parent", "_flags_cache"}
_ATOMS = (str, int, float, bytes, PurePath, Enum, type(None))
_create = object.__new__


class Template:
    """Strikes copies of a config.

    Args:
        config: what to copy. It may be changed afterwards.

    Raises:
        IrregularError: a node stands in two places, has another parent than the one that holds
            it, or holds an object that is not a plain value.
    """

    def __init__(self, config: Container) -> None:
        if config._get_parent() is not None:
            raise IrregularError("it is a part of another config")
        self.cache: dict[str, dict[Any, Any]] = {
            name: dict(values) for name, values in config._metadata.resolver_cache.items()
        }
        seen: set[int] = set()
        self._root = _branch(config, seen, root=True)
        self.nodes = 1 + len(seen)

    def copy(self) -> Any:
        """An equal config, its resolver cache empty."""
        return _struck(self._root, None)


def _leaf(node: ValueNode) -> _Leaf:
    value = node._value()
    if not isinstance(value, _ATOMS):
        raise IrregularError(f"{node._get_full_key(None)} holds a {type(value).__name__}")
    if type(node._metadata) is not Metadata or node._metadata.resolver_cache:
        raise IrregularError(f"{node._get_full_key(None)} has metadata of its own")
    return _Leaf(node._key(), type(node), _state(node), _metadata(node), _flags(node))


def _branch(node: Any, seen: set[int], root: bool = False) -> _Branch:
    metadata = node._metadata
    if type(metadata) not in (Metadata, ContainerMetadata):
        raise IrregularError(f"{node._get_full_key(None)} has metadata of its own")
    if metadata.resolver_cache and not root:
        raise IrregularError(f"{node._get_full_key(None)} has a resolver cache")
    content: Any = node.__dict__["_content"]
    leaves: list[_Leaf] = []
    branches: list[_Branch] = []
    for key, child in _children(content):
        if id(child) in seen or child.__dict__["_parent"] is not node:
            raise IrregularError(f"{node._get_full_key(key)} stands in two places")
        seen.add(id(child))
        home = type(child).__module__
        if not home.startswith("omegaconf.") and home != LIGHT:
            raise IrregularError(f"{node._get_full_key(key)} is a {type(child).__name__}")
        if isinstance(child, ValueNode):
            leaves.append(_leaf(child)._replace(key=key))
        else:
            branches.append(_branch(child, seen)._replace(key=key))
    state = _state(node)
    kind = type(content) if isinstance(content, (dict, list, tuple)) else None
    if kind is not None or isinstance(content, Node):
        del state["_content"]
    return _Branch(
        node._key(),
        type(node),
        state,
        type(metadata),
        _metadata(node),
        _flags(node),
        kind,
        tuple(leaves),
        tuple(branches),
        dict.fromkeys([key for key, _ in _children(content)]),
    )


def _children(content: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(content, dict):
        return iter(cast("Any", content).items())
    if isinstance(content, (list, tuple)):
        return enumerate(cast("Any", content))
    return iter([(None, content)] if isinstance(content, Node) else [])


def _state(node: Any) -> dict[str, Any]:
    return {name: value for name, value in node.__dict__.items() if name not in _OWN}


def _metadata(node: Any) -> dict[str, Any]:
    own = {"flags", "resolver_cache"}
    return {name: value for name, value in node._metadata.__dict__.items() if name not in own}


def _flags(node: Any) -> dict[str, bool]:
    return dict(node._metadata.flags)


def _struck(part: _Branch, parent: Any) -> Any:
    node: Any = _create(part.cls)
    own = node.__dict__
    metadata: Any = _create(part.metadata_cls)
    metadata.__dict__.update(
        part.metadata, flags=part.flags.copy(), resolver_cache=defaultdict(dict)
    )
    own.update(part.state, _metadata=metadata, _parent=parent, _flags_cache=None)
    content = part.blank.copy()
    for key, cls, state, of_leaf, flags in part.leaves:
        leaf: Any = _create(cls)
        content[key] = leaf
        own_metadata: Any = _create(Metadata)
        # Resolvers use the cache of the root alone; a plain dict is copied at a third of the cost.
        own_metadata.__dict__.update(of_leaf, flags=flags.copy(), resolver_cache={})
        leaf.__dict__.update(state, _metadata=own_metadata, _parent=node, _flags_cache=None)
    for branch in part.branches:
        content[branch.key] = _struck(branch, node)
    if part.kind is dict:
        own["_content"] = content
    elif part.kind is not None:
        own["_content"] = part.kind(content.values())
    elif issubclass(part.cls, UnionNode) and content:
        own["_content"] = content[None]
    return node
