"""Whatever has parameters, a decorated function or a prefix class, and which are defined now."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakValueDictionary

from params_proto.app import current
from params_proto.errors import SweepError
from params_proto.fields import Target, convert

_NODE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Owner:
    """A function with its parameters, or a class with its fields.

    Args:
        key: under which its values are kept.
        title: its name with the module's, as messages call it beside another of its name.
        node: where its fields stand in the whole config: "" for the root.
        defaults: by name, REQUIRED where there is none.
        takes_any: whether a function takes other names too (`**kwargs`).
        describe: gives the annotations, when they are first needed: the names in them may be
            defined below the function or class.
    """

    def __init__(
        self,
        key: current.Key,
        title: str,
        node: str,
        defaults: Mapping[str, Any],
        takes_any: bool,
        describe: Callable[[], Target],
    ) -> None:
        self.key = key
        self.title = title
        self.node = node
        self.defaults = defaults
        self.takes_any = takes_any
        self._describe: Callable[[], Target] | Target = describe

    @property
    def target(self) -> Target:
        """Its fields, with their annotations."""
        if not isinstance(self._describe, Target):
            self._describe = self._describe()
        return self._describe

    def full(self, name: str) -> str:
        """A field's name in the whole config: `training.lr`."""
        return f"{self.node}.{name}" if self.node else name

    def value(self, name: str) -> Any:
        """The value that a field has now, REQUIRED where it has none."""
        value = current.lookup(self.key, name)
        return self.defaults[name] if value is current.ABSENT else value

    def converted(self, name: str, value: Any) -> Any:
        """A value as the field holds it.

        Raises:
            SweepError: the field cannot hold it.
        """
        if name not in self.defaults:  # one of **kwargs
            return value
        field = self.target.fields[name]
        try:
            return convert(value, field.annotation, field.default)
        except ValueError as error:
            raise SweepError(f"{self.full(name)}={value!r}: {error}.") from None


functions: Final[WeakValueDictionary[current.Key, Any]] = WeakValueDictionary()
"""Every `@proto.cli` function that is still in use, by its key."""

classes: Final[WeakValueDictionary[current.Key, Any]] = WeakValueDictionary()
"""Every `@proto.prefix` class that is still in use, by its key, in the order of definition."""


def owner_of(obj: Any) -> Owner | None:
    """What a `@proto.cli` function or a `@proto.prefix` class owns, None for anything else."""
    owner = getattr(obj, "__proto_owner__", None)
    return owner if isinstance(owner, Owner) else None


def class_owners() -> list[Owner]:
    """The owners of all prefix classes."""
    return [cls.__proto_owner__ for cls in list(classes.values())]


def function_owners() -> list[Owner]:
    """The owners of all decorated functions."""
    return [function.__proto_owner__ for function in list(functions.values())]


def check_node(title: str, node: str) -> None:
    """Checks that a class can be a node of this name.

    Raises:
        SweepError: it cannot.
    """
    if not _NODE.fullmatch(node) or keyword.iskeyword(node) or node in ("hydra", "defaults"):
        raise SweepError(
            f"{title} cannot be the node {node!r} of a config. Name another,"
            ' @proto.prefix("training"), of letters, digits and _; hydra, defaults and the keywords'
            " of Python are taken."
        )


def nodes() -> dict[str, type]:
    """Every prefix class by its node.

    Raises:
        SweepError: two classes have one node; it names both.
    """
    if _clash():
        import gc

        gc.collect()  # a class that nothing holds any more is none
    clash = _clash()
    if clash:
        raise SweepError(
            f"{clash[0]} and {clash[1]} are both the node {clash[2]!r} of the config:"
            f' name one of them, @proto.prefix("{clash[2]}_2").'
        )
    found: dict[str, type] = {}
    for cls in list(classes.values()):
        owner: Owner = cls.__proto_owner__
        check_node(owner.title, owner.node)
        found[owner.node] = cls
    return found


def _clash() -> tuple[str, str, str] | None:
    """The titles of two classes with one node, and the node."""
    titles: dict[str, str] = {}
    for owner in class_owners():
        if owner.node in titles:
            return titles[owner.node], owner.title, owner.node
        titles[owner.node] = owner.title
    return None
