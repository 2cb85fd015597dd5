"""How a sweep shows itself: as the expression that makes it, and as a table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import repeat
from keyword import iskeyword
from typing import Any

from params_proto.algebra import steps
from params_proto.algebra.scope import Scope
from params_proto.algebra.steps import Expression, Step
from params_proto.python_text import name_of, python_text

_LONGEST = 50  # values of an axis that are all shown
_ROWS = 10  # configs in a notebook's table


def text(scope: Scope, expression: Expression) -> str:
    """The Python expression that makes a sweep; a long axis shows its ends.

    Args:
        scope: the sweep's targets.
        expression: its steps.
    """
    head = _head(scope)
    inner = [step.inner for step in expression.steps if isinstance(step, steps.Cross)]
    named = {part.prefix for part in inner if part.prefix}
    first = expression.steps[0] if expression.steps else None
    if isinstance(first, steps.Cross) and named == {target.node for target in scope.targets}:
        # A product of sweeps over prefix classes, which name all targets by themselves.
        start = _written(_inner_head(first.inner, head, scope), first.inner, scope)
        return _extended(start, expression.steps[1:], head, scope)[0]
    return _written(head, expression, scope)[0]


def _head(scope: Scope) -> str:
    head = f"Sweep({', '.join(name_of(target) for target in scope.objects)})"
    own = scope.targets[0].node if len(scope.targets) == 1 else ""
    return head if scope.prefix == own else f"{head}.under({scope.prefix!r})"


def _written(head: str, expression: Expression, scope: Scope) -> tuple[str, bool]:
    """The text, and whether it is one term, on which a method can be called as it stands."""
    return _extended((head, True), expression.steps, head, scope)


def _extended(
    start: tuple[str, bool], added: Sequence[Step], head: str, scope: Scope
) -> tuple[str, bool]:
    written, term = start
    for step in added:
        if isinstance(step, steps.Concat):
            heads = [_inner_head(part, head, scope) for part in step.parts]
            parts = map(_written, heads, step.parts, repeat(scope))
            written, term = " + ".join(part for part, _ in parts), False
            if len(set(heads)) < len(scope.objects) and head not in heads:
                written = f"{head} * ({written})"
        elif isinstance(step, steps.Cross):
            inner_head = _inner_head(step.inner, "Sweep()", scope)
            inner, inner_term = _written(inner_head, step.inner, scope)
            left = written if term else f"({written})"
            written, term = f"{left} * {inner if inner_term else f'({inner})'}", False
        else:
            written, term = (written if term else f"({written})") + _method(step), True
    return written, term


def _inner_head(part: Expression, head: str, scope: Scope) -> str:
    if not part.prefix:
        return head
    for target, described in zip(scope.objects, scope.targets, strict=True):
        if described.node == part.prefix:
            return f"Sweep({name_of(target)})"
    return f"Sweep().under({part.prefix!r})"


def _method(step: Step) -> str:
    if isinstance(step, (steps.Product, steps.Zip)):
        method = "product" if isinstance(step, steps.Product) else "zip"
        return f".{method}({_arguments({axis.key: _axis(axis.values) for axis in step.axes})})"
    if isinstance(step, steps.Chain):
        return f".chain({', '.join(_shown(step.rows))})"
    if isinstance(step, steps.Set):
        return f".set({_arguments({key: python_text(pin) for key, pin in step.pins.items()})})"
    if isinstance(step, steps.Repeat):
        return f".repeat({python_text(step.times)})"
    if isinstance(step, steps.Exclude):
        return f".exclude({_arguments({key: _options(o) for key, o in step.match.items()})})"
    if isinstance(step, steps.Where):
        return f".where({name_of(step.predicate)})"
    if isinstance(step, steps.Derive):
        return (
            f".derive({_arguments({key: python_text(rule) for key, rule in step.rules.items()})})"
        )
    if isinstance(step, steps.Shuffle):
        return f".shuffle(seed={python_text(step.seed)})"
    if isinstance(step, steps.Sample):
        return f".sample({python_text(step.count)}, seed={python_text(step.seed)})"
    return f"[{step}]"


def _arguments(shown: Mapping[str, str]) -> str:
    """Keywords where every key can be one, else a mapping."""
    if all(key.isidentifier() and not iskeyword(key) for key in shown):
        return ", ".join(f"{key}={value}" for key, value in shown.items())
    return "{" + ", ".join(f"{key!r}: {value}" for key, value in shown.items()) + "}"


def _axis(values: Sequence[Any]) -> str:
    if isinstance(values, range):
        return python_text(values)
    return f"[{', '.join(_shown(values))}]"


def _shown(values: Sequence[Any]) -> list[str]:
    if len(values) <= _LONGEST:
        return [python_text(one) for one in values]
    return [*map(python_text, values[:3]), "...", python_text(values[-1])]


def _options(options: Sequence[Any]) -> str:
    if len(options) == 1 and not isinstance(options[0], (list, range)):
        return python_text(options[0])
    return _axis(options)


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
    cells = [escape(python_text(config[key])) if key in config else "" for key in keys]
    return f"<tr><th>{index}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
