"""The structured config of a target: one node a field, checked by OmegaConf where it can."""

from __future__ import annotations

import copy
import dataclasses
import enum
import typing
from pathlib import Path
from types import NoneType
from typing import Any, Optional, cast

from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from params_proto.errors import sentence, together
from params_proto.fields import Target
from params_proto.fields.annotations import union_members, unwrap
from params_proto.fields.containers import is_record, record_fields
from params_proto.fields.conversion import convert
from params_proto.fields.scalars import SCALARS, Refused, same
from params_proto.fields.signatures import REQUIRED, Field
from params_proto.schema.readback import STANDS_FOR
from params_proto.schema.readback import native as native
from params_proto.schema.represent import is_held, is_whole, represent

# Keys of Hydra's own in every config.
_HYDRAS = ("hydra", "defaults")


def structured(target: Target) -> type:
    r"""A dataclass from which OmegaConf makes the target's config.

    OmegaConf checks the types that it knows. Every other field is a node of any type, whose value
    `native` checks. A required field is missing (`???`), and so is one whose default a config
    cannot hold: `native` fills it in. A dict takes new keys.

    Args:
        target: what `describe` gives.

    Raises:
        SweepError: a field cannot be a node, or a default is none of its type: all of them.

    >>> from params_proto.fields import describe
    >>> def train(lr: float = 1, betas: tuple[float, float] = (0.9, 0.99), data: str = "${x}"): ...
    >>> print(OmegaConf.to_yaml(OmegaConf.structured(structured(describe(train)))), end="")
    lr: 1.0
    betas:
    - 0.9
    - 0.99
    data: \${x}
    """
    nodes: list[_Node] = []
    mistakes: list[str] = []
    for name, field in target.fields.items():
        if not target.node and name in _HYDRAS:
            mistakes.append(f"{target.name}: no parameter can be called {name}: it is Hydra's own.")
        if not name.isascii():
            mistakes.append(
                f"{target.name}: no parameter can be called {name}, which Hydra's command line does"
                " not take: name it with the letters a to z, digits and _."
            )
        try:
            nodes.append(_node(field, ()))
        except ValueError as error:
            mistakes.append(sentence(f"{target.name}: the default of {name}: {error}"))
    if mistakes:
        raise together(mistakes)
    return _dataclass(target.name, nodes, {})


@dataclasses.dataclass(frozen=True)
class _Node:
    """A field of a structured config: its type as OmegaConf knows it, and its default."""

    name: str
    hint: Any
    default: Any


def _node(field: Field, outer: tuple[Any, ...]) -> _Node:
    """The node of a field; `outer` are the dataclasses that it stands in."""
    hint, default = _hint(field.annotation), field.default
    kind = _record_kind(field.annotation)
    is_dict = _is_dict(hint)
    if default is REQUIRED:
        if kind is not None and kind not in outer and not _takes_none(field.annotation):
            config = _record_type(kind, None, outer)
            return _Node(field.name, config, config)
        # OmegaConf cannot fill a missing dict from the command line.
        return _Node(field.name, Any if is_dict else hint, MISSING)
    if default is None:
        # Nor can it fill one that is None.
        return _Node(field.name, Any if is_dict else _optional(hint), None)
    value = convert(default, field.annotation, default)
    if is_record(type(value)) and is_whole(value):
        return _record_node(field, kind, value, outer)
    if not is_held(value):
        return _Node(field.name, hint, MISSING)
    config = _escaped(represent(value))
    if isinstance(config, dict):
        return _Node(field.name, hint, _open_dict(cast("dict[Any, Any]", config), hint))
    return _Node(field.name, hint, config)


def _record_kind(annotation: Any) -> type | None:
    """The dataclass that a field holds, or that it may hold None instead of."""
    annotation = unwrap(annotation)
    others = [member for member in union_members(annotation) if member is not NoneType]
    kind = unwrap(others[0]) if len(others) == 1 else annotation
    kind = typing.get_origin(kind) or kind
    return kind if isinstance(kind, type) and is_record(kind) else None


def _record_node(field: Field, kind: Any, value: Any, outer: tuple[Any, ...]) -> _Node:
    """The node of a field whose default is an object of a dataclass."""
    config = _record_type(type(value), value, outer)
    hint, default = (Any if kind is None else config), config
    if config is type(value):
        default = value
        if kind is not None and (kind is config or _record_type(kind, None, outer) is kind):
            hint = kind  # so that the config of another subclass can take its place
    return _Node(field.name, _optional(hint) if _takes_none(field.annotation) else hint, default)


def _record_type(kind: Any, value: Any, outer: tuple[Any, ...]) -> Any:
    """The class that stands for a dataclass in a config, with an object's values as defaults.

    It is the class itself if OmegaConf holds it just as it is, and takes new values for it, which
    it does not for a frozen one.
    """
    nodes: list[_Node] = []
    as_it_is: bool = hasattr(kind, "__dataclass_params__") and not kind.__dataclass_params__.frozen
    for name, field in record_fields(kind).items():
        default = field.default if value is None else getattr(value, name, field.default)
        try:
            node = _node(dataclasses.replace(field, default=default), (*outer, kind))
        except Refused as refused:
            raise Refused(refused.rule, f".{name}{refused.path}") from None
        nodes.append(node)
        expected = MISSING if default is REQUIRED else default
        as_it_is = as_it_is and node.hint == field.annotation and same(node.default, expected)
    if as_it_is and _holds(kind):
        return kind
    return _dataclass(kind.__name__, nodes, {STANDS_FOR: kind})


def _holds(kind: Any) -> bool:
    """Whether OmegaConf can make a config of a class, and none of its fields is hidden from it."""
    try:
        return set(OmegaConf.structured(kind)) == set(record_fields(kind))
    except (OmegaConfBaseException, NameError):
        return False


def _dataclass(name: str, nodes: list[_Node], namespace: dict[str, Any]) -> type:
    fields = [
        (node.name, node.hint, dataclasses.field(default_factory=_Default(node.default)))
        for node in nodes
    ]
    return dataclasses.make_dataclass(
        name, fields, namespace=namespace, init=False, repr=False, eq=False
    )


@dataclasses.dataclass(frozen=True)
class _Default:
    """Makes a field's default afresh; no closure, because configs are pickled."""

    value: Any

    def __call__(self) -> Any:
        return self.value if isinstance(self.value, type) else copy.deepcopy(self.value)


def _hint(annotation: Any) -> Any:
    """The annotation if OmegaConf holds its values, else Any.

    A union is left to `native`: OmegaConf would refuse an int for `float | str`.
    """
    annotation = unwrap(annotation)
    members = union_members(annotation)
    if members:
        others = [member for member in members if member is not NoneType]
        return _optional(_hint(others[0])) if len(others) == 1 else Any
    kind = typing.get_origin(annotation) or annotation
    arguments = typing.get_args(annotation)
    if not isinstance(kind, type):
        return Any
    if kind in SCALARS or issubclass(kind, (enum.Enum, Path)):
        return kind
    if kind is list:
        return list[_element_hint(arguments[0]) if arguments else Any]
    if kind is dict:
        key, value = arguments or (Any, Any)
        key = unwrap(key)
        if key in SCALARS or key is Any or _is_enum(key):
            return dict[key, _element_hint(value)]
    return Any


def _takes_none(annotation: Any) -> bool:
    return NoneType in union_members(unwrap(annotation))


def _optional(hint: Any) -> Any:
    return Any if hint is Any else Optional[hint]  # noqa: UP045 - a hint can be a generic


def _element_hint(annotation: Any) -> Any:
    """The hint of a list's or a dict's elements: in lists of lists OmegaConf converts nothing."""
    hint = _hint(annotation)
    nested = any(typing.get_origin(p) in (list, dict) for p in (hint, *union_members(hint)))
    return Any if nested else hint


def _is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, enum.Enum)


def _is_dict(hint: Any) -> bool:
    return any(typing.get_origin(part) is dict for part in (hint, *union_members(hint)))


def _open_dict(config: dict[Any, Any], hint: Any) -> DictConfig:
    """A dict that takes new keys, though the rest of a Hydra config does not."""
    typed = next((p for p in (hint, *union_members(hint)) if typing.get_origin(p) is dict), None)
    key, value = typing.get_args(typed) or (Any, Any)
    return DictConfig(config, key_type=key, element_type=value, flags={"struct": False})


def _escaped(config: Any) -> Any:
    """A value that OmegaConf takes literally: no interpolation, nothing missing."""
    if isinstance(config, str):
        if config == MISSING:
            raise Refused("the text '???' is a config's word for a missing value")
        return escape(config)
    if isinstance(config, list):
        return [_escaped(element) for element in cast("list[Any]", config)]
    if isinstance(config, dict):
        items = cast("dict[Any, Any]", config).items()
        return {key: _escaped(element) for key, element in items}
    return config


def escape(text: str) -> str:
    r"""Text that OmegaConf resolves to the given one, `${` included.

    >>> escape("a ${b}"), escape("100 $")
    ('a \\${b}', '100 $')
    """
    if "${" not in text:
        return text
    head, *tails = text.split("${")
    for tail in tails:
        backslashes = len(head) - len(head.rstrip("\\"))
        head += "\\" * backslashes + "\\${" + tail
    return head
