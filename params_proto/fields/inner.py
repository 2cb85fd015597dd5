"""Fields below a field: those of a dataclass in it, and the values of a dict."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args, get_origin

from params_proto.fields.annotations import union_members, unwrap
from params_proto.fields.containers import is_record, record_fields
from params_proto.fields.signatures import REQUIRED, Field


def inner_field(annotation: Any, name: str) -> Field | None:
    """The field that a name stands for in a value: of a dataclass, or of a dict's values.

    >>> inner_field(dict[str, float], "lr").annotation
    <class 'float'>
    """
    kind = unwrap(annotation)
    members = [member for member in union_members(kind) if member is not NoneType] or [kind]
    if len(members) != 1:
        return None
    kind = members[0]
    if is_record(kind):
        return record_fields(kind).get(name)
    arguments = get_args(kind)
    if get_origin(kind) in (dict, Mapping) and len(arguments) == 2:
        return Field(name, arguments[1], REQUIRED)
    return None
