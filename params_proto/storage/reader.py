"""YAML text -> plain Python containers, which know their lines.

The parser's events are read one by one, without recursion, so that depth and the expansion of
aliases are bounded and nothing but the safe tags makes a value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from params_proto.errors import SweepError, cut, shown
from params_proto.storage.scalars import (
    FROZENSET,
    MERGE,
    PLAIN_TAGS,
    SCALARS,
    SET,
    TUPLE,
    Parser,
    unfit_tag,
)
from params_proto.values import MAX_DEPTH

_MOST_REPEATED = 1_000_000  # values that a file may hold by alias, above those it writes out


@dataclass
class Document:
    """What a YAML file holds.

    Args:
        name: the path, for error messages.
        root: mappings as dicts, sequences as lists, scalars as Python values.
    """

    name: str
    root: Any = None
    _lines: dict[tuple[int, Hashable], int] = field(default_factory=dict[Any, int])
    _parts: dict[int, list[Any]] = field(default_factory=dict[int, list[Any]])
    _kept: list[Any] = field(default_factory=list[Any])  # so that no id is used twice

    def place(self, container: object = None, key: Hashable = None) -> str:
        """`path:line` of a mapping or sequence, or of one of its keys.

        Args:
            container: a container within `root`; None for the document itself.
            key: a key of a mapping, or the index of a container within a sequence.
        """
        own = self._lines.get((id(container), None), 1)
        return f"{self.name}:{self._lines.get((id(container), _typed(key)), own)}"

    def parts(self, container: object) -> list[Any]:
        """The keys of a mapping without a colon; the elements of a list, in quotes if they are.

        Args:
            container: a mapping or a list between braces or brackets, where YAML may have torn a
                value at a comma; any other has no such parts.
        """
        return self._parts.get(id(container), [])

    def note(
        self, container: object, line: int, keys: dict[Hashable, int], parts: list[Any]
    ) -> None:
        """Remembers the line of a container, those of its keys, and its parts."""
        self._kept.append(container)
        if parts:
            self._parts[id(container)] = parts
        self._lines[id(container), None] = line
        self._lines.update({(id(container), _typed(key)): line for key, line in keys.items()})

    def lines(self, container: object) -> dict[Hashable, int]:
        """The line of each key of a mapping."""
        return {
            key: self._lines[id(container), _typed(key)]
            for key in cast("dict[Any, Any]", container)
        }


def _typed(key: Hashable) -> Hashable:
    return None if key is None else (key,)


def read(text: str, name: str) -> Document:
    """The one document of a YAML text.

    Args:
        text: the YAML.
        name: the path, for error messages.

    Raises:
        SweepError: text that is no YAML, or what a sweep file may not have: unknown tags, a key
            twice, aliases to what contains them or that expand without bound, a second document.

    >>> document = read("lr: [1e-3, !tuple [1, 2]]", "a.yaml")
    >>> document.root, document.place(document.root, "lr")
    ({'lr': [0.001, (1, 2)]}, 'a.yaml:1')
    """
    unfit = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unfit:
        line = text.count("\n", 0, unfit.start()) + 1
        raise SweepError(f"{name}:{line}: {unfit.group()!r} is no character of a YAML text.")
    return _Reader(name).read(text)


class _Open:
    """A collection whose end has not been read yet."""

    def __init__(self, event: Any, line: int) -> None:
        self.tag: str | None = event.tag
        self.anchor: str | None = event.anchor
        self.mapping = isinstance(event, yaml.MappingStartEvent)
        self.flow: bool = event.flow_style
        self.line = line
        self.size = 1
        self.children: list[Any] = []
        self.lines: list[int] = []
        self.parts: list[Any] = []


class _Reader:
    def __init__(self, name: str) -> None:
        self._document = Document(name)
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._stack: list[_Open] = []
        self._written = 0
        self._line = 1
        self._text = ""
        self._end = 0  # of the last event

    def read(self, text: str) -> Document:
        self._text = text
        documents = 0
        try:
            for event in cast("Iterator[Any]", yaml.parse(text, Loader=Parser)):  # pyright: ignore[reportUnknownMemberType]
                self._line = event.start_mark.line + 1
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        raise self._wrong("a second document begins. A sweep file holds one.")
                elif isinstance(event, yaml.NodeEvent):
                    self._node(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._close()
                self._end = event.end_mark.index
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            self._line = self._line if mark is None else mark.line + 1
            problem = str(getattr(error, "problem", None) or error)
            if "nesting" in problem:  # of which libyaml has a limit of its own
                raise self._wrong(f"this is nested more than {MAX_DEPTH} levels deep.") from error
            raise self._wrong(f"this is no YAML: {problem}.") from error
        if not documents:
            raise self._wrong("the file is empty.")
        return self._document

    def _wrong(self, message: str) -> SweepError:
        return SweepError(f"{self._document.name}:{self._line}: {message}")

    def _node(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._add(*self._aliased(event.anchor))
            return
        self._written += 1
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
            self._note_part(event, value)
            if event.anchor:
                self._anchors[event.anchor] = (value, 1)
            self._add(value, 1)
            return
        if len(self._stack) == MAX_DEPTH:
            raise self._wrong(f"this is nested more than {MAX_DEPTH} levels deep.")
        self._stack.append(_Open(event, self._line))
        if event.anchor:
            self._anchors[event.anchor] = None

    def _aliased(self, anchor: str) -> tuple[Any, int]:
        name = cut(anchor)
        if anchor not in self._anchors:
            raise self._wrong(f"*{name} stands for nothing: there is no &{name} above it.")
        known = self._anchors[anchor]
        if known is None:
            raise self._wrong(f"*{name} stands within what it stands for.")
        return known

    def _scalar(self, event: Any) -> Any:
        try:
            value = SCALARS.read(event.value, event.tag, plain=event.implicit[0])
        except ValueError as error:
            raise self._wrong(str(error)) from error
        if value is MERGE:
            parent = self._stack[-1] if self._stack else None
            is_key = parent is not None and parent.mapping and len(parent.children) % 2 == 0
            return MERGE if is_key else event.value
        return value

    def _note_part(self, event: Any, value: Any) -> None:
        """Remembers what shows that YAML has torn a value at a comma."""
        parent = self._stack[-1] if self._stack else None
        if parent is None or not parent.flow:
            return
        if not parent.mapping:
            parent.parts.append(value if event.implicit[0] else f"'{event.value}'")
        elif len(parent.children) % 2 and event.start_mark.index == event.end_mark.index:
            between = self._text[self._end : event.start_mark.index]
            if ":" not in between:
                parent.parts.append(parent.children[-1])

    def _add(self, value: Any, size: int) -> None:
        """Puts a finished value where it stands."""
        if not self._stack:
            self._document.root = value
            return
        parent = self._stack[-1]
        parent.children.append(value)
        parent.lines.append(self._line)
        parent.size += size
        if parent.size > self._written + _MOST_REPEATED:
            raise self._wrong(
                "aliases make this too large: they repeat more than a million values."
            )

    def _close(self) -> None:
        done = self._stack.pop()
        end, self._line = self._line, done.line
        value = self._mapping(done) if done.mapping else self._sequence(done)
        if done.anchor:
            self._anchors[done.anchor] = (value, done.size)
        self._line = done.line
        self._add(value, done.size)
        self._line = end

    def _sequence(self, done: _Open) -> Any:
        if done.tag in PLAIN_TAGS:
            nested = any(isinstance(child, (dict, list)) for child in done.children)
            lines: dict[Hashable, int] = dict(enumerate(done.lines)) if nested else {}
            self._document.note(done.children, done.line, lines, done.parts)
            return done.children
        kind = {TUPLE: tuple, SET: set, FROZENSET: frozenset}.get(done.tag or "")
        if kind is None:
            raise self._unfit_tag(done, "a list")
        try:
            return kind(done.children)
        except TypeError as error:
            raise self._wrong(f"a set cannot hold lists, sets or mappings: {error}.") from error

    def _mapping(self, done: _Open) -> dict[Any, Any]:
        if done.tag not in PLAIN_TAGS:
            raise self._unfit_tag(done, "a mapping")
        own: dict[Any, Any] = {}
        merged: dict[Any, Any] = {}
        lines: dict[Hashable, int] = {}
        for at in range(0, len(done.children), 2):
            key, value = done.children[at : at + 2]
            self._line = done.lines[at]
            if key is MERGE:
                for base in self._bases(value):
                    merged.update(base)
                    lines.update(self._document.lines(base))
                continue
            try:
                twice = key in own
            except TypeError as error:
                raise self._wrong(f"a key cannot be a list, set or mapping: {error}.") from error
            if twice:
                raise self._wrong(f"the key {shown(key)} stands twice.")
            own[key] = value
        lines.update({k: done.lines[at] for at, k in enumerate(done.children) if at % 2 == 0})
        mapping = {**merged, **own}
        self._document.note(mapping, done.line, {key: lines[key] for key in mapping}, done.parts)
        return mapping

    def _bases(self, value: Any) -> list[dict[Any, Any]]:
        """The mappings that a `<<` merges, the one that wins last."""
        bases: Any = [value] if isinstance(value, dict) else value
        if not isinstance(bases, list) or not all(
            isinstance(base, dict) for base in cast("list[Any]", bases)
        ):
            raise self._wrong("<< merges a mapping, or a list of mappings: <<: *baseline.")
        return cast("list[dict[Any, Any]]", bases)[::-1]

    def _unfit_tag(self, done: _Open, node: str) -> SweepError:
        self._line = done.line
        return self._wrong(unfit_tag(done.tag or "", node))
