"""Values into the fields of their keys."""

from __future__ import annotations

from functools import partial
from typing import Any

from params_proto.algebra.axis_values import FromText
from params_proto.errors import SweepError, shown
from params_proto.fields import Field, convert
from params_proto.fields.annotations import type_text, union_members, unwrap
from params_proto.fields.convert import ConvertScalar, coerce_like_omegaconf, convert_exact
from params_proto.overrides.literals import OverrideText


def as_read(value: Any) -> tuple[Any, ConvertScalar]:
    """A value, and how it goes into a field: without loss, or from text as OmegaConf reads it."""
    return (
        (value.read, coerce_like_omegaconf)
        if isinstance(value, FromText)
        else (value, convert_exact)
    )


def into_field(value: Any, field: Field, leaf: ConvertScalar = convert_exact) -> Any:
    """A value as its field holds it.

    What is spelled for Hydra, at whatever depth, stays: its interpolation is resolved in the job.

    Args:
        value: any value.
        field: the field.
        leaf: how scalars are taken.

    Raises:
        ValueError: the field cannot hold the value.

    >>> into_field(1, Field("lr", float)), into_field(1, Field("name", str), coerce_like_omegaconf)
    (1.0, '1')
    """
    if isinstance(value, OverrideText):
        return value
    return convert(value, field.annotation, field.default, partial(_but_live, leaf=leaf))


def _but_live(value: Any, kind: type, leaf: ConvertScalar) -> Any:
    return value if isinstance(value, OverrideText) else leaf(value, kind)


def takes_ints(field: Field) -> bool:
    """Whether every integer stays what it is in a field."""
    kind = unwrap(field.annotation)
    return kind in (int, Any) or int in union_members(kind)


def derived(key: str, field: Field, value: Any) -> Any:
    """A computed value as its field holds it.

    Raises:
        SweepError: the field cannot hold it.
    """
    try:
        return convert(value, field.annotation, field.default)
    except ValueError as error:
        raise SweepError(f"derive: {misfit(key, field, value, error)}") from error


def misfit(key: str, field: Field, value: Any, error: ValueError) -> str:
    """What is wrong with a value that its field cannot hold."""
    return (
        f"{key} takes {type_text(field.annotation)}, got {shown(value)}: {error}."
        " Give it a value of that type."
    )
