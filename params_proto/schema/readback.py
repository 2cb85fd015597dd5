"""A structured config read back: native Python values of the annotated types."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from omegaconf import DictConfig, OmegaConf, SCMode
from omegaconf.errors import OmegaConfBaseException

from params_proto.errors import sentence, together
from params_proto.fields import Target
from params_proto.fields.annotations import type_text
from params_proto.fields.containers import OWN_CHECKS, is_record, record_fields, said
from params_proto.fields.conversion import convert
from params_proto.fields.lenient import as_omegaconf
from params_proto.fields.scalars import Refused, same
from params_proto.fields.signatures import REQUIRED, Field
from params_proto.schema.represent import is_held, represent
from params_proto.values import fresh

STANDS_FOR: Final = "__proto_stands_for__"
"""Where the class of a structured config names the user's dataclass that it is made of."""


def native(target: Target, node: DictConfig, ignore: Container[str] = ()) -> dict[str, Any]:
    """The values of a target in a composed config, as its function or class takes them.

    Interpolations are resolved; what the annotation says is made of each value, text and numbers
    read as OmegaConf reads them. A value that stands as the default stood is the default itself,
    and so is one that is deleted, or missing because a config cannot hold the default.

    Args:
        target: what `describe` gives.
        node: the target's node in the config: the root for a function.
        ignore: keys that an open target does not get, such as the nodes of prefix classes.

    Returns:
        Name to value, for every field; for an open target, also for the node's other keys.

    Raises:
        SweepError: values that are missing or not of their field's type, all of them.

    >>> from params_proto.fields import describe
    >>> def train(lr: float, betas: tuple[float, float] = (0.9, 0.99)): ...
    >>> native(describe(train), OmegaConf.create({"lr": "1e-3", "betas": [0.5, 1]}))
    {'lr': 0.001, 'betas': (0.5, 1.0)}
    """
    mistakes: list[str] = []
    prefix = f"{target.node}." if target.node else ""
    values = {
        name: _value(node, field, f"{prefix}{name}", mistakes)
        for name, field in target.fields.items()
    }
    if target.open:
        for key in node:
            if isinstance(key, str) and key not in values and key not in ignore:
                values[key] = _value(node, Field(key), f"{prefix}{key}", mistakes)
    if mistakes:
        raise together(mistakes)
    return values


def _value(node: DictConfig, field: Field, name: str, mistakes: list[str]) -> Any:
    """The value of one field; what is wrong with it is added to `mistakes`, with its full name."""
    default, annotation = field.default, field.annotation
    absent = field.name not in node.keys()  # noqa: SIM118 - "in node" says no of a missing value
    if absent or OmegaConf.is_missing(node, field.name):
        # A missing value stands for a default that a config cannot hold; for no other.
        if default is REQUIRED or (not absent and is_held(default)):
            mistakes.append(f"{name} has no value: give {name}=... ({type_text(annotation)}).")
        return fresh(default) if is_held(default) else default
    try:
        raw = node[field.name]
        kind = _record_kind(raw)
        if kind is not None:
            value = _record(raw, kind, default, name, mistakes)
            return value if value is None else convert(value, annotation, default)
        value = _plain(raw)
        if default is not REQUIRED:
            standing = convert(default, annotation, default)
            if _stands(value, standing):
                # Of a Sequence, say, the default can be a tuple, which a call gives, too.
                return fresh(default if _stands(represent(standing), default) else standing)
        return convert(value, annotation, default, as_omegaconf)
    except OmegaConfBaseException as error:
        mistakes.append(sentence(f"{name}: {str(error).partition(chr(10))[0]}"))
    except Refused as refused:
        mistakes.append(sentence(f"{name}{refused.path}: {refused.rule}"))
    return None


def _stands(value: Any, default: Any) -> bool:
    """Whether a config's value is the one that the default has in a config."""
    try:
        return same(value, represent(default))
    except ValueError:
        return False


def _plain(raw: Any) -> Any:
    """A value of a config without OmegaConf's containers."""
    if OmegaConf.is_config(raw):
        return OmegaConf.to_container(
            raw, resolve=True, throw_on_missing=True, structured_config_mode=SCMode.DICT
        )
    return raw


def _record_kind(raw: Any) -> type | None:
    """The dataclass that a node is the config of."""
    kind = OmegaConf.get_type(raw) if isinstance(raw, DictConfig) else None
    kind = getattr(kind, STANDS_FOR, kind)
    return kind if kind is not None and is_record(kind) else None


def _record(node: DictConfig, kind: type, default: Any, name: str, mistakes: list[str]) -> Any:
    """The object of a dataclass that its node describes; None after a mistake."""
    known = len(mistakes)
    given: dict[str, Any] = {}
    unchanged = type(default) is kind
    for field in record_fields(kind).values():
        standing = field.default
        if type(default) is kind:
            standing = getattr(default, field.name, standing)
        own = Field(field.name, field.annotation, standing)
        given[field.name] = _value(node, own, f"{name}.{field.name}", mistakes)
        unchanged = unchanged and same(given[field.name], standing)
    if len(mistakes) > known:
        return None
    if unchanged:
        return fresh(default)
    try:
        return kind(**given)
    except OWN_CHECKS as error:
        mistakes.append(sentence(f"{name}: {said(error)}"))
        return None
