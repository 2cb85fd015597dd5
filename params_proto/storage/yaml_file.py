"""YAML <-> the plain form of a sweep: read with the line of each key, written as by a person."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, NoReturn, cast

import yaml
from yaml.constructor import ConstructorError, SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.representer import SafeRepresenter
from yaml.resolver import Resolver

from params_proto._text import stable_repr
from params_proto._values import MAX_DEPTH, unordered
from params_proto.errors import SweepError, shown
from params_proto.overrides.literals import OverrideText, live
from params_proto.overrides.parse import parse_spelled, shuffles
from params_proto.storage.table_file import LONE_SURROGATE

# --- the types of scalars, as in a Hydra config

_YAML = "tag:yaml.org,2002:"
_TEXT, _FLOAT, _MAP, _SEQ = f"{_YAML}str", f"{_YAML}float", f"{_YAML}map", f"{_YAML}seq"
_MERGE = f"{_YAML}merge"
_PATH, _OVERRIDE = "!path", "!override"  # the latter is spelled as in a Hydra override
_TAGS: dict[Any, str] = {list: _SEQ, tuple: "!tuple", set: "!set", frozenset: "!frozenset"}

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


class _Scalars(Resolver):
    """YAML 1.1's scalars with OmegaConf's floats and without its timestamps."""

    yaml_implicit_resolvers: ClassVar[Any] = {
        first: [(tag, form) for tag, form in forms if tag != f"{_YAML}timestamp"]
        for first, forms in cast("Any", Resolver).yaml_implicit_resolvers.items()
    }


_Scalars.add_implicit_resolver(_FLOAT, _FLOATS, list("-+0123456789."))  # pyright: ignore[reportUnknownMemberType]


_Dumper: Any = type("_Dumper", (_Scalars, getattr(yaml, "CSafeDumper", yaml.SafeDumper)), {})
_BaseLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Constructor: Any = SafeConstructor  # whose methods have no types

# --- reading

_MAX_REPEATED = 100_000  # values by alias, of which a few lines can make billions


@dataclass(frozen=True)
class Document:
    """What a YAML file holds.

    Args:
        name: the path, for error messages.
        root: mappings as dicts, sequences as lists, scalars as Python values.
        lines: the line of each container and of its keys, by the container's id.
    """

    name: str
    root: Any
    lines: dict[tuple[int, Hashable], int]

    def place(self, container: object = None, key: Hashable = None) -> str:
        """`path:line` of a mapping or list within `root`, or of its key or index."""
        own = self.lines.get((id(container), None), 1)
        return f"{self.name}:{self.lines.get((id(container), key), own)}"


def read(text: str, name: str) -> Document:
    """The one document of a YAML text.

    Raises:
        SweepError: text that is not YAML, or what a sweep file may not have: other tags, a key
            twice, aliases that repeat without bound, a second document.

    >>> document = read("lr: [1e-3, !tuple [1, 2]]", "a.yaml")
    >>> document.root, document.place(document.root, "lr")
    ({'lr': [0.001, (1, 2)]}, 'a.yaml:1')
    """
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        line = text.count("\n", 0, unprintable.start()) + 1
        raise SweepError(f"{name}:{line}: {unprintable.group()!r} is not a character of YAML text.")
    line = 1
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            raise SweepError(f"{name}:1: the file is empty.")
        if _size(node, {}) > len(text) + _MAX_REPEATED:
            raise SweepError(f"{name}:1: aliases repeat more than {_MAX_REPEATED:,} values.")
        return Document(name, loader.construct_document(node), loader.lines)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        reason = ", ".join(filter(None, [error.context, error.problem]))
        if not isinstance(error, ConstructorError):
            reason = f"this is not YAML: {reason}"
    except RecursionError:
        reason = "this is nested too deep"
    raise SweepError(f"{name}:{line}: {reason}.")


def _size(node: Node, known: dict[int, int]) -> int:
    """How many values a node stands for, each alias written out."""
    if id(node) not in known:
        known[id(node)] = 1  # of one that contains itself, which the loader refuses
        if not isinstance(node, ScalarNode):
            nodes = chain.from_iterable(node.value) if isinstance(node, MappingNode) else node.value
            known[id(node)] += sum(_size(each, known) for each in nodes)
    return known[id(node)]


class _Loader(_Scalars, _BaseLoader):
    """YAML's own types and the tags of a sweep file; it remembers where each key is."""

    yaml_constructors: ClassVar[dict[Any, Any]] = {}
    yaml_multi_constructors: ClassVar[dict[Any, Any]] = {}

    def __init__(self, text: str) -> None:
        _BaseLoader.__init__(self, text)
        self.lines: dict[tuple[int, Hashable], int] = {}
        self._text = text

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        """The value of a node, with its line in what is wrong with it."""
        try:
            return _Constructor.construct_object(self, node, deep=True)
        except (ValueError, LookupError, ArithmeticError, TypeError) as error:
            tag = node.tag.replace(_YAML, "!!")
            reason = f"{shown(node.value)} is not a valid {tag}"
            if isinstance(error, (SweepError, TypeError)):
                reason = f"{tag}: {error}"
            raise ConstructorError(None, None, reason, node.start_mark) from error

    def construct_sequence(self, node: Any, deep: bool = False) -> list[Any]:
        """A list."""
        made = _Constructor.construct_sequence(self, node, deep=True)
        self._note(made, node, enumerate(cast("list[Node]", node.value)))
        return made

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """A dict, with those that `<<` merges."""
        own = [pair for pair in node.value if pair[0].tag != _MERGE]
        # The first of a list of merged mappings wins; some versions of PyYAML let the last one.
        node.value = [
            (key, base)
            for key, value in node.value
            for base in (
                value.value[::-1] if key.tag == _MERGE and value.id == "sequence" else [value]
            )
        ]
        made = _Constructor.construct_mapping(self, node, deep=True)
        seen: set[Hashable] = set()
        for key_node, value_node in own:
            key = self.construct_object(key_node)
            if key in seen:
                self._refuse(key_node, f"the key {shown(key)} is given twice")
            seen.add(key)
            # What YAML makes of a comma in a value, {lr: 1,2}: a key `2` without a value.
            between = self._text[key_node.end_mark.index : value_node.start_mark.index]
            if value_node.value == "" and ":" not in between and not str(key).startswith("~"):
                self._refuse(
                    key_node,
                    f"between braces, {shown(key)} has no value: YAML ends the one before it at the"
                    " comma. Quote a value with a comma, {lr: '1,2'}; write null for none",
                )
        self._note(made, node, [(self.construct_object(key), key) for key, _ in node.value])
        return made

    def _note(self, made: Any, node: Node, places: Iterable[tuple[Hashable, Node]]) -> None:
        self.lines[id(made), None] = node.start_mark.line + 1
        self.lines.update({(id(made), key): at.start_mark.line + 1 for key, at in places})

    def _refuse(self, node: Node, reason: str) -> NoReturn:
        raise ConstructorError(None, None, reason, node.start_mark)


def _undefined(_: object, node: Any) -> NoReturn:
    raise SweepError(
        "a sweep file has no such tag. It may have !tuple, !set and !frozenset on a list, !path and"
        " !override on text"
    )


def _override(_: object, node: ScalarNode) -> Any:
    if shuffles(node.value):
        raise SweepError(
            f"{shown(node.value)} is in another order each time it is read. Write the list in the"
            " order that you want"
        )
    return parse_spelled(node.value)


_Loader.yaml_constructors = {
    f"{_YAML}{name}": _Constructor.yaml_constructors[f"{_YAML}{name}"]
    for name in ("str", "null", "bool", "int", "float", "binary")
} | {
    **dict.fromkeys((_MERGE, f"{_YAML}value"), _Loader.construct_scalar),
    _MAP: _Loader.construct_mapping,
    _SEQ: _Loader.construct_sequence,
    "!tuple": lambda loader, node: tuple(loader.construct_sequence(node)),  # pyright: ignore
    "!set": lambda loader, node: set(loader.construct_sequence(node)),  # pyright: ignore
    "!frozenset": lambda loader, node: frozenset(loader.construct_sequence(node)),  # pyright: ignore
    _PATH: lambda loader, node: Path(loader.construct_scalar(node)),  # pyright: ignore
    _OVERRIDE: _override,
    None: _undefined,
}

# --- writing

_WIDTH = 100
_PLAIN = re.compile(r"[^\W\d][\w./+~@$-]*(?: [\w./+~@$-]+)*|[+~./$][\w./+~@$-]*")
_SPECIAL = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


def text_of(steps: Mapping[str, Any] | list[Any]) -> str:
    """The YAML of a sweep's plain form.

    Raises:
        SweepError: a value that YAML cannot represent; it names the step and the key.

    >>> print(text_of({"product": {"lr": [0.1, 1e-05]}, "set": {"as": "1", "size": (2, 3)}}))
    product: {lr: [0.1, 1e-05]}
    set: {as: "1", size: !tuple [2, 3]}
    <BLANKLINE>
    """
    return cast("Any", yaml).serialize(
        _steps(steps, 1), Dumper=_Dumper, width=_WIDTH, allow_unicode=True
    )


def _steps(steps: Mapping[str, Any] | list[Any], depth: int) -> Node:
    """Steps, one to a line."""
    if isinstance(steps, list):
        nodes = [_steps(each, depth + 1) for each in steps]
        return SequenceNode(_SEQ, nodes, flow_style=False)
    pairs = [(_node(name), _step(name, steps[name], depth + 1)) for name in steps]
    return MappingNode(_MAP, pairs, flow_style=False)


def _step(name: str, value: Any, depth: int) -> Node:
    if name in ("concat", "cross"):
        return _steps(value, depth)
    if name == "chain":
        rows = [MappingNode(_MAP, _entries(name, row), flow_style=True) for row in value]
        return SequenceNode(_SEQ, rows, flow_style=False)
    if not isinstance(value, dict):
        return _node(value)
    pairs = _entries(name, cast("dict[str, Any]", value))
    fits = sum(map(_width, chain.from_iterable(pairs))) <= _WIDTH - len(name) - 2 * depth
    return MappingNode(_MAP, pairs, flow_style=fits)


def _width(node: Node) -> int:
    """How many characters a node takes in a line, with what separates it from the next."""
    if isinstance(node, ScalarNode):
        return len(node.value) + 4
    is_mapping = isinstance(node, MappingNode)
    return sum(map(_width, chain.from_iterable(node.value) if is_mapping else node.value))


def _entries(step: str, entries: Mapping[Any, Any]) -> list[tuple[Node, Node]]:
    pairs: list[tuple[Node, Node]] = []
    for key, value in entries.items():
        try:
            pairs.append((_node(key), _node(value)))
        except ValueError as error:
            raise SweepError(f"{step}: {key}: {error}") from error
    return pairs


def _node(value: Any) -> Node:
    """A value in one line.

    Raises:
        ValueError: YAML cannot represent it.
    """
    return _Representer().represent_data(value)


class _Representer(_Scalars, SafeRepresenter):
    """The few types that a sweep file has, each as a person writes it."""

    yaml_representers: ClassVar[dict[Any, Any]] = {}
    yaml_multi_representers: ClassVar[dict[Any, Any]] = {}

    def __init__(self) -> None:
        SafeRepresenter.__init__(self, default_flow_style=True, sort_keys=False)
        _Scalars.__init__(self)
        self._depth = 0

    def ignore_aliases(self, data: Any) -> bool:
        """Two values that are one object are written twice."""
        return True

    def represent_data(self, data: Any) -> Node:
        """The node of a value."""
        if self._depth > MAX_DEPTH:
            raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep.")
        self._depth += 1
        node: Node = cast("Any", super()).represent_data(data)
        self._depth -= 1
        return node

    def represent_scalar(self, tag: str, value: str, style: str | None = None) -> ScalarNode:
        """The node of a text and its tag."""
        if LONE_SURROGATE.search(value):
            raise ValueError(
                f"{shown(value)} has half a surrogate pair, which YAML cannot hold. .jsonl can."
            )
        return cast("Any", super()).represent_scalar(tag, value, style)

    def text(self, text: str) -> ScalarNode:
        """A string, in quotes where it would read as something else."""
        plain = (
            _PLAIN.fullmatch(text)
            and cast("Any", self).resolve(ScalarNode, text, (True, False)) == _TEXT
        )
        return self.represent_scalar(_TEXT, text, None if plain else '"')

    def number(self, value: float) -> ScalarNode:
        """An int or a float, as Python writes it."""
        text = stable_repr(value)
        tag = _FLOAT if isinstance(value, float) else f"{_YAML}int"
        return self.represent_scalar(tag, _SPECIAL.get(text, text))

    def elements(self, value: Any) -> Node:
        """A list, tuple or set; the order of a set of strings differs from process to process."""
        ordered = sorted(value, key=stable_repr) if unordered(value) else value
        return self.represent_sequence(_TAGS[type(value)], ordered)

    def other(self, value: Any) -> ScalarNode:
        """A path, the name of an enum's member, or text of a class of its own."""
        if isinstance(value, Enum):
            if type(value).__members__.get(str(value.name)) is not value:
                raise ValueError(f"{value!r} has no name of its own, and an enum is saved by name.")
            return self.text(value.name)
        if isinstance(value, OverrideText) and live(value):
            return self.represent_scalar(_OVERRIDE, value.text)
        if isinstance(value, str):
            return self.text(str(value))
        if type(value) is type(Path()):
            return self.represent_scalar(_PATH, value.as_posix())
        raise ValueError(
            f"YAML cannot represent {shown(value)}, of the type {type(value).__qualname__}. Give a"
            " name or numbers, and make the object where the config is used."
        )


_Representer.yaml_representers = {
    **{
        kind: cast("Any", SafeRepresenter).yaml_representers[kind]
        for kind in (type(None), bool, dict)
    },
    **dict.fromkeys((int, float), _Representer.number),
    **dict.fromkeys(_TAGS, _Representer.elements),
    str: _Representer.text,
    bytes: lambda self, data: self.represent_scalar(f"{_YAML}binary", b64encode(data).decode()),  # pyright: ignore
    None: _Representer.other,
}
