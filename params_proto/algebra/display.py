"""How a sweep shows itself: the values of its steps as Python text, and a table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from keyword import iskeyword
from typing import Any

from params_proto._text import stable_repr

_LONGEST = 50  # values of an axis that are all shown
_ROWS = 10  # configs in a notebook's table


def call_text(method: str, shown: Mapping[str, str]) -> str:
    """A call of a method: with keywords where every key can be one, else with a mapping."""
    if all(key.isidentifier() and not iskeyword(key) for key in shown):
        return f".{method}({', '.join(f'{key}={value}' for key, value in shown.items())})"
    entries = ", ".join(f"{key!r}: {value}" for key, value in shown.items())
    return f".{method}({{{entries}}})"


def axis_text(values: Sequence[Any]) -> str:
    """The values of an axis as a list; of a long one its ends."""
    if isinstance(values, range):
        return stable_repr(values)
    return f"[{', '.join(rows_text(values))}]"


def rows_text(values: Sequence[Any]) -> list[str]:
    """Each of some values; of many the ends."""
    if len(values) <= _LONGEST:
        return [stable_repr(one) for one in values]
    return [*map(stable_repr, values[:3]), "...", stable_repr(values[-1])]


def options_text(options: Sequence[Any]) -> str:
    """The values of an exclude; a single one needs no list."""
    if len(options) == 1 and not isinstance(options[0], (list, range)):
        return stable_repr(options[0])
    return axis_text(options)


def html(configs: Sequence[Mapping[str, Any]], size: int) -> str:
    """A table of the first configs and the last, with their number.

    Args:
        configs: the sweep.
        size: the number of its configs, at which `len` may overflow.
    """
    first = range(min(size, _ROWS if size <= _ROWS else _ROWS - 2))
    shown = [(index, configs[index]) for index in first]
    last = [(size - 1, configs[size - 1])] if size > _ROWS else []
    keys = list(dict.fromkeys(key for _, config in [*shown, *last] for key in config))
    rows = [_row(index, config, keys) for index, config in shown]
    if last:
        rows += [f"<tr>{'<td>…</td>' * (len(keys) + 1)}</tr>", _row(*last[0], keys)]
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    noun = "config" if size == 1 else "configs"
    return (
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
        f"<p>{size:,} {noun}</p>"
    )


def _row(index: int, config: Mapping[str, Any], keys: Sequence[str]) -> str:
    cells = [escape(stable_repr(config[key])) if key in config else "" for key in keys]
    return f"<tr><th>{index}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
