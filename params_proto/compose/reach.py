"""Where a defaults list leads: the config groups that it names, of any option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, cast


def groups_of(name: str, defaults: object) -> Iterator[str]:
    """The groups that are named.

    Args:
        name: the file of the list.
        defaults: the list, as it is written.

    >>> defaults = ["_self_", "engine/inno@x", {"optional /far@far": "one"}]
    >>> [*groups_of("db/pg.yaml", defaults)]
    ['db', 'db/engine', 'far']
    """
    here = PurePosixPath("/", name).parent
    for entry in cast("list[Any]", defaults) if isinstance(defaults, list) else []:
        if isinstance(entry, str):
            group = (here / _without_package(entry)).parent
        elif isinstance(entry, Mapping) and entry:
            *_keywords, key = str(next(iter(cast("Mapping[Any, Any]", entry)))).split()
            group = here / _without_package(key)
        else:
            continue
        yield str(group)[1:]


def _without_package(text: str) -> str:
    return text.partition("@")[0]
