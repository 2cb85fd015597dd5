"""YAML <-> the plain form of a sweep: read with the line of each key, written as by a person."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, cast

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.representer import SafeRepresenter
from yaml.resolver import Resolver

from params_proto.errors import SweepError, shown
from params_proto.overrides.literals import OverrideText, live
from params_proto.overrides.reading import shuffles, spelled
from params_proto.python_text import python_text
from params_proto.storage.table_file import LONE_SURROGATE
from params_proto.values import MAX_DEPTH, unordered

# --- the types of scalars, as in a Hydra config

_YAML = "tag:yaml.org,2002:"
_TEXT, _FLOAT, _MAP, _SEQ = f"{_YAML}str", f"{_YAML}float", f"{_YAML}map", f"{_YAML}seq"
_MERGE = f"{_YAML}merge"
_PATH, _OVERRIDE = "!path", "!override"  # the latter is spelled as in a Hydra override
_SEQUENCES: dict[str, Any] = {_SEQ: list, "!tuple": tuple, "!set": set, "!frozenset": frozenset}
_TAGS: dict[Any, str] = {kind: tag for tag, kind in _SEQUENCES.items()}

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


_Loader: Any = type("_Loader", (_Scalars, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), {})
_Dumper: Any = type("_Dumper", (_Scalars, getattr(yaml, "CSafeDumper", yaml.SafeDumper)), {})


# --- reading

_MAX_REPEATED = 100_000  # values by alias, of which a few lines can make billions
_DEEPEST = 2 * MAX_DEPTH  # a value, and the steps that it is in


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
    try:
        node = cast("Any", yaml).compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = 1 if error.problem_mark is None else error.problem_mark.line + 1
        reason = ", ".join(filter(None, [error.context, error.problem]))
        raise SweepError(f"{name}:{line}: this is not YAML: {reason}.") from error
    except RecursionError as error:
        raise SweepError(f"{name}:1: this is nested too deep.") from error
    if node is None:
        raise SweepError(f"{name}:1: the file is empty.")
    values = _Values(text, name)
    return Document(name, values.of(node), values.lines)


class _Values:
    """Makes Python values of nodes, and remembers their lines."""

    def __init__(self, text: str, name: str) -> None:
        self.lines: dict[tuple[int, Hashable], int] = {}
        self._text = text
        self._name = name
        self._left = len(text) + _MAX_REPEATED

    def of(self, node: Node, depth: int = 0) -> Any:
        """The value of a node, `depth` containers deep."""
        self._left -= 1
        if self._left < 0:
            raise self._wrong(node, f"aliases repeat more than {_MAX_REPEATED:,} values.")
        if depth > _DEEPEST:
            raise self._wrong(node, f"this is nested more than {_DEEPEST} levels deep.")
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        if isinstance(node, SequenceNode) and node.tag in _SEQUENCES:
            made: Any = self._sequence(node, depth + 1)
        elif isinstance(node, MappingNode) and node.tag == _MAP:
            made = self._mapping(node, depth + 1)
        else:
            raise self._unfit_tag(node)
        self.lines[id(made), None] = _line(node)
        return made

    def _scalar(self, node: ScalarNode) -> Any:
        make = _CONSTRUCTORS.get(node.tag)
        if make is None:
            raise self._unfit_tag(node)
        try:
            return make(_CONSTRUCTOR, node)
        except SweepError as error:
            raise self._wrong(node, str(error)) from error
        except (ValueError, LookupError, ArithmeticError, yaml.YAMLError) as error:
            raise self._wrong(
                node, f"{shown(node.value)} is not a valid {_tag_text(node)}."
            ) from error

    def _sequence(self, node: SequenceNode, depth: int) -> Any:
        try:
            made: Any = _SEQUENCES[node.tag]([self.of(each, depth) for each in node.value])
        except TypeError as error:
            raise self._wrong(
                node, f"a set cannot hold lists, sets or mappings: {error}."
            ) from error
        self.lines.update({(id(made), at): _line(each) for at, each in enumerate(node.value)})
        return made

    def _mapping(self, node: MappingNode, depth: int) -> dict[Any, Any]:
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                base = self._merged(value_node, depth)
                merged.update(base)
                lines.update(dict.fromkeys(base, _line(key_node)))
                continue
            key = self.of(key_node, depth)
            try:
                twice = key in own
            except TypeError as error:
                raise self._wrong(
                    key_node, f"a key cannot be a list, set or mapping: {error}."
                ) from error
            if twice:
                raise self._wrong(key_node, f"the key {shown(key)} is given twice.")
            if node.flow_style:
                self._check_colon(key_node, value_node)
            own[key] = self.of(value_node, depth)
            lines[key] = _line(key_node)
        made = {**merged, **own}
        self.lines.update({(id(made), key): line for key, line in lines.items()})
        return made

    def _merged(self, node: Node, depth: int) -> dict[Any, Any]:
        """The mapping that a `<<` merges, or all those of its list, of which the first wins."""
        bases = node.value if isinstance(node, SequenceNode) else [node]
        if not all(isinstance(base, MappingNode) for base in bases):
            raise self._wrong(node, "<< merges a mapping, or a list of mappings: <<: *baseline.")
        return dict(chain.from_iterable(self.of(base, depth).items() for base in reversed(bases)))

    def _check_colon(self, key: Node, value: Node) -> None:
        """Refuses what YAML makes of a comma in a value, {lr: 1,2}: a key `2` without a value."""
        between = self._text[key.end_mark.index : value.start_mark.index]
        if value.value == "" and ":" not in between and not str(key.value).startswith("~"):
            raise self._wrong(
                key,
                f"between braces, {shown(key.value)} has no value: YAML ends the one before it at"
                " the comma. Quote a value with a comma, {lr: '1,2'}; write null for none.",
            )

    def _unfit_tag(self, node: Any) -> SweepError:
        return self._wrong(
            node,
            f"the tag {_tag_text(node)} is not allowed on a {node.id} of a sweep file. Allowed are"
            " !tuple, !set and !frozenset on a list, !path and !override on text.",
        )

    def _wrong(self, node: Node, message: str) -> SweepError:
        return SweepError(f"{self._name}:{_line(node)}: {message}")


def _line(node: Node) -> int:
    return node.start_mark.line + 1


def _tag_text(node: Node) -> str:
    return node.tag.replace(_YAML, "!!")


def _override(_: object, node: ScalarNode) -> Any:
    if shuffles(node.value):
        raise SweepError(
            f"{shown(node.value)} is in another order each time it is read. Write the list in the"
            " order that you want."
        )
    return spelled(node.value)


_CONSTRUCTOR = SafeConstructor()
_CONSTRUCTORS: dict[str, Any] = {
    **{
        f"{_YAML}{name}": cast("Any", SafeConstructor).yaml_constructors[f"{_YAML}{name}"]
        for name in ("str", "null", "bool", "int", "float", "binary")
    },
    **dict.fromkeys((_MERGE, f"{_YAML}value"), lambda _, node: node.value),  # pyright: ignore
    _PATH: lambda _, node: Path(node.value),  # pyright: ignore
    _OVERRIDE: _override,
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
        text = python_text(value)
        tag = _FLOAT if isinstance(value, float) else f"{_YAML}int"
        return self.represent_scalar(tag, _SPECIAL.get(text, text))

    def elements(self, value: Any) -> Node:
        """A list, tuple or set; the order of a set of strings differs from process to process."""
        ordered = sorted(value, key=python_text) if unordered(value) else value
        return self.represent_sequence(_TAGS[type(value)], ordered)

    def tagged(self, tag: str, text: str) -> ScalarNode:
        """A text with a tag of a sweep file."""
        return self.represent_scalar(tag, text, '"' if "\n" in text else None)

    def other(self, value: Any) -> ScalarNode:
        """A path, the name of an enum's member, or text of a class of its own."""
        if isinstance(value, Enum):
            if type(value).__members__.get(str(value.name)) is not value:
                raise ValueError(f"{value!r} has no name of its own, and an enum is saved by name.")
            return self.text(value.name)
        if isinstance(value, OverrideText) and live(value):
            return self.tagged(_OVERRIDE, value.text)
        if isinstance(value, str):
            return self.text(str(value))
        if type(value) is type(Path()):
            return self.tagged(_PATH, value.as_posix())
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
    bytes: lambda self, data: self.tagged(f"{_YAML}binary", b64encode(data).decode()),  # pyright: ignore
    None: _Representer.other,
}
