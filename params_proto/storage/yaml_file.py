"""YAML <-> the plain form of a sweep, with the line of each key, written as people write it."""

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
from params_proto._values import is_unordered
from params_proto.errors import SweepError, short_repr
from params_proto.overrides.parse import has_shuffle, parse_spelled
from params_proto.overrides.render import OverrideText, has_interpolation

# --- the types of scalars, as in a Hydra config

_YAML = "tag:yaml.org,2002:"
_NULL, _BOOL, _INT, _FLOAT = (f"{_YAML}{name}" for name in ("null", "bool", "int", "float"))
_TEXT, _BINARY, _MAP, _SEQ = (f"{_YAML}{name}" for name in ("str", "binary", "map", "seq"))
_MERGE, _VALUE = f"{_YAML}merge", f"{_YAML}value"
_PATH, _OVERRIDE = "!path", "!override"  # the latter is spelled as in a Hydra override
_COLLECTIONS: dict[str, Any] = {"!tuple": tuple, "!set": set, "!frozenset": frozenset}
_TAGS: dict[Any, str] = {list: _SEQ, **{kind: tag for tag, kind in _COLLECTIONS.items()}}

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
    """The content of a YAML file.

    Args:
        text: its one document.
        name: the path, for error messages.

    The attribute `root` has mappings as dicts, sequences as lists, scalars as Python values.

    Raises:
        SweepError: the text is not YAML, or has what a sweep file may not have: other tags, a key
            twice, a second document.

    >>> document = Document("lr: [1e-3, !tuple [1, 2]]", "a.yaml")
    >>> document.root, document.place(document.root, "lr")
    ({'lr': [0.001, (1, 2)]}, 'a.yaml:1')
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._constructor: Any = _Constructor()
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
            self.root: Any = self._constructor.construct_document(node)
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
        lines = self._constructor.lines
        own = lines.get((id(container), None), 1)
        return f"{self._name}:{lines.get((id(container), key), own)}"


class _Constructor(SafeConstructor):
    """Constructs the values of a file, from YAML's own types and the tags of a sweep file.

    The attribute `lines` has the line of each mapping and list, and of their keys and indices.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[tuple[int, Hashable], int] = {}

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return cast("Any", super()).construct_object(node, deep)
        except (ValueError, LookupError, ArithmeticError, TypeError) as error:
            raise _refusal(node, f"{node.tag.replace(_YAML, '!!')}: {error}") from error

    def mapping(self, node: MappingNode) -> dict[Any, Any]:
        """A dict, including merged (`<<`) keys."""
        places: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == _MERGE:
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _refusal(key_node, f"{short_repr(key)} is not a key")
            if key in places:
                raise _refusal(key_node, f"the key {short_repr(key)} is given twice")
            places[key] = key_node.start_mark.line + 1
        result = self.construct_mapping(node, deep=True)
        self._note(result, node, places)
        return result

    def sequence(self, node: SequenceNode) -> list[Any]:
        """A list."""
        result = self.construct_sequence(node, deep=True)
        lines = [element.start_mark.line + 1 for element in node.value]
        self._note(result, node, dict(enumerate(lines)))
        return result

    def _note(self, container: object, node: Node, places: Mapping[Any, int]) -> None:
        self.lines[id(container), None] = node.start_mark.line + 1
        self.lines.update({(id(container), key): line for key, line in places.items()})

    def collection(self, node: SequenceNode) -> Any:
        """A tuple or set."""
        return _COLLECTIONS[node.tag](self.construct_sequence(node, deep=True))

    def path(self, node: ScalarNode) -> Path:
        """A path."""
        return Path(self.construct_scalar(node))

    def override(self, node: ScalarNode) -> Any:
        """A value spelled as in a Hydra override."""
        text = self.construct_scalar(node)
        if has_shuffle(text):
            raise ValueError(
                f"{short_repr(text)} has a different order each time it is read. Write the list"
                " in the order that you want"
            )
        return parse_spelled(text)

    def unknown(self, node: Node) -> NoReturn:
        """Refuses a tag."""
        raise _refusal(
            node,
            f"{node.tag.replace(_YAML, '!!')}: sweep files have no such tag. They may have"
            " !tuple, !set and !frozenset on lists, and !path and !override on text",
        )

    yaml_constructors: dict[Any, Any] = {  # noqa: RUF012 - the attribute that PyYAML reads
        **dict.fromkeys((_TEXT, _MERGE, _VALUE), SafeConstructor.construct_scalar),
        _NULL: SafeConstructor.construct_yaml_null,
        _BOOL: SafeConstructor.construct_yaml_bool,
        _INT: SafeConstructor.construct_yaml_int,
        _FLOAT: SafeConstructor.construct_yaml_float,
        _BINARY: SafeConstructor.construct_yaml_binary,
        _MAP: mapping,
        _SEQ: sequence,
        **dict.fromkeys(_COLLECTIONS, collection),
        _PATH: path,
        _OVERRIDE: override,
        None: unknown,
    }


def _refusal(node: Node, reason: str) -> ConstructorError:
    return ConstructorError(None, None, reason, node.start_mark)


# --- writing

_WIDTH = 100
_PLAIN = re.compile(r"[^\W\d][\w./+~@$-]*(?: [\w./+~@$-]+)*|[+~./$][\w./+~@$-]*")
_SPECIAL = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}
_RESOLVER = _Scalars()


def dump_yaml(steps: Mapping[str, Any] | list[Any]) -> str:
    """The YAML of a sweep's plain form.

    >>> print(dump_yaml({"product": {"lr": [0.1, 1e-05]}, "set": {"as": "1", "size": (2, 3)}}))
    product: {lr: [0.1, 1e-05]}
    set: {as: "1", size: !tuple [2, 3]}
    <BLANKLINE>
    """
    return cast("Any", yaml).serialize(
        _steps(steps, 1), Dumper=_Dumper, width=_WIDTH, allow_unicode=True
    )


def _steps(steps: Mapping[str, Any] | list[Any], depth: int) -> Node:
    """The steps, one per line, or one line per key for a step that is too long."""
    if isinstance(steps, list):
        nodes = [_steps(mapping, depth + 1) for mapping in steps]
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
    """A value in one line; an object that occurs twice is written twice, without an anchor."""
    kind = cast("type[Any]", type(value))
    if kind in _TAGS:
        # The order of a set of strings differs from process to process.
        ordered = sorted(value, key=stable_repr) if is_unordered(value) else value
        return SequenceNode(_TAGS[kind], [_node(element) for element in ordered], flow_style=True)
    if kind is dict:
        entries = [(_node(key), _node(element)) for key, element in value.items()]
        return MappingNode(_MAP, entries, flow_style=True)
    tag, text = _scalar(value)
    if utf8(text) != text:
        raise ValueError(
            f"{short_repr(text)} has half a surrogate pair, which YAML cannot hold. .jsonl can."
        )
    # Text that would read as something else is quoted.
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
        if isinstance(value, OverrideText) and has_interpolation(value):
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
        f"YAML cannot represent {short_repr(value)}, of the type {kind.__qualname__}. Give a name"
        " or numbers, and make the object where the config is used."
    )
