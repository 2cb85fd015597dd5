"""What a plain key means: the fields of a sweep's targets, one target or several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import TYPE_CHECKING, Any, NamedTuple

from params_proto.errors import nearest
from params_proto.keys import bare, in_full

if TYPE_CHECKING:
    from params_proto.algebra.steps import Expression
    from params_proto.fields import Field, Target


class Scope(NamedTuple):
    """The targets of a sweep, and the node that its plain keys stand under.

    A plain name is that of the target at the root if this has it, else that of the only prefix
    class that has it.

    Args:
        objects: the functions and classes as the user gave them.
        targets: their descriptions.
        prefix: "" or, for a sweep over one prefix class, the name of its node.
        layered: whether a key may stand over another, or be spelled in two ways, as in Hydra's
            overrides, of which the later one wins: `d={x: 1} d.x=2`.
        at_root: names at the root of an app's config that no target has.
    """

    objects: tuple[Any, ...] = ()
    targets: tuple[Target, ...] = ()
    prefix: str = ""
    layered: bool = False
    at_root: Container[str] = ()

    @classmethod
    def of(cls, objects: tuple[Any, ...]) -> Scope:
        """The scope of some targets.

        Raises:
            SweepError: one of them is no target.
        """
        if not objects:
            return cls()
        # Which a sweep over nothing does not pay for.
        from params_proto.fields import Target, describe
        from params_proto.fields.signature import display_name, takes_whole_config

        objects = tuple({id(target): target for target in objects}.values())  # each once
        targets = tuple(
            [
                Target(display_name(one), "", {}, open=True)
                if takes_whole_config(one)
                else describe(one)
                for one in objects
            ]
        )
        return cls(objects, targets, targets[0].node if len(targets) == 1 else "")

    @property
    def free(self) -> bool:
        """Whether its keys stand for nothing in particular."""
        return not self.objects and not self.prefix

    def same(self, other: Scope) -> bool:
        """Whether a plain key means the same in both."""
        return self.prefix == other.prefix and list(map(id, self.objects)) == list(
            map(id, other.objects)
        )

    def joined(self, other: Scope) -> Scope:
        """The scope of both, in which keys stand in full."""
        held = set(map(id, self.objects))
        added = [
            pair
            for pair in zip(other.objects, other.targets, strict=True)
            if id(pair[0]) not in held
        ]
        return Scope(
            self.objects + tuple([one for one, _ in added]),
            self.targets + tuple([target for _, target in added]),
        )

    @property
    def open(self) -> bool:
        """Whether any key may be meant for a target."""
        return not self.targets or any(target.open or target.has_configs for target in self.targets)

    def resolve(self, key: str) -> tuple[str, Field | None]:
        """A key's full name in this scope, and the field it stands for, if a target has it.

        Raises:
            ValueError: several targets have the name; the text is the rule and the cure.
        """
        found = self._owners(key)
        if len(found) > 1:
            raise ValueError(_ambiguous(key, found))
        if not found:
            return key, None if key.startswith("~") else self._below(bare(key))
        target, name = found[0]
        return name, target.fields[key.rpartition(".")[2]]

    def _below(self, path: str) -> Field | None:
        """The field that a path leads to: a target's, or one of a dataclass or dict in it."""
        for target in self.targets:
            under = f"{target.node}." if target.node else ""
            name, *names = path.removeprefix(under).split(".")
            if path.startswith(under) and name in target.fields:
                from params_proto.fields.convert import child_field

                field: Field | None = target.fields[name]
                for part in names:
                    field = field and child_field(field.annotation, part)
                return field
        return None

    def _owners(self, key: str) -> list[tuple[Target, str]]:
        """The targets that a key may be meant for, with its full name in each."""
        node, _, name = key.rpartition(".")
        found = [one for one in self.targets if name in one.fields and node in ("", one.node)]
        if not node:
            # A root with **kwargs has every name.
            has_any = any(one.open for one in self.targets if not one.node)
            of_root = [one for one in found if not one.node]
            found = of_root or ([] if has_any or name in self.at_root else found)
        single = len(self.targets) == 1
        return [(one, name if single else in_full(one.node, name)) for one in found]

    def missing(self, key: str) -> str | None:
        """Why a plain name is probably a mistake: no target has it. None where it is none."""
        if self.open or not key.isidentifier():
            return None
        owners = Counter(name for target in self.targets for name in target.fields)
        valid = [
            name if owners[name] == 1 else in_full(target.node, name)
            for target in self.targets
            for name in target.fields
        ]
        close = nearest(key, valid)
        names = " and ".join(target.name for target in self.targets)
        has, its = ("has", "Its") if len(self.targets) == 1 else ("have", "Their")
        hint = f"Did you mean {close}?" if close else f"{its} parameters: {', '.join(valid)}."
        return f"{names} {has} no parameter {key}. {hint}"


class Scoped(NamedTuple):
    """An expression, and what its keys mean."""

    scope: Scope
    expression: Expression


def _ambiguous(key: str, found: list[tuple[Target, str]]) -> str:
    names = " and ".join(target.name for target, _ in found)
    cures = [f"write {name} for that of {target.name}" for target, name in found if name != key]
    alone = [target.name for target, name in found if name == key]
    cures += [f"sweep {name} by itself, Sweep({name}), and join the two with *" for name in alone]
    cure = "; ".join(cures)
    return f"{key} is ambiguous: {names} have it. {cure[0].upper()}{cure[1:]}."
