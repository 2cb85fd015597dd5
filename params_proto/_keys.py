"""The keys of Hydra's overrides: names, paths and config groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from params_proto.errors import short_repr

# The lexer's rules, from hydra/grammar/OverrideLexer.g4, except for the empty key, which the
# grammar allows and Hydra cannot use.
_GROUP_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_NAME = r"[A-Za-z_$][A-Za-z0-9_$-]*"
_PART = rf"(?:{_NAME}|0|[1-9](?:_?[0-9])*)"
_PATH = rf"(?:{_PART}(?:\.{_PART})+|{_NAME})"
_KEY = re.compile(rf"(?:~|\+\+?)?(?:{_GROUP_NAME}(?:/{_GROUP_NAME})+|{_PATH})(?:@{_PATH}?)?")


def key_error(key: object) -> str | None:
    """Why `key` is not a Hydra key; None when it is one.

    >>> key_error("+db/engine@pkg"), key_error("layers.0")
    (None, None)
    >>> key_error(3)
    '3 is not a Hydra key: a key is a string, not int.'
    """
    if not isinstance(key, str):
        return f"{short_repr(key)} is not a Hydra key: a key is a string, not {type(key).__name__}."
    if _KEY.fullmatch(key):
        return None
    return (
        f"{short_repr(key)} is not a Hydra key: write a name (lr), a path (model.lr) or a group"
        " (db, db/engine, db@package), with +, ++ or ~ in front to add or delete it."
    )


def is_node(name: object) -> bool:
    """Whether a name is a path to a node of a config.

    >>> is_node("training"), is_node("model.encoder"), is_node("db/engine")
    (True, True, False)
    """
    return isinstance(name, str) and re.fullmatch(_PATH, name) is not None


def full_key(prefix: str, key: str) -> str:
    """The key below the node `prefix` if it is a plain name; other keys are full already.

    >>> full_key("training", "lr"), full_key("training", "db/engine"), full_key("", "lr")
    ('training.lr', 'db/engine', 'lr')
    """
    return f"{prefix}.{key}" if prefix and key.isidentifier() else key


def strip_prefix(key: str) -> str:
    """The key without +, ++ or ~.

    >>> strip_prefix("++db@pkg"), strip_prefix("~db"), strip_prefix("lr")
    ('db@pkg', 'db', 'lr')
    """
    return key.lstrip("+~")


def is_overlapping(key: str, other: str) -> bool:
    """Whether two keys are equal, or one is below the other.

    >>> is_overlapping("d", "d.x"), is_overlapping("d.x", "d"), is_overlapping("d", "data")
    (True, True, False)
    """
    return f"{key}.".startswith(f"{other}.") or f"{other}.".startswith(f"{key}.")


def keys_of(job: Iterable[str]) -> list[str]:
    """The keys of a job's overrides, without +, ++ or ~.

    >>> keys_of(["+lr=0.1", "~db", "name=a=b"])
    ['lr', 'db', 'name']
    """
    return [strip_prefix(line.partition("=")[0]) for line in job]


def leaves(node: Mapping[Any, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values in a nested dict by path; an empty dict in it counts as a value.

    >>> dict(leaves({"model": {"lr": 0.1, "head": {}}, "seed": 1}))
    {'model.lr': 0.1, 'model.head': {}, 'seed': 1}
    """
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from leaves(cast("dict[Any, Any]", value), f"{above}{key}.")
        else:
            yield f"{above}{key}", value
