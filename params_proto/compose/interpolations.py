"""Which interpolations Hydra resolves while it merges the files of a config.

One that stands where a later file has a node is resolved, as it may be a mapping to merge into. A
resolver is called then, for each job anew; a base would hold what it said the first time.
"""

# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import re
from typing import Any

from omegaconf import Container, ListConfig
from omegaconf._utils import split_key

from params_proto.compose.doubts import DoubtError

Path = tuple[Any, ...]

RESOLVER = re.compile(r"\$\{\s*([\w.]+)\s*:")
_NODE = re.compile(r"\$\{([^:${}]+)\}")
_ONE = re.compile(r"\$\{[^$]*\}")
# Their results are text, and calling them changes nothing.
_TEXT = frozenset({"hydra_override_dirname", "now", "oc.env", "python_version"})


class Merged:
    """The interpolations in the files that were merged so far."""

    def __init__(self) -> None:
        self._texts: dict[Path, str] = {}

    def add(self, config: Container) -> None:
        """Takes the next file.

        Raises:
            DoubtError: it makes Hydra call a resolver that may say something else next time.
        """
        self._walk(config, ())

    def copy(self) -> Merged:
        """One that takes other files from here."""
        new = Merged()
        new._texts = {**self._texts}
        return new

    def _walk(self, node: Any, path: Path, in_list: bool = False) -> None:
        if path in self._texts and not in_list:  # a list takes the place of another
            text = self._texts.pop(path)
            if isinstance(node._value(), dict):
                raise DoubtError(f"a mapping is merged into what {text} gives")
            if self._may_change(text, path, {path}):
                raise DoubtError(f"{text} is resolved while {'.'.join(map(str, path))} is merged")
        value = node._value()
        if isinstance(value, str):
            if "${" in value:
                self._texts[path] = value
        elif isinstance(value, dict):
            for key, child in value.items():
                self._walk(child, (*path, key), in_list)
        elif isinstance(node, ListConfig) and value is not None:
            for key, child in enumerate(value):
                self._walk(child, (*path, key), True)

    def _may_change(self, text: str, path: Path, seen: set[Path]) -> bool:
        # Of an interpolation with text around it, only that it is text matters.
        known = _TEXT if _ONE.fullmatch(text) else _TEXT | {"hydra"}
        if set(RESOLVER.findall(text)) - known:
            return True
        named = _NODE.findall(text)
        if text.count("${") > len(named) + len(RESOLVER.findall(text)):
            return True  # one in another
        return any(self._leads_to_change(name.strip(), path, seen) for name in named)

    def _leads_to_change(self, name: str, path: Path, seen: set[Path]) -> bool:
        dots = len(name) - len(name.lstrip("."))
        above = path[: len(path) - dots] if dots else ()
        target: Path = (*above, *split_key(name.lstrip(".")))
        for end in range(1, len(target) + 1):
            passed = target[:end]
            text = self._texts.get(passed)
            if text is not None and passed not in seen:
                seen.add(passed)
                if self._may_change(text, passed, seen):
                    return True
        return False
