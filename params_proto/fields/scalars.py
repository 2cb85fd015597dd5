"""One number, text or enum member into a field of one, and what a message says when it cannot."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Final

from params_proto.errors import shown
from params_proto.values import identity, native

SCALARS: Final = frozenset({bool, int, float, str, bytes})

Leaf = Callable[[Any, type], Any]
"""How a scalar or an enum's member becomes one of another type: `leaf(value, type)`."""

# The value of a subclass, such as a member of an IntEnum, in the type itself.
_PLAIN: Final[dict[type, Callable[[Any], Any]]] = {
    int: int.__int__,
    float: float.__float__,
    str: str.__str__,
    bytes: bytes,
}


class Refused(ValueError):  # noqa: N818 - said of the value, as in "Refused: 'x' is no int"
    """A value that a field cannot hold: the rule, and where in the value it is broken.

    >>> str(Refused("'x' is no int", ".layers[1]"))
    "'x' is no int (at .layers[1])"
    """

    def __init__(self, rule: str, path: str = "") -> None:
        super().__init__(rule, path)
        self.rule, self.path = rule, path

    def __str__(self) -> str:
        return f"{self.rule} (at {self.path})" if self.path else self.rule


def exact(value: Any, kind: type) -> Any:
    """A scalar or an enum's member in a field of its own type, or of one that holds it exactly.

    >>> exact(2, float)
    2.0
    >>> exact(2**53 + 1, float)
    Traceback (most recent call last):
        ...
    params_proto.fields.scalars.Refused: 9007199254740993 is no float: it would be rounded
    """
    value = of_python(value)
    if type(value) is kind:
        return value
    if issubclass(kind, enum.Enum):
        if type(value) is str and value in kind.__members__:
            return kind.__members__[value]
        raise Refused(f"{shown(value)} is no {kind.__name__}: choose {', '.join(kind.__members__)}")
    if not isinstance(value, bool):
        if isinstance(value, kind):
            return _PLAIN[kind](value)
        if kind is float and isinstance(value, int):
            return _rounded_never(value)
    raise Refused(f"{shown(value)} is no {kind.__name__}")


def _rounded_never(value: int) -> float:
    try:
        if float(value) == value:
            return float(value)
    except OverflowError:
        pass
    raise Refused(f"{shown(value)} is no float: it would be rounded")


def class_of(value: object) -> Any:
    """The class of a value, of which a type checker knows nothing."""
    return type(value)


def of_python(value: Any) -> Any:
    """A NumPy or tensor scalar or array as Python's numbers and lists; anything else as it is."""
    if type(value).__module__ != "builtins" and hasattr(value, "tolist"):
        return native(value)
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types all through.

    >>> same([1, {"a": 2.0}], [1, {"a": 2.0}]), same(1, 1.0), same(float("nan"), float("nan"))
    (True, False, True)
    """
    return one is other or identity(one) == identity(other)
