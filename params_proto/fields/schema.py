"""Fields as a structured config, and a structured config as native values."""

# ruff: noqa: UP045 - a hint can be a generic

from __future__ import annotations

import abc
import copy
import dataclasses
import enum
import functools
import typing
from collections.abc import Callable, Container, Mapping, Set
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, ClassVar, Optional, cast

from omegaconf import MISSING, DictConfig, OmegaConf, SCMode
from omegaconf.errors import OmegaConfBaseException

from params_proto._values import copy_mutable
from params_proto.errors import sentence, shown, together
from params_proto.fields import Target
from params_proto.fields.annotations import type_text, union_members, unwrap, without_none
from params_proto.fields.convert import (
    CONSTRUCTOR_ERRORS,
    SCALARS,
    ConversionError,
    class_of,
    coerce_like_omegaconf,
    convert,
    of_python,
    strictly_equal,
)
from params_proto.fields.dotted_name import dotted_name
from params_proto.fields.signature import REQUIRED, Field, is_record, record_fields

# Keys of Hydra's own in every config.
_RESERVED = ("hydra", "defaults")


def structured_config(target: Target) -> type:
    r"""A dataclass from which OmegaConf makes the target's config.

    OmegaConf checks the types that it knows. Every other field is a node of any type, whose value
    `python_values` checks. A required field is missing (`???`), and so is one whose default a
    config cannot hold: `python_values` fills it in. A dict takes new keys.

    Args:
        target: what `describe` gives.

    Raises:
        SweepError: a field cannot be a node, or a default is not of its type: all of them.

    >>> from params_proto.fields import describe
    >>> def train(lr: float = 1, betas: tuple[float, float] = (0.9, 0.99), data: str = "${x}"): ...
    >>> kind = structured_config(describe(train))
    >>> print(OmegaConf.to_yaml(OmegaConf.structured(kind)), end="")
    lr: 1.0
    betas:
    - 0.9
    - 0.99
    data: \${x}
    """
    nodes: dict[str, _Node] = {}
    mistakes: list[str] = []
    for name, field in target.fields.items():
        if not target.node and name in _RESERVED:
            mistakes.append(f"{target.name}: no parameter can be called {name}: it is Hydra's own.")
        if not name.isascii():
            mistakes.append(
                f"{target.name}: no parameter can be called {name}, which Hydra's command line does"
                " not take: name it with the letters a to z, digits and _."
            )
        try:
            nodes[name] = _node(field, ())
        except ValueError as error:
            mistakes.append(sentence(f"{target.name}: the default of {name}: {error}"))
    if mistakes:
        raise together(mistakes)
    return _dataclass(target.name, nodes)


_Node = tuple[Any, Any]
"""A field of a structured config: its type as OmegaConf knows it, and its default."""


def _node(field: Field, outer: tuple[Any, ...]) -> _Node:
    """The node of a field; `outer` are the dataclasses that contain it."""
    hint, default = _hint(field.annotation), field.default
    if default is REQUIRED:
        kind = unwrap(field.annotation)
        kind = typing.get_origin(kind) or kind
        is_node = is_record(kind) and kind not in outer
        return hint, _record_config(kind, None, outer) if is_node else MISSING
    if default is None:
        return Optional[hint], None
    value = convert(default, field.annotation, default)
    if _is_whole_record(value):
        return Any, _record_config(type(value), value, outer)
    if not _is_held(value):
        return hint, MISSING
    config = represent(value, _literal)
    if isinstance(config, dict):
        config = _open_dict(cast("dict[Any, Any]", config), field.annotation)
    return hint, config


def _hint(annotation: Any) -> Any:
    """The annotation if OmegaConf checks its values, of scalars and lists of them; else Any."""
    kind = without_none(annotation)
    if typing.get_origin(kind) is not list:
        return _scalar_hint(annotation)
    hint = list[_scalar_hint(typing.get_args(kind)[0])]
    return Optional[hint] if union_members(unwrap(annotation)) else hint


def _scalar_hint(annotation: Any) -> Any:
    kind = without_none(annotation)
    if not isinstance(kind, type) or not (kind in SCALARS or issubclass(kind, (enum.Enum, Path))):
        return Any
    return Optional[kind] if union_members(unwrap(annotation)) else kind


def _open_dict(config: dict[Any, Any], annotation: Any) -> DictConfig:
    """A dict that takes new keys, though the rest of a Hydra config does not."""
    key, element = map(unwrap, typing.get_args(without_none(annotation)) or (Any, Any))
    is_key = isinstance(key, type) and issubclass(key, (*SCALARS, enum.Enum))
    key_type = cast("Any", key if is_key else Any)
    return DictConfig(
        config, key_type=key_type, element_type=_scalar_hint(element), flags={"struct": False}
    )


class _RecordConfig(abc.ABC):
    """The base of those that represent a dataclass: a subclass's config can replace them."""

    proto_record: ClassVar[type]

    @classmethod
    def __subclasshook__(cls, other: type) -> bool:
        return issubclass(other, cls.proto_record)


def _record_config(kind: Any, value: Any, outer: tuple[Any, ...]) -> type:
    """The class that represents a dataclass in a config, with an object's values as defaults."""
    nodes: dict[str, _Node] = {}
    for field in _fields_of(kind, value):
        try:
            nodes[field.name] = _node(field, (*outer, kind))
        except ConversionError as error:
            raise ConversionError(error.rule, f".{field.name}{error.path}") from None
    config = _dataclass(kind.__name__, nodes, (_RecordConfig,))
    cast("Any", config).proto_record = kind
    return config


def _fields_of(kind: Any, value: Any) -> list[Field]:
    """The fields of a dataclass, with an object's values as defaults."""
    fields = list(record_fields(kind).values())
    if type(value) is not kind:
        return fields
    return [dataclasses.replace(each, default=getattr(value, each.name)) for each in fields]


def _dataclass(name: str, nodes: Mapping[str, _Node], bases: tuple[type, ...] = ()) -> type:
    fields = [
        # Not a closure, because configs are pickled.
        (name, hint, dataclasses.field(default_factory=functools.partial(copy.deepcopy, default)))
        for name, (hint, default) in nodes.items()
    ]
    return dataclasses.make_dataclass(name, fields, bases=bases, init=False, repr=False, eq=False)


def _literal(text: str) -> str:
    """Text that OmegaConf takes literally: no interpolation, nothing missing."""
    if text == MISSING:
        raise ConversionError("the text '???' means a missing value in a config")
    return escape(text)


def escape(text: str) -> str:
    r"""Text that OmegaConf resolves to the given one, `${` included.

    >>> escape("a ${b}"), escape("100 $")
    ('a \\${b}', '100 $')
    """
    head, *tails = text.split("${")
    for tail in tails:
        backslashes = len(head) - len(head.rstrip("\\"))
        head += "\\" * backslashes + "\\${" + tail
    return head


def represent(value: Any, text: Callable[[str], str] = str) -> Any:
    """The value as a config holds it, from which a field's annotation makes the value again.

    Numbers and enum members stay, a path is its text; a set is sorted, as its order differs
    from process to process.

    Args:
        value: any value.
        text: what to make of each text in it, but for keys.

    Raises:
        ValueError: a config cannot represent it, or something in it.

    >>> represent({"betas": (0.9, 0.99), "tags": {"b", "a"}})
    {'betas': [0.9, 0.99], 'tags': ['a', 'b']}
    >>> represent(lambda x: x)
    Traceback (most recent call last):
        ...
    ValueError: a config cannot represent a function
    """
    value = of_python(value)
    kind = class_of(value)
    if isinstance(value, PurePath) or kind is str:
        return text(str(value))
    if value is None or kind in SCALARS or isinstance(value, enum.Enum):
        return value
    if isinstance(value, (list, tuple, range)):
        return [represent(element, text) for element in cast("list[Any]", value)]
    if isinstance(value, Set):
        elements = [represent(element, text) for element in cast("Set[Any]", value)]
        return sorted(elements, key=lambda element: (type(element).__name__, repr(element)))
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_key(key): represent(element, text) for key, element in items}
    if _is_whole_record(value):
        return {name: represent(getattr(value, name), text) for name in record_fields(kind)}
    name = dotted_name(value)
    if name is None:
        raise ValueError(f"a config cannot represent a {kind.__name__}")
    return name


def _key(key: Any) -> Any:
    if isinstance(key, (*SCALARS, enum.Enum, PurePath)):
        return represent(key)
    raise ValueError(f"a config cannot represent {shown(key)} as a key")


def _is_whole_record(value: Any) -> bool:
    """Whether it is an object of a dataclass that has kept all that its constructor took."""
    kind = class_of(value)
    return is_record(kind) and all(hasattr(value, name) for name in record_fields(kind))


def _is_held(default: Any) -> bool:
    """Whether a config can hold a default: a dataclass is held field by field at any rate."""
    with suppress(ValueError):
        if not _is_whole_record(default):
            represent(default)
        return True
    return False


def python_values(target: Target, node: DictConfig, ignore: Container[str] = ()) -> dict[str, Any]:
    """The values of a target in a composed config, as its function or class takes them.

    Interpolations are resolved; what the annotation says is made of each value, text and numbers
    read as OmegaConf reads them. A value equal to the default's is the default itself,
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
    >>> python_values(describe(train), OmegaConf.create({"lr": "1e-3", "betas": [0.5, 1]}))
    {'lr': 0.001, 'betas': (0.5, 1.0)}
    """
    mistakes: list[str] = []
    prefix = f"{target.node}." if target.node else ""
    keys = [key for key in node if isinstance(key, str) and key not in ignore]
    others = {key: Field(key) for key in keys if target.open and key not in target.fields}
    fields = {**target.fields, **others}
    values = {
        name: _value(node, field, f"{prefix}{name}", mistakes) for name, field in fields.items()
    }
    if mistakes:
        raise together(mistakes)
    return values


def _value(node: DictConfig, field: Field, name: str, mistakes: list[str]) -> Any:
    """The value of one field; what is wrong with it is added to `mistakes`, with its full name."""
    default, annotation = field.default, field.annotation
    absent = field.name not in node.keys()  # noqa: SIM118 - "in" is false for a missing value
    if absent or OmegaConf.is_missing(node, field.name):
        # Only a default that a config cannot hold is missing there.
        if default is REQUIRED or (not absent and _is_held(default)):
            mistakes.append(f"{name} has no value: give {name}=... ({type_text(annotation)}).")
        return copy_mutable(default) if _is_held(default) else default
    try:
        raw = node[field.name]
        kind = _record_kind(raw)
        if kind is not None:
            value = _record(raw, kind, default, name, mistakes)
            return value if value is None else convert(value, annotation, default)
        value = raw
        if OmegaConf.is_config(raw):
            value = OmegaConf.to_container(
                raw, resolve=True, throw_on_missing=True, structured_config_mode=SCMode.DICT
            )
        if default is not REQUIRED:
            current = convert(default, annotation, default)
            if _represents(value, current):
                # The default of a Sequence, say, can be a tuple, which a call gives, too.
                return copy_mutable(
                    default if _represents(represent(current), default) else current
                )
        return convert(value, annotation, default, coerce_like_omegaconf)
    except OmegaConfBaseException as error:
        mistakes.append(sentence(f"{name}: {str(error).partition(chr(10))[0]}"))
    except ConversionError as error:
        mistakes.append(sentence(f"{name}{error.path}: {error.rule}"))
    return None


def _represents(value: Any, default: Any) -> bool:
    """Whether a config's value is the one that the default has in a config."""
    with suppress(ValueError):
        return strictly_equal(value, represent(default))
    return False


def _record_kind(raw: Any) -> type | None:
    """The dataclass that a node is the config of."""
    kind = OmegaConf.get_type(raw) if isinstance(raw, DictConfig) else None
    kind = getattr(kind, "proto_record", kind)
    return kind if is_record(kind) else None


def _record(node: DictConfig, kind: type, default: Any, name: str, mistakes: list[str]) -> Any:
    """The object of a dataclass that its node describes; None after a mistake."""
    known = len(mistakes)
    fields = _fields_of(kind, default)
    given = {field.name: _value(node, field, f"{name}.{field.name}", mistakes) for field in fields}
    if len(mistakes) > known:
        return None
    is_default = all(strictly_equal(given[each.name], each.default) for each in fields)
    if type(default) is kind and is_default:
        return copy_mutable(default)
    try:
        return kind(**given)
    except CONSTRUCTOR_ERRORS as error:
        mistakes.append(sentence(f"{name}: {str(error) or type(error).__name__}"))
        return None
