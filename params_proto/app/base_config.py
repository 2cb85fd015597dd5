"""The config of an app before any of the user's: its function's parameters and its nodes."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable
from pathlib import Path
from types import NoneType
from typing import Any, Final

from omegaconf import (
    BooleanNode,
    BytesNode,
    DictConfig,
    EnumNode,
    FloatNode,
    IntegerNode,
    OmegaConf,
    PathNode,
    StringNode,
)

from params_proto.fields import Target
from params_proto.fields.annotations import union_members
from params_proto.fields.schema import structured_config

_NODES: Final[dict[Any, type[Any]]] = {
    bool: BooleanNode,
    bytes: BytesNode,
    float: FloatNode,
    int: IntegerNode,
    Path: PathNode,
    str: StringNode,
}


def base_config(root: Target, nodes: Iterable[Target]) -> DictConfig:
    """The typed default of every parameter, in nodes that are not typed themselves.

    The user's files can so add keys of their own, to read them from interpolations, say; and yet
    the command line cannot: Hydra closes what it has composed, but for structured configs that
    were declared open, in which a misspelt name would pass.

    Args:
        root: the function.
        nodes: the prefix classes.

    Raises:
        SweepError: a field cannot be a node, or a default is no value for it.
    """
    config = _untyped(root)
    for target in nodes:
        config[target.node] = _untyped(target)
    return config


def _untyped(target: Target) -> DictConfig:
    kind = structured_config(target)
    typed: DictConfig = OmegaConf.structured(kind)
    config = OmegaConf.masked_copy(typed, list(target.fields))  # keeps the types of containers
    values = dict(typed.items_ex(resolve=False))
    for field in dataclasses.fields(kind):
        made = _typed_node(field.type, values[field.name])
        if made is not None:
            config[field.name] = made
    return config


def _typed_node(hint: Any, value: Any) -> Any:
    """A node for values of a scalar type; None where the type is another."""
    members = [member for member in union_members(hint) if member is not NoneType]
    kind = members[0] if len(members) == 1 else hint
    if kind in _NODES:
        return _NODES[kind](value, is_optional=kind is not hint)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return EnumNode(kind, value, is_optional=kind is not hint)
    return None
