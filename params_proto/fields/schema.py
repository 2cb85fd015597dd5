"""Fields as a structured config, and a structured config as native values."""

from __future__ import annotations

import copy
import dataclasses
import enum
import typing
from collections import abc
from collections.abc import Container, Mapping
from pathlib import Path, PurePath
from types import NoneType
from typing import Any, Final, Optional, cast

from omegaconf import MISSING, DictConfig, OmegaConf, SCMode
from omegaconf.errors import OmegaConfBaseException

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
    convert_exact,
    of_python,
    strictly_equal,
)
from params_proto.fields.dotted_name import dotted_name
from params_proto.fields.signature import REQUIRED, Field, is_record, record_fields
from params_proto.values import fresh

# Keys of Hydra's own in every config.
_RESERVED = ("hydra", "defaults")
# Where the class of a structured config names the user's dataclass that it represents.
_RECORD: Final = "__proto_record__"


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
    nodes: list[_Node] = []
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
    """The node of a field; `outer` are the dataclasses that contain it."""
    hint, default = _hint(field.annotation), field.default
    is_optional = NoneType in union_members(unwrap(field.annotation))
    kind = without_none(field.annotation)
    kind = typing.get_origin(kind) or kind
    dict_hint = _dict_hint(hint)
    if default is REQUIRED:
        if is_record(kind) and kind not in outer and not is_optional:
            config = _record_config(kind, None, outer)
            return _Node(field.name, config, config)
        # OmegaConf cannot fill a missing dict from the command line.
        return _Node(field.name, Any if dict_hint else hint, MISSING)
    if default is None:
        # Nor can it fill one that is None.
        return _Node(field.name, Any if dict_hint else _optional(hint), None)
    value = convert(default, field.annotation, default)
    if _is_whole_record(value):
        hint, config = _record_hint(kind, value, outer)
        return _Node(field.name, _optional(hint) if is_optional else hint, config)
    if not _is_held(value):
        return _Node(field.name, hint, MISSING)
    config = _escaped(represent(value))
    if isinstance(config, dict):  # it takes new keys, though the rest of a Hydra config does not
        key, element = typing.get_args(dict_hint) or (Any, Any)
        config = DictConfig(
            cast("Any", config), key_type=key, element_type=element, flags={"struct": False}
        )
    return _Node(field.name, hint, config)


def _record_hint(kind: Any, value: Any, outer: tuple[Any, ...]) -> tuple[Any, Any]:
    """The hint and the default of a field of type `kind` whose default is a dataclass's object."""
    config = _record_config(type(value), value, outer)
    default = value if config is type(value) else config
    if not is_record(kind):
        return Any, default
    # So that the config of another subclass can replace it.
    is_base = default is value and _record_config(kind, None, outer) is kind
    return kind if is_base else config, default


def _record_config(kind: Any, value: Any, outer: tuple[Any, ...]) -> Any:
    """The class that represents a dataclass in a config, with an object's values as defaults.

    It is the class itself if OmegaConf holds it just as it is, and takes new values for it, which
    it does not for a frozen one.
    """
    nodes: list[_Node] = []
    as_it_is = hasattr(kind, "__dataclass_params__") and not kind.__dataclass_params__.frozen
    for name, field in record_fields(kind).items():
        default = field.default if value is None else getattr(value, name)
        try:
            node = _node(dataclasses.replace(field, default=default), (*outer, kind))
        except ConversionError as error:
            raise ConversionError(error.rule, f".{name}{error.path}") from None
        nodes.append(node)
        expected = MISSING if default is REQUIRED else default
        same = node.hint == field.annotation and strictly_equal(node.default, expected)
        as_it_is = as_it_is and same
    if as_it_is and _omegaconf_holds(kind):
        return kind
    return _dataclass(kind.__name__, nodes, {_RECORD: kind})


def _omegaconf_holds(kind: Any) -> bool:
    """Whether OmegaConf can make a config of a class, and none of its fields is hidden from it."""
    try:
        return set(OmegaConf.structured(kind)) == set(record_fields(kind))
    except (OmegaConfBaseException, NameError):
        return False


def _dataclass(name: str, nodes: list[_Node], namespace: dict[str, Any]) -> type:
    fields = [
        (node.name, node.hint, dataclasses.field(default_factory=_DefaultFactory(node.default)))
        for node in nodes
    ]
    return dataclasses.make_dataclass(
        name, fields, namespace=namespace, init=False, repr=False, eq=False
    )


@dataclasses.dataclass(frozen=True)
class _DefaultFactory:
    """Copies a field's default; not a closure, because configs are pickled."""

    value: Any

    def __call__(self) -> Any:
        return self.value if isinstance(self.value, type) else copy.deepcopy(self.value)


def _hint(annotation: Any) -> Any:
    """The annotation if OmegaConf holds its values, else Any.

    A union is left to `python_values`: OmegaConf would refuse an int for `float | str`.
    """
    annotation = unwrap(annotation)
    inner = without_none(annotation)
    if inner is not annotation:
        return _optional(_hint(inner))
    kind = typing.get_origin(annotation) or annotation
    if not isinstance(kind, type):
        return Any
    if kind in SCALARS or issubclass(kind, (enum.Enum, Path)):
        return kind
    if kind is list:
        (element,) = typing.get_args(annotation) or (Any,)
        return list[_element_hint(element)]
    if kind is dict:
        key, value = map(unwrap, typing.get_args(annotation) or (Any, Any))
        if key in SCALARS or key is Any or (isinstance(key, type) and issubclass(key, enum.Enum)):
            return dict[key, _element_hint(value)]
    return Any


def _optional(hint: Any) -> Any:
    return Any if hint is Any else Optional[hint]  # noqa: UP045 - a hint can be a generic


def _element_hint(annotation: Any) -> Any:
    """The hint of a list's or a dict's elements: in lists of lists OmegaConf converts nothing."""
    hint = _hint(annotation)
    return Any if typing.get_origin(without_none(hint)) in (list, dict) else hint


def _dict_hint(hint: Any) -> Any:
    """The dict that a hint is, or that it has beside None; else None."""
    hint = without_none(hint)
    return hint if typing.get_origin(hint) is dict else None


def _escaped(config: Any) -> Any:
    """A value that OmegaConf takes literally: no interpolation, nothing missing."""
    if type(config) is str:
        if config == MISSING:
            raise ConversionError("the text '???' means a missing value in a config")
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
    head, *tails = text.split("${")
    for tail in tails:
        backslashes = len(head) - len(head.rstrip("\\"))
        head += "\\" * backslashes + "\\${" + tail
    return head


def represent(value: Any) -> Any:
    """The value as a config holds it, from which a field's annotation makes the value again.

    Numbers, text, paths and enum members stay; a set is sorted, as its order differs from process
    to process.

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
    if value is None or kind in SCALARS or isinstance(value, Path):
        return value
    if isinstance(value, enum.Enum):
        if value.name in kind.__members__:
            return value
        raise ValueError(f"{shown(value)} has no name")
    if isinstance(value, PurePath):
        return str(value)
    for scalar in (int, float, str, bytes):
        if isinstance(value, scalar):
            return convert_exact(value, scalar)
    if isinstance(value, (list, tuple, range)):
        return [represent(element) for element in cast("list[Any]", value)]
    if isinstance(value, abc.Set):
        elements = [represent(element) for element in cast("abc.Set[Any]", value)]
        return sorted(elements, key=lambda element: (type(element).__name__, repr(element)))
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_key(key): represent(element) for key, element in items}
    if _is_whole_record(value):
        return {name: represent(getattr(value, name)) for name in record_fields(kind)}
    name = dotted_name(value)
    if name is None:
        raise ValueError(f"a config cannot represent a {kind.__name__}")
    return name


def _key(key: Any) -> Any:
    if isinstance(key, (*SCALARS, enum.Enum, PurePath)):
        return str(key) if isinstance(key, PurePath) else represent(key)
    raise ValueError(f"a config cannot represent {shown(key)} as a key")


def _is_whole_record(value: Any) -> bool:
    """Whether it is an object of a dataclass that has kept all that its constructor took."""
    kind = class_of(value)
    return is_record(kind) and all(hasattr(value, name) for name in record_fields(kind))


def _is_held(default: Any) -> bool:
    """Whether a config can hold a default: a dataclass is held field by field at any rate."""
    if _is_whole_record(default):
        return True
    try:
        represent(default)
    except ValueError:
        return False
    return True


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
        return fresh(default) if _is_held(default) else default
    try:
        raw = node[field.name]
        kind = _record_kind(raw)
        if kind is not None:
            value = _record(raw, kind, default, name, mistakes)
            return value if value is None else convert(value, annotation, default)
        value = _without_omegaconf(raw)
        if default is not REQUIRED:
            current = convert(default, annotation, default)
            if _represents(value, current):
                # The default of a Sequence, say, can be a tuple, which a call gives, too.
                return fresh(default if _represents(represent(current), default) else current)
        return convert(value, annotation, default, coerce_like_omegaconf)
    except OmegaConfBaseException as error:
        mistakes.append(sentence(f"{name}: {str(error).partition(chr(10))[0]}"))
    except ConversionError as error:
        mistakes.append(sentence(f"{name}{error.path}: {error.rule}"))
    return None


def _represents(value: Any, default: Any) -> bool:
    """Whether a config's value is the one that the default has in a config."""
    return _is_held(default) and strictly_equal(value, represent(default))


def _without_omegaconf(raw: Any) -> Any:
    if OmegaConf.is_config(raw):
        return OmegaConf.to_container(
            raw, resolve=True, throw_on_missing=True, structured_config_mode=SCMode.DICT
        )
    return raw


def _record_kind(raw: Any) -> type | None:
    """The dataclass that a node is the config of."""
    kind = OmegaConf.get_type(raw) if isinstance(raw, DictConfig) else None
    kind = getattr(kind, _RECORD, kind)
    return kind if is_record(kind) else None


def _record(node: DictConfig, kind: type, default: Any, name: str, mistakes: list[str]) -> Any:
    """The object of a dataclass that its node describes; None after a mistake."""
    known = len(mistakes)
    has_defaults = type(default) is kind
    fields = [
        dataclasses.replace(field, default=getattr(default, field.name, field.default))
        if has_defaults
        else field
        for field in record_fields(kind).values()
    ]
    given = {field.name: _value(node, field, f"{name}.{field.name}", mistakes) for field in fields}
    if len(mistakes) > known:
        return None
    if has_defaults and all(strictly_equal(given[one.name], one.default) for one in fields):
        return fresh(default)
    try:
        return kind(**given)
    except CONSTRUCTOR_ERRORS as error:
        mistakes.append(sentence(f"{name}: {str(error) or type(error).__name__}"))
        return None
