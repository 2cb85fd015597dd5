"""The meaning of keys: the fields of a sweep's targets, and how values fit into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from typing import TYPE_CHECKING, Any, NamedTuple

from params_proto._keys import full_key
from params_proto.errors import did_you_mean, short_repr, truncate
from params_proto.overrides.render import OverrideText

# A sweep without targets, as in many multiruns, should not pay for importing the field reader.
if TYPE_CHECKING:
    from params_proto.fields import Field, Target


class Scope(NamedTuple):
    """The targets of a sweep, and the node that its plain keys belong to.

    A plain name is a parameter of the target at the root if that has one of this name, else a field
    of the only prefix class that has one.

    Args:
        objects: the functions and classes as the user gave them.
        targets: their descriptions.
        prefix: "" or, for a sweep over one prefix class, the name of its node.
        at_root: names at the root of an app's config that no target has.
    """

    objects: tuple[Any, ...] = ()
    targets: tuple[Target, ...] = ()
    prefix: str = ""
    at_root: Container[str] = ()

    @classmethod
    def of(cls, objects: tuple[Any, ...]) -> Scope:
        """The scope of targets."""
        if not objects:
            return cls()
        from params_proto.fields import describe

        objects = tuple({id(target): target for target in objects}.values())  # each once
        targets = tuple(map(describe, objects))
        return cls(objects, targets, targets[0].node if len(targets) == 1 else "")

    @property
    def free(self) -> bool:
        """Whether it has no targets, so any key is valid."""
        return not self.objects and not self.prefix

    def join(self, other: Scope) -> Scope:
        """The scope of both."""
        if other.free or (self.objects, self.prefix) == (other.objects, other.prefix):
            return self
        if self.free:
            return other
        return Scope.of(self.objects + other.objects)._replace(prefix="")

    def plain(self, key: str) -> str:
        """A full key as it is written in this scope."""
        return below_node(self.prefix, key)

    def resolve(self, key: str) -> tuple[str, Field | None]:
        """A full key and its field, if any; raises SweepError if several targets have it."""
        if self.targets:
            from params_proto.fields.signature import owner_of

            owner = owner_of(key, self.targets, self.at_root)
            if owner is not None:
                return full_key(owner.node, key), owner.fields[key]
        return full_key(self.prefix, key), self._below(key.lstrip("+"))

    def _below(self, path: str) -> Field | None:
        """The field at a path: a target's, or one of a dataclass or dict in it."""
        for target in self.targets:
            if names := target.path(path):
                from params_proto.fields.convert import child_field

                field: Field | None = target.fields[names[0]]
                for part in names[1:]:
                    field = field and child_field(field.annotation, part)
                return field
        return None

    def missing(self, key: str) -> str | None:
        """Why a key without a field is probably a mistake; None if it is not."""
        is_open = any(target.open or target.has_configs for target in self.targets)
        if not self.targets or is_open or not key.replace(".", "").isidentifier():
            return None
        is_path = "." in key  # to any node of the app's config, of which only some are known
        owners = [one for one in self.targets if one.node and key.startswith(f"{one.node}.")]
        if is_path and (not owners or any(target.path(key) for target in owners)):
            return None
        times = Counter(name for target in self.targets for name in target.fields)
        valid = [
            name if times[name] == 1 and not is_path else full_key(target.node, name)
            for target in self.targets
            for name in target.fields
        ]
        names = " and ".join(target.name for target in self.targets)
        has = "has" if len(self.targets) == 1 else "have"
        return f"{names} {has} no parameter {truncate(key)}.{did_you_mean(key, valid)}"


def below_node(node: str, key: str) -> str:
    """The name of a key below a node: the inverse of `full_key`.

    >>> below_node("training", "training.lr"), below_node("training", "model.lr")
    ('lr', 'model.lr')
    """
    rest = key.removeprefix(f"{node}.") if node else key
    return rest if rest.isidentifier() else key


def into_field(value: Any, field: Field, *, from_text: bool = False) -> Any:
    """A value as its field holds it; raises ValueError if it does not fit.

    Text for Hydra stays text at any depth: its interpolation is resolved in the job. `from_text`
    converts scalars as OmegaConf does, even if that loses information.

    >>> from params_proto.fields import Field
    >>> into_field(1, Field("lr", float)), into_field(1, Field("name", str), from_text=True)
    (1.0, '1')
    """
    from params_proto.fields.convert import coerce_like_omegaconf, convert, convert_exact

    scalar = coerce_like_omegaconf if from_text else convert_exact

    def convert_scalar(value: Any, kind: type) -> Any:
        return value if isinstance(value, OverrideText) else scalar(value, kind)

    if isinstance(value, OverrideText):
        return value
    return convert(value, field.annotation, field.default, convert_scalar)


def accepts_ints(field: Field) -> bool:
    """Whether a field keeps every integer unchanged."""
    from params_proto.fields.signature import union_members, unwrap

    kind = unwrap(field.annotation)
    return kind in (int, Any) or int in union_members(kind)


def conversion_message(key: str, field: Field, value: Any, error: ValueError) -> str:
    """The error for a value that its field cannot hold."""
    from params_proto.fields.signature import type_text

    return (
        f"{key} takes {type_text(field.annotation)}, got {short_repr(value)}: {error}."
        " Give it a value of that type."
    )
