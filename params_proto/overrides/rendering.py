r"""Values and configs -> the text of Hydra's overrides.

`parse(render(value)) == value` for whatever the grammar can say; the rest is a `SweepError` that
names it. The spelling is that of Hydra's basic sweeper (`True`, `[1,2]`, `{a:1}`). The grammar:
https://hydra.cc/docs/advanced/override_grammar/basic/
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, cast

from params_proto._keys import full_key, key_error
from params_proto.errors import SweepError, shown
from params_proto.overrides.literals import OverrideText, spell, spell_key

if TYPE_CHECKING:
    from params_proto.fields import Target


_LISTS = (list, tuple, set, frozenset)


def render(value: object) -> str:
    """The text of an override's value.

    Args:
        value: None, a bool, number, string, path or enum member (by its name); a list, tuple, set
            or mapping of these; a dataclass instance, which goes as a mapping of its fields; an
            importable function or class, which goes as its dotted name.

    Raises:
        SweepError: the grammar cannot say the value.

    >>> render(1e-05), render("resnet18"), render("1e-05"), render({"a": [True, None]})
    ('1e-05', 'resnet18', "'1e-05'", '{a:[True,null]}')
    """
    if isinstance(value, OverrideText):
        return value.text
    if isinstance(value, Enum):
        return spell(_member_name(value))
    if isinstance(value, (str, PurePath)):
        return spell(str(value))
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return _digits(value)
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (list, tuple)):
        return _listed(map(render, cast("Iterable[object]", value)))
    if isinstance(value, _LISTS):
        # Sorted, since the order of a set of strings differs from process to process.
        return _listed(sorted(map(render, cast("Iterable[object]", value))))
    entries = _entries(value)
    return _dotted_name(value) if entries is None else _mapping(entries)


def assignment(key: str, value: object) -> str:
    """One override: `key=value`, or the removal of the key where it begins with ~.

    >>> assignment("lr", 0.1), assignment("+db", "pg"), assignment("~db", None)
    ('lr=0.1', '+db=pg', '~db')
    """
    if key.startswith("~") and value is None:
        return key
    return f"{key}={render(value)}"


@dataclass(frozen=True)
class Record:
    """What stands in a config where a dataclass gave the names: they cannot be deleted."""

    entries: Mapping[Any, Any]


Standing = Callable[[str, Sequence[str]], object]
"""What stands at a key of a job's config before it is given a value, and after some overrides."""


def render_config(
    config: Mapping[str, Any],
    *,
    prefix: str = "",
    targets: Sequence[Target] = (),
    standing: Standing | None = None,
) -> list[str]:
    """One config as Hydra overrides.

    Args:
        config: the keys and values.
        prefix: the node under which plain keys stand.
        targets: where a key is one of their fields, a dict takes the place of what stands there,
            whereas Hydra would merge it into that: its other keys are deleted.
        standing: what stands there, by the key and the overrides before it. Without it, as for a
            sweep that no app runs, the field's default stands there: what an app's own configs
            put in its place is not known, and stays.

    Raises:
        SweepError: a value cannot be said; it names the key.

    >>> render_config({"lr": 0.1, "db/engine": "pg"}, prefix="training")
    ['training.lr=0.1', 'db/engine=pg']
    """
    overrides: list[str] = []
    for key, value in config.items():
        full = full_key(prefix, key)
        default: object = None
        if _is_container(value):
            default = _default(full, targets, standing, overrides)
        overrides += _cleared(full, default, value)
        try:
            # A dict in Hydra takes no new key but by ++.
            overrides.append(("++" if _adds(default, value) else "") + assignment(full, value))
        except SweepError as error:
            raise SweepError(f"{full}: {error}") from error
    return overrides


def _default(
    key: str, targets: Sequence[Target], standing: Standing | None, before: Sequence[str]
) -> object:
    """What stands at `key`, if that is in a field of one of the targets, or None."""
    for target in targets:
        node = f"{target.node}." if target.node else ""
        name, *path = key[len(node) :].split(".")
        if key.startswith(node) and name in target.fields:
            if standing is not None:
                return standing(key, before)
            default: object = target.fields[name].default
            for part in path:
                default = (_entries(default) or {}).get(part)
            return default
    return None


def _cleared(key: str, default: object, value: object) -> Iterator[str]:
    """The overrides that take out of `default` what the dict or list `value` would merge with."""
    given, present = _entries(value), _entries(default)
    if given is None or present is None:
        lists = isinstance(value, _LISTS), isinstance(default, _LISTS)
        if (lists[0] and present is not None) or (lists[1] and given is not None):
            yield f"{key}=0"  # Hydra merges no dict with a list
        return
    for name, old in present.items():
        path = f"{key}.{name}"
        if name in given:
            yield from _cleared(path, old, given[name])
        elif isinstance(default, Mapping):  # the fields of a dataclass cannot be deleted
            if not isinstance(name, str) or key_error(path):
                raise SweepError(
                    f"{key}: Hydra would keep the entry {shown(name)} of the default, and no"
                    " override can name it to delete it. Give that entry a value as well."
                )
            if old is None:
                yield f"{path}=0"  # Hydra deletes nothing that is null
            yield f"~{path}"


def _adds(default: object, value: object) -> bool:
    """Whether the dict `value` has keys, at any depth, that `default` has not."""
    given, present = _entries(value), _entries(default)
    if given is None or present is None:
        return False
    return any(name not in present or _adds(present[name], new) for name, new in given.items())


def _entries(value: object) -> Mapping[Any, Any] | None:
    """What a mapping or a dataclass instance holds; None for anything else."""
    if isinstance(value, Mapping):
        return cast("Mapping[Any, Any]", value)
    if isinstance(value, Record):
        return value.entries
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    return None


def _is_container(value: object) -> bool:
    return _entries(value) is not None or isinstance(value, _LISTS)


def _listed(elements: Iterable[str]) -> str:
    return f"[{','.join(elements)}]"


def _mapping(entries: Mapping[Any, Any]) -> str:
    rendered = {_dict_key(key): render(element) for key, element in entries.items()}
    if len(rendered) < len(entries):
        raise SweepError(f"the keys of {shown(dict(entries))} are not distinct as text.")
    return "{" + ",".join(f"{key}:{element}" for key, element in rendered.items()) + "}"


def _dict_key(key: object) -> str:
    if isinstance(key, Enum):
        return spell_key(_member_name(key))
    if isinstance(key, str):
        return spell_key(key)
    if isinstance(key, (bool, int, float)):
        return render(key)
    raise SweepError(
        f"the dict key {shown(key)} cannot be said in an override: use a string or a number."
    )


def _digits(number: int) -> str:
    try:
        return str(int(number))
    except ValueError as error:  # more digits than sys.get_int_max_str_digits()
        raise SweepError("an integer of so many digits cannot be written as text.") from error


def _member_name(member: Enum) -> str:
    if member.name is None:  # pyright: ignore[reportUnnecessaryComparison]  # a combination of flags, before Python 3.11
        raise SweepError(f"{member!r} has no name of its own, and an enum goes to Hydra by name.")
    return member.name


def _dotted_name(value: object) -> str:
    name = f"{getattr(value, '__module__', None)}.{getattr(value, '__qualname__', None)}"
    if callable(value) and _imported(value) is value:
        return name
    raise SweepError(
        f"{shown(value)} ({type(value).__name__}) cannot be said in an override: sweep over a name"
        " or numbers, and build the object in the job."
    )


def _imported(value: object) -> object:
    """What stands at the module and qualified name that `value` claims, or None."""
    import sys

    found: object = sys.modules.get(getattr(value, "__module__", None) or "")
    for part in str(getattr(value, "__qualname__", "<nowhere>")).split("."):
        found = getattr(found, part, None)
    return found
