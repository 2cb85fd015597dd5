"""Nodes of a config that are cheap to make and to copy.

Hydra copies each node of a config eleven times in a run, and OmegaConf copies what it knows of a
node by the general road of Python, value by value. Here that is copied at once.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from omegaconf import (
    AnyNode,
    BooleanNode,
    DictConfig,
    FloatNode,
    IntegerNode,
    StringNode,
    ValueNode,
)


class _Light(ValueNode):
    _plain: ClassVar[type[ValueNode]]

    def __deepcopy__(self, memo: dict[int, Any]) -> ValueNode:
        node, metadata = _shallow(self), _shallow(self._metadata)
        flags = metadata.flags
        metadata.flags = None if flags is None else flags.copy()
        node._metadata = metadata
        node._flags_cache = None  # as of each node that is made
        return node

    def __reduce__(self) -> tuple[Any, ...]:
        # A process that reads it may have no such class, or have loaded it anew.
        return self._plain, (), self.__getstate__()


class _Any(_Light, AnyNode):
    _plain = AnyNode


class _Boolean(_Light, BooleanNode):
    _plain = BooleanNode


class _Float(_Light, FloatNode):
    _plain = FloatNode


class _Integer(_Light, IntegerNode):
    _plain = IntegerNode


class _String(_Light, StringNode):
    _plain = StringNode


def _shallow(of: Any) -> Any:
    """Like `copy.copy`, which asks an object for more than this one has."""
    copied: Any = object.__new__(of.__class__)
    copied.__dict__.update(of.__dict__)
    return copied


_OF: dict[Any, Callable[..., ValueNode]] = {
    bool: _Boolean,
    float: _Float,
    int: _Integer,
    str: _String,
}


def light(kind: Any, default: Any) -> ValueNode:
    """Such a node.

    Args:
        kind: of its values: bool, float, int, str or Any.
        default: its value. Where it is None, it may be None later, too.
    """
    if kind is Any:
        return _Any(default)
    return _OF[kind](default, is_optional=default is None)


def typed(kind: type, nodes: dict[str, Any]) -> DictConfig:
    """A node of nodes, which can have no other keys; what stands in these can.

    OmegaConf would ask of each what it is, and copy it.

    Args:
        kind: what it is said to be.
        nodes: by key. They stand in no other node.
    """
    config: Any = DictConfig({})
    for key, node in nodes.items():
        node._set_parent(config)
        node._set_key(key)
    config.__dict__["_content"].update(nodes)
    config._metadata.object_type = kind
    return config
