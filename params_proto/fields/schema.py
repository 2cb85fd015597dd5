"""Fields as a structured config, and the values of a config as Python's own."""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Container, Mapping, Set
from contextlib import suppress
from pathlib import PurePath
from typing import Any, cast

from omegaconf import MISSING, DictConfig, OmegaConf, SCMode
from omegaconf.errors import OmegaConfBaseException

from params_proto._keys import full_key
from params_proto._values import copy_object
from params_proto.errors import combine_mistakes, did_you_mean, short_repr, with_period
from params_proto.fields.convert import (
    CONSTRUCTOR_ERRORS,
    SCALARS,
    ConversionError,
    coerce_like_omegaconf,
    convert,
    dotted_name,
    from_array,
    strictly_equal,
    typed_node,
)
from params_proto.fields.signature import (
    REQUIRED,
    Field,
    Target,
    is_record,
    record_fields,
    type_text,
    unwrap,
    without_none,
)

# Hydra's own keys in every config.
_RESERVED = ("hydra", "defaults")


def structured_config(target: Target) -> DictConfig:
    r"""The target's config: a node for each field, typed where OmegaConf knows the type.

    OmegaConf checks scalars, paths and members of an enum. Every other field is a node of any type,
    whose value `python_values` checks. A required field is missing (`???`), and so is one whose
    default a config cannot hold: `python_values` fills it in. A dict takes new keys.

    The config itself is not typed, so that the user's files can add keys, for example for
    interpolations; Hydra closes it for the command line.

    Args:
        target: what `describe` gives.

    Raises:
        SweepError: fields cannot be nodes, or defaults do not have their type.

    >>> from params_proto.fields import describe
    >>> def train(lr: float = 1, betas: tuple[float, float] = (0.9, 0.99), data: str = "${x}"): ...
    >>> print(OmegaConf.to_yaml(structured_config(describe(train))), end="")
    lr: 1.0
    betas:
    - 0.9
    - 0.99
    data: \${x}
    """
    nodes: dict[str, Any] = {}
    mistakes: list[str] = []
    for name, field in target.fields.items():
        if full_key(target.node, name) in _RESERVED:
            mistakes.append(
                f"{target.name}: no parameter can be called {name}, which is Hydra's own key."
            )
        try:
            nodes[name] = _node(field)
        except ValueError as error:
            mistakes.append(with_period(f"{target.name}: the default of {name}: {error}"))
    if mistakes:
        raise combine_mistakes(mistakes)
    return OmegaConf.create(nodes)


def _node(field: Field) -> Any:
    """The node of a field with its default value."""
    default, content = field.default, MISSING
    if default is REQUIRED:
        kind = unwrap(field.annotation)
        kind = typing.get_origin(kind) or kind
        if is_record(kind):
            return _record_node(kind, None)
    else:
        default = convert(default, field.annotation, default)
        if is_record(type(default)):
            return _record_node(type(default), default)
        with suppress(ValueError):  # a value that a config cannot hold is missing
            content = represent(default, escape)
    if isinstance(content, dict):  # takes new keys, though the rest of a Hydra config does not
        return DictConfig(cast("dict[Any, Any]", content), flags={"struct": False})
    return typed_node(without_none(field.annotation), content)


def _record_node(kind: Any, value: Any) -> DictConfig:
    """The node of a dataclass, with an object's values as defaults."""
    nodes: dict[str, Any] = {}
    for field in _fields_of(kind, value):
        try:
            nodes[field.name] = _node(field)
        except ConversionError as error:
            raise ConversionError(error.rule, f".{field.name}{error.path}") from None
    return OmegaConf.create(nodes)


def _fields_of(kind: Any, value: Any) -> list[Field]:
    """The fields of a dataclass, with an object's values as defaults."""
    fields = list(record_fields(kind).values())
    if type(value) is not kind:
        return fields
    # A constructor argument that was not kept gets the class's default.
    return [
        dataclasses.replace(field, default=getattr(value, field.name, field.default))
        for field in fields
    ]


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
    """A value in a form that a config can hold, and that the field's annotation converts back.

    Numbers and enum members stay, a path is its text; a set is sorted, as its order differs
    from process to process.

    Args:
        value: any value.
        text: converts each string in it, except keys.

    Raises:
        ValueError: a config cannot represent it, or something in it.

    >>> represent({"betas": (0.9, 0.99), "tags": {"b", "a"}})
    {'betas': [0.9, 0.99], 'tags': ['a', 'b']}
    >>> represent(lambda x: x)
    Traceback (most recent call last):
        ...
    ValueError: a config cannot represent a function
    """
    value = from_array(value)
    kind = cast("Any", type(value))
    if isinstance(value, PurePath) or kind is str:
        return text(str(value))
    if value is None or kind in SCALARS or isinstance(value, enum.Enum):
        return value
    if isinstance(value, (list, tuple, range, Set)):
        elements = [represent(element, text) for element in cast("list[Any]", value)]
        if isinstance(value, Set):
            elements.sort(key=lambda element: (type(element).__name__, repr(element)))
        return elements
    if is_record(kind):
        value = {field.name: field.default for field in _fields_of(kind, value)}
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return {_key(key): represent(element, text) for key, element in items}
    name = dotted_name(value)
    if name is None:
        raise ValueError(f"a config cannot represent a {kind.__name__}")
    return name


def _key(key: Any) -> Any:
    """The key of a mapping; an enum member becomes its name, which is converted back."""
    if isinstance(key, enum.Enum):
        return key.name
    if isinstance(key, (*SCALARS, PurePath)):
        return represent(key)
    raise ValueError(f"a config cannot represent {short_repr(key)} as a key")


def python_values(target: Target, node: DictConfig, ignore: Container[str] = ()) -> dict[str, Any]:
    """The values of a target in a composed config, as its function or class takes them.

    Interpolations are resolved, and each value is converted to its annotation, text and numbers as
    OmegaConf converts them. A value that equals the default becomes the default itself, as does one
    that is deleted, or that is missing because a config cannot hold the default.

    Args:
        target: what `describe` gives.
        node: the target's node in the config: the root for a function.
        ignore: keys that an open target does not get, such as the nodes of prefix classes.

    Returns:
        Name to value, for every field; for an open target, also for the node's other keys.

    Raises:
        SweepError: values are missing or do not have their field's type.

    >>> from params_proto.fields import describe
    >>> def train(lr: float, betas: tuple[float, float] = (0.9, 0.99)): ...
    >>> python_values(describe(train), OmegaConf.create({"lr": "1e-3", "betas": [0.5, 1]}))
    {'lr': 0.001, 'betas': (0.5, 1.0)}
    """
    mistakes: list[str] = []
    others = {
        key: Field(key)
        for key in node
        if target.open and isinstance(key, str) and key not in ignore
    }
    values = {
        name: _value(node, field, full_key(target.node, name), mistakes)
        for name, field in {**others, **target.fields}.items()
    }
    if mistakes:
        raise combine_mistakes(mistakes)
    return values


def _value(node: DictConfig, field: Field, name: str, mistakes: list[str]) -> Any:
    """The value of a field; its mistakes are added to `mistakes`, with its full name."""
    default, annotation = field.default, field.annotation
    absent = field.name not in node.keys()  # noqa: SIM118 - "in" is false for a missing value
    if absent or OmegaConf.is_missing(node, field.name):
        # Only a default that a config cannot hold is missing there.
        if default is REQUIRED or (_is_representable(default) and not absent):
            mistakes.append(f"{name} has no value: give {name}=... ({type_text(annotation)}).")
        return copy_object(default) if _is_representable(default) else default
    try:
        value: Any = node[field.name]
        if default is not REQUIRED:
            default = convert(default, annotation, default)
            field = dataclasses.replace(field, default=default)
        hint = without_none(annotation)
        # The user's dataclass in Hydra's store takes precedence.
        own = typing.get_origin(hint) or hint
        kinds: list[Any] = [OmegaConf.get_type(value), cast("Any", type(default)), own]
        kind = next(filter(is_record, kinds), None)
        if isinstance(value, DictConfig) and kind is not None:
            return _record(value, kind, field, name, mistakes)
        if OmegaConf.is_config(value):
            value = OmegaConf.to_container(
                value, resolve=True, throw_on_missing=True, structured_config_mode=SCMode.DICT
            )
        with suppress(ValueError):  # not every default can be in a config
            if strictly_equal(value, represent(default)):
                return copy_object(default)
        return convert(value, annotation, default, coerce_like_omegaconf)
    except OmegaConfBaseException as error:
        mistakes.append(with_period(f"{name}: {str(error).partition(chr(10))[0]}"))
    except ConversionError as error:
        mistakes.append(with_period(f"{name}{error.path}: {error.rule}"))
    return None


def _is_representable(default: Any) -> bool:
    """Whether a config can hold a default."""
    with suppress(ValueError):
        represent(default)
        return True
    return False


def _record(node: DictConfig, kind: Any, field: Field, name: str, mistakes: list[str]) -> Any:
    """The object of a dataclass that its node describes, for a field; None after a mistake."""
    known, default = len(mistakes), field.default
    fields = _fields_of(kind, default)
    names = [field.name for field in fields]
    mistakes += [
        f"{name}: {kind.__name__} has no {key!r}.{did_you_mean(str(key), names)}"
        for key in node
        if key not in names
    ]
    given = {field.name: _value(node, field, f"{name}.{field.name}", mistakes) for field in fields}
    if len(mistakes) > known:
        return None
    is_default = all(strictly_equal(given[field.name], field.default) for field in fields)
    if type(default) is kind and is_default:
        return copy_object(default)
    try:
        result = kind(**given)
    except CONSTRUCTOR_ERRORS as error:
        mistakes.append(with_period(f"{name}: {type(error).__name__}: {error}"))
        return None
    return convert(result, field.annotation, default)
