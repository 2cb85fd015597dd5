"""Nodes of a config that are cheap to copy.

Hydra copies each node of a config eleven times in a run, and OmegaConf copies what it knows of a
node by the general road of Python, value by value. Here that is copied at once.
"""

import copy
from collections.abc import Callable
from typing import Any, ClassVar

from omegaconf import AnyNode, BooleanNode, FloatNode, IntegerNode, ValueNode


class _Light(ValueNode):
    _plain: ClassVar[type[ValueNode]]

    def __deepcopy__(self, memo: dict[int, Any]) -> ValueNode:
        copied = object.__new__(type(self))
        vars(copied).update(vars(self))
        copied._metadata = copy.copy(self._metadata)
        copied._metadata.flags = copy.copy(self._metadata.flags)
        copied._flags_cache = None  # as of each node that is made
        return copied

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


_OF: dict[Any, Callable[..., ValueNode]] = {bool: _Boolean, float: _Float, int: _Integer}


def light(kind: Any, default: Any) -> Callable[[], Any]:
    """Makes such nodes, for a field of a structured config.

    Args:
        kind: of its values: bool, float, int or Any.
        default: its value. Where it is None, any value may be.
    """
    if kind is Any:
        return lambda: _Any(default)
    return lambda: _OF[kind](default, is_optional=default is None)
