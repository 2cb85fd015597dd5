"""YAML scalars as Hydra reads them in its configs, and the tags of our own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

from params_proto.errors import cut, shown
from params_proto.overrides.reading import shuffles, spelled

TUPLE, SET, FROZENSET, PATH = "!tuple", "!set", "!frozenset", "!path"
OVERRIDE = "!override"  # a value spelled as in a Hydra override, with interpolations, say
_YAML = "tag:yaml.org,2002:"
BINARY = f"{_YAML}binary"
TEXT = f"{_YAML}str"
PLAIN_TAGS = (None, "!", f"{_YAML}map", f"{_YAML}seq")
MERGE = object()
"""What a plain `<<` reads as."""

# Python reads no more decimal digits, and numbers in parts of sixty, 1:30:59, take quadratic time.
_LONGEST = 4300
_HEXADECIMAL = re.compile(r"[-+]?0[xb]")

Parser: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Scalars(SafeConstructor, Resolver):
    """YAML 1.1's scalars with OmegaConf's floats and without its timestamps.

    >>> [SCALARS.read(text) for text in ("1e-5", "1", "yes", "~", "2024-01-01", "0o17")]
    [1e-05, 1, True, None, '2024-01-01', '0o17']
    """

    def read(self, text: str, tag: str | None = None, *, plain: bool = True) -> Any:
        """The value of a scalar.

        Args:
            text: its text, without quotes.
            tag: its explicit tag, if it has one.
            plain: whether it stands without quotes, so that its form says its type.

        Raises:
            ValueError: a tag that is not among the safe ones, or a text that does not fit it.
        """
        if tag is None or tag == "!":
            tag = self.tag_of(text) if plain and tag is None else TEXT
            if tag == f"{_YAML}merge":
                return MERGE
        if tag in (TEXT, f"{_YAML}value"):
            return text
        if tag == PATH:
            return Path(text)
        if tag == OVERRIDE and shuffles(text):
            raise ValueError(
                f"{cut(text)} is in another order each time it is read. Write the list in the order"
                " that you want."
            )
        if tag == OVERRIDE:
            return spelled(text)
        construct = self.yaml_constructors.get(tag)
        if construct is None or tag not in _SAFE:
            raise ValueError(unfit_tag(tag, shown(text)))
        kind = tag.removeprefix(_YAML)
        if len(text) > _LONGEST and kind in ("int", "float") and not _HEXADECIMAL.match(text):
            raise ValueError(
                f"{shown(text)} is no {kind}, as it has more than {_LONGEST} digits. Write it in"
                " hexadecimal, 0xff, or as text, in quotes."
            )
        try:
            return construct(self, ScalarNode(tag, text))
        except (ValueError, LookupError, ArithmeticError, yaml.YAMLError) as error:
            raise ValueError(f"{shown(text)} is no {kind}.") from error

    def tag_of(self, text: str) -> str:
        """The tag of a scalar without quotes."""
        return cast("Any", self).resolve(ScalarNode, text, (True, False))


def tag_text(tag: str) -> str:
    """A tag as a person writes it.

    >>> tag_text("tag:yaml.org,2002:int"), tag_text("!path")
    ('!!int', '!path')
    """
    return f"!!{tag.removeprefix(_YAML)}" if tag.startswith(_YAML) else tag


def unfit_tag(tag: str, node: str) -> str:
    """What is wrong with a tag that a file has on a node of this kind.

    >>> unfit_tag("!tuple", "'3'")
    "the tag !tuple stands on a list, !tuple [1, 2], and not on '3'."
    >>> unfit_tag("!env", "a list")
    'the tag !env is none that a sweep file may have.'
    """
    if tag not in _EXAMPLES:
        return f"the tag {tag_text(tag)} is none that a sweep file may have."
    kind, example = _EXAMPLES[tag]
    return (
        f"the tag {tag_text(tag)} stands on {kind}, {tag_text(tag)} {example}, and not on {node}."
    )


_EXAMPLES = {
    TUPLE: ("a list", "[1, 2]"),
    SET: ("a list", "[1, 2]"),
    FROZENSET: ("a list", "[1, 2]"),
    f"{_YAML}seq": ("a list", "[1, 2]"),
    f"{_YAML}map": ("a mapping", "{a: 1}"),
    PATH: ("text", "data/train"),
    OVERRIDE: ("text", "'${seed}'"),
    TEXT: ("text", "'1'"),
    f"{_YAML}null": ("text", "''"),
    f"{_YAML}bool": ("text", "yes"),
    f"{_YAML}int": ("text", "1"),
    f"{_YAML}float": ("text", "1.0"),
    BINARY: ("text", "AA=="),
}
_SAFE = frozenset(f"{_YAML}{name}" for name in ("null", "bool", "int", "float", "binary"))

# OmegaConf's rule, from get_yaml_loader in its _utils.py: `1e-5` needs no point to be a float.
Scalars.add_implicit_resolver(  # pyright: ignore[reportUnknownMemberType]
    f"{_YAML}float",
    re.compile(
        r"""(?:
         [-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)
        |\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?
        |[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*
        |[-+]?\.(?:inf|Inf|INF)
        |\.(?:nan|NaN|NAN))\Z""",
        re.VERBOSE,
    ),
    list("-+0123456789."),
)
Scalars.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if tag != f"{_YAML}timestamp"]
    for first, forms in Scalars.yaml_implicit_resolvers.items()
}
SCALARS = Scalars()
