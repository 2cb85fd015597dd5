"""The fields of a target: which names it takes, and which values each of them holds."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any, cast

from params_proto.errors import SweepError
from params_proto.fields.conversion import convert as convert
from params_proto.fields.signatures import REQUIRED as REQUIRED
from params_proto.fields.signatures import Field as Field
from params_proto.fields.signatures import called, parameters


@dataclasses.dataclass(frozen=True)
class Target:
    """What a config is for.

    Args:
        name: what messages call it: "train", "Training".
        node: where its fields stand in the whole config: "" for the root, "training" for the
            node of a prefix class.
        fields: its fields by name, in the order in which they are written.
        open: whether it takes any other name too (`**kwargs`).
        has_configs: whether configs of the user's may have other names.
    """

    name: str
    node: str
    fields: Mapping[str, Field] = dataclasses.field(hash=False)
    open: bool = False
    has_configs: bool = False


def describe(obj: Any, local_names: Mapping[str, Any] | None = None) -> Target:
    """The fields of a function, a `@proto.cli` app, a `@proto.prefix` class or a dataclass.

    Args:
        obj: the target.
        local_names: names that annotations may use beside those of the module.

    Raises:
        SweepError: `obj` has no named parameters to give values to.

    >>> def train(lr: float = 0.1, seed: int = 1): ...
    >>> describe(train).name, list(describe(train).fields)
    ('train', ['lr', 'seed'])
    >>> describe(3)
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: 3 is no target: give a function, a @proto.cli app, \
a @proto.prefix class or a dataclass.
    """
    known = getattr(obj, "__proto_fields__", None)
    if isinstance(known, Target):
        return known
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        name = type(obj).__name__
        raise SweepError(f"{obj!r} is no target: give the class, {name}, not an object of it.")
    if not callable(obj):
        raise SweepError(
            f"{obj!r} is no target: "
            f"give a function, a @proto.cli app, a @proto.prefix class or a dataclass."
        )
    if isinstance(obj, type) and _takes_nothing(obj):
        raise SweepError(
            f"{obj.__name__} is no target: its constructor takes no values. "
            f"Decorate it with @proto.prefix or @dataclass."
        )
    fields, takes_any = parameters(obj, local_names)
    return Target(called(obj), "", fields, takes_any)


def _takes_nothing(cls: type) -> bool:
    """Whether a class is made without values: as any class is, or chosen as a member of an enum."""
    if issubclass(cls, enum.Enum):
        return True
    constructors = (cast("Any", cls).__init__, cls.__new__)
    return constructors == (object.__init__, object.__new__)
