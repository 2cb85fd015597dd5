"""Which parameter a key of a config stands for, among all functions and classes there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from params_proto.app.current import place_of
from params_proto.app.owner import Owner, class_owners, function_owners, owner_of
from params_proto.errors import SweepError, did_you_mean


class AmbiguousError(SweepError):
    """A key that stands for several parameters."""


class Parameter(NamedTuple):
    """A parameter, and where a key goes on inside its value: `.momentum` of `optimizer`."""

    owner: Owner
    name: str
    path: Sequence[str]


@dataclass(frozen=True)
class Names:
    """What the keys of a config can mean.

    A plain name is the target's, or that of a function, if these have it, else that of the only
    class that has it.

    Args:
        target: the function or class whose names come first, if there is one.
        plain: whose parameters a plain name can be besides.
        classes: whose nodes a name can begin with.
        module: the globals of the code that uses the names: where several things have one, what
            that module defines or imports is meant.
    """

    target: Owner | None
    plain: Sequence[Owner]
    classes: Sequence[Owner]
    module: Mapping[str, Any]

    @classmethod
    def of(cls, target: Owner | None, module: Mapping[str, Any]) -> Names:
        """Those of a `bind` or a call: a class takes its own, a function those of classes too.

        Args:
            target: what is bound or called; None for whatever has the names.
            module: the globals of the code that does it.
        """
        classes = class_owners()
        if target is None:
            return cls(None, [*function_owners(), *classes], classes, module)
        return cls(target, [] if target.node else classes, classes, module)

    def find(self, key: str) -> Parameter:
        """The parameter that a key stands for.

        Raises:
            SweepError: there is none, or there are several (`AmbiguousError`).
        """
        first, *rest = key.split(".")
        target = self.target
        if target is not None and first in target.defaults:
            return Parameter(target, first, rest)
        named = [owner for owner in self.classes if owner.node == first] if rest else []
        if target is not None and target in named:
            named = [target]
        if named:
            owner = self._one(key, named)
            if rest[0] not in owner.defaults:
                hint = did_you_mean(rest[0], owner.defaults)
                raise SweepError(f"{owner.target.name} has no field {rest[0]}.{hint}")
            return Parameter(owner, rest[0], rest[1:])
        if target is not None and target.takes_any and not rest:
            return Parameter(target, first, rest)
        holders = [owner for owner in self.plain if first in owner.defaults]
        if holders:
            return Parameter(self._one(key, holders), first, rest)
        raise SweepError(self._unknown(key))

    def _one(self, key: str, owners: Sequence[Owner]) -> Owner:
        """The one of some owners that is meant."""
        found = [owner for owner in owners if len(owners) > 1 and self._sees(owner)] or owners
        found = [owner for owner in found if not owner.node] or found
        if len(found) == 1:
            return found[0]
        names = " and ".join(owner.title for owner in found)
        full = [owner.full(key) for owner in found if owner.node and "." not in key]
        cure = " or ".join(full) or f"proto.bind({found[0].target.name}, ...) for the one meant"
        raise AmbiguousError(f"{key} is ambiguous: {names} have it. Write {cure}.")

    def _sees(self, owner: Owner) -> bool:
        """Whether the module defines or imports what has this owner."""
        if owner.key[0] == place_of(self.module):
            return True
        return any(owner_of(value) is owner for value in list(self.module.values()))

    def _unknown(self, key: str) -> str:
        if self.target is not None:
            hint = did_you_mean(key, self.target.defaults)
            return f"{self.target.target.name} has no parameter {key}.{hint}"
        if "." in key:
            valid = [owner.full(name) for owner in self.classes for name in owner.defaults]
        else:
            valid = [name for owner in self.plain for name in owner.defaults]
        hint = did_you_mean(key, dict.fromkeys(valid))
        return f"No function or prefix class has a parameter {key}.{hint}"
