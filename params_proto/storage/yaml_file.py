"""YAML <-> the plain form of a sweep: read with the line of each key, written as by a person."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Hashable, Mapping
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from params_proto._text import stable_repr, utf8
from params_proto._values import unordered
from params_proto.errors import SweepError, shown
from params_proto.overrides.parse import parse_spelled, shuffles
from params_proto.overrides.render import OverrideText, live

# --- the types of scalars, as in a Hydra config

_YAML = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT = (f"{_YAML}{name}" for name in ("null", "bool", "int", "float"))
_TEXT, _BINARY, _MAP, _SEQ = (f"{_YAML}{name}" for name in ("str", "binary", "map", "seq"))
_MERGE, _VALUE = f"{_YAML}merge", f"{_YAML}value"
_PATH, _OVERRIDE = "!path", "!override"  # the latter is spelled as in a Hydra override
_COLLECTIONS: dict[str, Any] = {
    **{_SEQ: list, "!tuple": tuple, "!set": set, "!frozenset": frozenset}
}
_TAGS: dict[Any, str] = {kind: tag for tag, kind in _COLLECTIONS.items()}

# OmegaConf's rule, from get_yaml_loader in its _utils.py: `1e-5` needs no point to be a float.
_FLOATS = re.compile(
    r"""(?:
     [-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)
    |\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))\Z""",
    re.VERBOSE,
)
# YAML 1.1's scalars with OmegaConf's floats and without its timestamps.
_RESOLVERS = {
    first: [(tag, form) for tag, form in forms if tag != f"{_YAML}timestamp"]
    for first, forms in cast("Any", Resolver).yaml_implicit_resolvers.items()
}
_Scalars: Any = type("_Scalars", (Resolver,), {"yaml_implicit_resolvers": _RESOLVERS})
_Scalars.add_implicit_resolver(_FLOAT, _FLOATS, list("-+0123456789."))
_Dumper: Any = type("_Dumper", (_Scalars, getattr(yaml, "CSafeDumper", yaml.SafeDumper)), {})
_Loader: Any = type("_Loader", (_Scalars, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})

# --- reading


class Document:
    """What a YAML file holds.

    Args:
        text: its one document.
        name: the path, for error messages.

    Its attribute `root` has mappings as dicts, sequences as lists, scalars as Python values.

    Raises:
        SweepError: text that is not YAML, or what a sweep file may not have: other tags, a key
            twice, a second document.

    >>> document = Document("lr: [1e-3, !tuple [1, 2]]", "a.yaml")
    >>> document.root, document.place(document.root, "lr")
    ({'lr': [0.001, (1, 2)]}, 'a.yaml:1')
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines: dict[tuple[int, Hashable], int] = {}
        line = 1
        unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
        if unprintable:
            line += text.count("\n", 0, unprintable.start())
            raise SweepError(
                f"{name}:{line}: {unprintable.group()!r} is not a character of YAML text."
            )
        try:
            node: Node | None = cast("Any", yaml).compose(text, _Loader)
            if node is None:
                raise SweepError(f"{name}:1: the file is empty.")
            self.root = self._value(node)
            return
        except yaml.MarkedYAMLError as error:
            if error.problem_mark is not None:
                line += error.problem_mark.line
            reason = ", ".join(filter(None, [error.context, error.problem]))
            if not isinstance(error, ConstructorError):
                reason = f"this is not YAML: {reason}"
        except RecursionError:
            reason = "this is nested too deep"
        raise SweepError(f"{name}:{line}: {reason}.")

    def place(self, container: object = None, key: Hashable = None) -> str:
        """`path:line` of a mapping or list within `root`, or of its key or index."""
        own = self._lines.get((id(container), None), 1)
        return f"{self._name}:{self._lines.get((id(container), key), own)}"

    def _value(self, node: Node) -> Any:
        """The value of a node, of YAML's own types and the tags of a sweep file."""
        if isinstance(node, MappingNode) and node.tag == _MAP:
            return self._mapping(node)
        try:
            if isinstance(node, SequenceNode) and node.tag in _COLLECTIONS:
                made = [self._value(element) for element in node.value]
                self._lines[id(made), None] = node.start_mark.line + 1
                for at, element in enumerate(node.value):
                    self._lines[id(made), at] = element.start_mark.line + 1
                return made if node.tag == _SEQ else _COLLECTIONS[node.tag](made)
            if isinstance(node, ScalarNode) and node.tag in _SCALARS:
                return _SCALARS[node.tag](node)
        except (ValueError, LookupError, ArithmeticError, TypeError) as error:
            self._refuse(node, f"{node.tag.replace(_YAML, '!!')}: {error}")
        self._refuse(
            node,
            f"{node.tag.replace(_YAML, '!!')}: a sweep file has no such tag. It may have"
            " !tuple, !set and !frozenset on a list, !path and !override on text",
        )

    def _mapping(self, node: MappingNode) -> dict[Any, Any]:
        """A dict of merged (`<<`) keys and its own."""
        merged: dict[Any, Any] = {}
        own: dict[Any, Any] = {}
        places: list[tuple[Hashable, int]] = [(None, node.start_mark.line + 1)]
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                # The first of a list of merged mappings wins.
                is_list = isinstance(value_node, SequenceNode)
                for base in value_node.value[::-1] if is_list else [value_node]:
                    if not isinstance(base, MappingNode):
                        self._refuse(base, "<< merges a mapping, or a list of mappings")
                    merged |= self._mapping(base)
                continue
            key = self._value(key_node)
            if not isinstance(key, Hashable):
                self._refuse(key_node, f"{shown(key)} is not a key")
            if key in own:
                self._refuse(key_node, f"the key {shown(key)} is given twice")
            own[key] = self._value(value_node)
            places.append((key, key_node.start_mark.line + 1))
        made = {**merged, **own}
        self._lines.update({(id(made), key): line for key, line in places})
        return made

    def _refuse(self, node: Node, reason: str) -> NoReturn:
        raise ConstructorError(None, None, reason, node.start_mark)


def _override(text: str) -> Any:
    if shuffles(text):
        raise ValueError(
            f"{shown(text)} has a different order each time it is read. Write the list in the order"
            " that you want"
        )
    return parse_spelled(text)


_SAFE: Any = SafeConstructor()
_SCALARS: dict[str, Any] = {
    **dict.fromkeys((_TEXT, _MERGE, _VALUE), _SAFE.construct_scalar),
    _NULL: _SAFE.construct_yaml_null,
    _BOOL: _SAFE.construct_yaml_bool,
    _INT: _SAFE.construct_yaml_int,
    _FLOAT: _SAFE.construct_yaml_float,
    _BINARY: _SAFE.construct_yaml_binary,
    _PATH: lambda node: Path(node.value),  # pyright: ignore
    _OVERRIDE: lambda node: _override(node.value),  # pyright: ignore
}

# --- writing

_WIDTH = 100
_PLAIN = re.compile(r"[^\W\d][\w./+~@$-]*(?: [\w./+~@$-]+)*|[+~./$][\w./+~@$-]*")
_SPECIAL = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}
_RESOLVER = _Scalars()


def text_of(steps: Mapping[str, Any] | list[Any]) -> str:
    """The YAML of a sweep's plain form.

    >>> print(text_of({"product": {"lr": [0.1, 1e-05]}, "set": {"as": "1", "size": (2, 3)}}))
    product: {lr: [0.1, 1e-05]}
    set: {as: "1", size: !tuple [2, 3]}
    <BLANKLINE>
    """
    return cast("Any", yaml).serialize(
        _steps(steps, 1), Dumper=_Dumper, width=_WIDTH, allow_unicode=True
    )


def _steps(steps: Mapping[str, Any] | list[Any], depth: int) -> Node:
    """The steps, one per line; if one does not fit, its keys too."""
    if isinstance(steps, list):
        nodes = [_steps(each, depth + 1) for each in steps]
        return SequenceNode(_SEQ, nodes, flow_style=False)
    pairs: list[tuple[Node, Node]] = []
    for name, value in steps.items():
        if name in ("concat", "cross"):
            node = _steps(value, depth + 1)
        elif name == "chain":
            node = SequenceNode(_SEQ, [_entries(name, row) for row in value], flow_style=False)
        elif isinstance(value, dict):
            node = _entries(name, cast("dict[Any, Any]", value))
            node.flow_style = _width(node) <= _WIDTH - len(name) - 2 * (depth + 1)
        else:
            node = _node(value)
        pairs.append((_node(name), node))
    return MappingNode(_MAP, pairs, flow_style=False)


def _width(node: Node) -> int:
    """The characters of a node in a line, including the separator."""
    if isinstance(node, ScalarNode):
        return len(node.value) + 4
    is_mapping = isinstance(node, MappingNode)
    return sum(map(_width, chain.from_iterable(node.value) if is_mapping else node.value))


def _entries(step: str, entries: Mapping[Any, Any]) -> MappingNode:
    pairs: list[tuple[Node, Node]] = []
    for key, value in entries.items():
        try:
            pairs.append((_node(key), _node(value)))
        except (ValueError, RecursionError) as error:
            raise SweepError(f"{step}: {key}: {error}") from error
    return MappingNode(_MAP, pairs, flow_style=True)


def _node(value: Any) -> Node:
    """A value in one line, as a person writes it; an object that occurs twice is written twice."""
    kind = cast("type[Any]", type(value))
    if kind in _TAGS:
        # The order of a set of strings differs from process to process.
        ordered = sorted(value, key=stable_repr) if unordered(value) else value
        return SequenceNode(_TAGS[kind], [_node(each) for each in ordered], flow_style=True)
    if kind is dict:
        entries = [(_node(key), _node(each)) for key, each in value.items()]
        return MappingNode(_MAP, entries, flow_style=True)
    tag, text = _scalar(value)
    if utf8(text) != text:
        raise ValueError(
            f"{shown(text)} has half a surrogate pair, which YAML cannot hold. .jsonl can."
        )
    # Text is in quotes where it would read as something else.
    is_plain = tag != _TEXT or (
        _PLAIN.fullmatch(text) and _RESOLVER.resolve(ScalarNode, text, (True, False)) == _TEXT
    )
    return ScalarNode(tag, text, style=None if is_plain else '"')


def _scalar(value: Any) -> tuple[str, str]:
    """The tag and text of a value that is not a collection."""
    if isinstance(value, Enum):
        if type(value).__members__.get(str(value.name)) is not value:
            raise ValueError(f"{value!r} has no name of its own, and an enum is saved by name.")
        return _TEXT, value.name
    if isinstance(value, str):
        if isinstance(value, OverrideText) and live(value):
            return _OVERRIDE, value.text
        return _TEXT, str(value)
    if value is None:
        return _NULL, "null"
    kind = cast("type[Any]", type(value))
    if kind is bool:
        return _BOOL, str(value).lower()
    if kind in (int, float):
        text = stable_repr(value)
        return _FLOAT if kind is float else _INT, _SPECIAL.get(text, text)
    if kind is bytes:
        return _BINARY, b64encode(value).decode()
    if kind is type(Path()):
        return _PATH, value.as_posix()
    raise ValueError(
        f"YAML cannot represent {shown(value)}, of the type {kind.__qualname__}. Give a name or"
        " numbers, and make the object where the config is used."
    )
