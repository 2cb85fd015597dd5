"""What YAML has torn at a comma: `{lr: 1,2,3}`, `[range(1,3)]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from params_proto.keys import key_error

_FUNCTION = re.compile(
    r"(?:\w+\s*\(\s*)*(?:range|choice|interval|glob|sort|shuffle|tag)\s*\([^()]*"
)


def torn_entries(keys: Mapping[Any, Any], bare: Sequence[Any] | None) -> dict[Any, list[Any]]:
    """The parts into which YAML has torn values between braces, by the keys of the values.

    Args:
        keys: a mapping.
        bare: its keys that are written without a colon, where that is known; otherwise those that
            have no value and are no keys of Hydra are taken for torn.

    >>> torn_entries({"lr": 1, 2: None, 3: None, "opt": "adam", "sgd": None}, [2, 3, "sgd"])
    {'lr': [1, 2, 3], 'opt': ['adam', 'sgd']}
    >>> torn_entries({"a": "range(1", "5)": None, "b": None}, None)
    {'a': ['range(1', '5)']}
    """
    found: dict[Any, list[Any]] = {}
    entry: list[Any] | None = None
    owner: Any = None
    for key, value in keys.items():
        if bare is None:
            alone = value is None and key_error(key) is not None
        else:
            alone = key in bare and not str(key).startswith("~")  # which deletes, so without value
        if not alone:
            entry = [value] if isinstance(value, (str, int, float)) else None
            owner = key
        elif entry is not None:
            entry.append(key)
            found[owner] = entry
    return found


def torn_call(values: Sequence[Any]) -> str | None:
    """The sweep of Hydra that YAML has torn within brackets; None where there is none.

    >>> torn_call(["range(1", "3)"]), torn_call(["a", "range(1", "b"])
    ('range(1,3)', None)
    """
    for at, value in enumerate(values):
        if isinstance(value, str) and _FUNCTION.fullmatch(value):
            for end in range(at + 1, len(values)):
                if isinstance(values[end], str) and values[end].endswith(")"):
                    return joined(values[at : end + 1])
    return None


def joined(parts: Sequence[Any]) -> str:
    """Parts as they stood before YAML tore them.

    >>> joined(["range(1", 2, True, None])
    'range(1,2,true,null'
    """
    return ",".join([part if isinstance(part, str) else _word(part) for part in parts])


def _word(value: object) -> str:
    return "null" if value is None else str(value).lower()
