"""What is not composed from a base: Hydra's own road takes it."""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, ListConfig, Node
from omegaconf._utils import split_key

# Of the hydra node: what a base holds filled in, which Hydra fills in after the overrides.
_FILLED = frozenset({"aliases", "overrides", "runtime"})


class DoubtError(Exception):
    """A composition that may differ from Hydra's if it begins with a base."""


def refuse_doubts(override: Override, config: DictConfig) -> None:
    """Refuses an override that needs more than the nodes on its path.

    Args:
        override: it changes a value.
        config: the config just before.

    Raises:
        DoubtError: the override reads an interpolation, or changes what a base holds filled in.
    """
    parts = split_key(override.key_or_group)
    if parts[0] == "hydra" and (len(parts) == 1 or parts[1] in _FILLED):
        raise DoubtError(f"{override.input_line} changes what Hydra fills in last")
    node: Any = config
    for part in parts:
        node = _child(node, part)
        if node is None:
            return
        if node._is_interpolation() and (part is not parts[-1] or _reads(override)):
            raise DoubtError(f"{override.input_line} reads {node._get_full_key(None)}")
    met = _met(node, override.value(), compared=override.is_delete())
    if met is not None:
        raise DoubtError(f"{override.input_line} reads {met._get_full_key(None)}")


def _reads(override: Override) -> bool:
    """Whether it asks what stands there, or merges into it."""
    plain = not isinstance(override.value(), (dict, list))
    changes = override.type.name == "CHANGE" or override.is_force_add()
    return not (plain and changes)


def _met(node: Any, value: Any, compared: bool) -> Node | None:
    """The interpolation that a value is merged into or compared with, below a node."""
    if isinstance(value, dict):
        pairs = [*value.items()]
    elif isinstance(value, list) and compared:  # else it takes the place of what stands there
        pairs = [*enumerate(value)]
    else:
        return None
    for key, of_key in pairs:
        child = _child(node, str(key))
        if child is not None and child._is_interpolation():
            if compared or isinstance(of_key, (dict, list)):
                return child
        elif (met := _met(child, of_key, compared)) is not None:
            return met
    return None


def _child(node: Any, part: str) -> Node | None:
    content = node._content if isinstance(node, (DictConfig, ListConfig)) else None
    if isinstance(content, list):
        index = int(part) if part.lstrip("-").isdigit() else len(content)
        return content[index] if -len(content) <= index < len(content) else None
    if not isinstance(content, dict):
        return None
    if part in content:
        return content[part]
    # Numbers and members of an enum are keys as well.
    names = {getattr(key, "name", str(key)): key for key in content}
    return content.get(names.get(part, part))
