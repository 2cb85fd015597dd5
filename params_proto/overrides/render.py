r"""Values and configs -> the text of Hydra's overrides.

`parse(render(value)) == value` for whatever the grammar can represent; the rest is a `SweepError`
that names it. The spelling is that of Hydra's basic sweeper (`True`, `[1,2]`, `{a:1}`). The
grammar: https://hydra.cc/docs/advanced/override_grammar/basic/

A string reaches OmegaConf through Hydra, so a literal `${` needs the backslash that OmegaConf asks
for, and whatever Hydra would read as something else needs quotes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from params_proto._keys import key_error
from params_proto.errors import SweepError, short_repr

if TYPE_CHECKING:
    from params_proto.fields import Target

# What Hydra's lexer reads as one number, bool or null rather than as text.
_INT = r"(?:0|[1-9](?:_?[0-9])*)"
_POINT = rf"(?:{_INT}\.|{_INT}?\.[0-9](?:_?[0-9])*)"
_EXPONENT = rf"(?:{_POINT}|{_INT})[eE][+-]?[0-9](?:_?[0-9])*"
_TYPED = re.compile(rf"[+-]?(?:{_EXPONENT}|{_POINT}|{_INT}|inf|nan)|true|false|null", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*")
_DICT_KEY = re.compile(r"[A-Za-z0-9_/\-\\+.$%*@?|()\[\]{}:=, \t]+")
_SPECIAL = re.compile(r"[\\()\[\]{}:=, \t]")
# With (?<!\\), a long run of backslashes is tried only once, not from each backslash.
_LIVE = re.compile(r"(?<!\\)(?:\\\\)*\$\{")
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\\$\{")
_BEFORE_BRACE = re.compile(r"(?<!\\)(\\*)\$\{")
_BEFORE_QUOTE = re.compile(r"(?<!\\)\\+(?='|\Z)")


# --- strings: quotes for Hydra's grammar, backslashes for OmegaConf's interpolations


class OverrideText(str):
    r"""A string with its own spelling in an override: an interpolation, or the user's quotes.

    It compares as the string. It is rendered as `text`, unchanged, so that an interpolation is
    resolved in the job.

    >>> OverrideText("a b", '"a b"').text
    '"a b"'
    """

    text: str

    def __new__(cls, value: str, text: str) -> OverrideText:
        """The string `value`, spelled `text`."""
        self = super().__new__(cls, value)
        self.text = text
        return self

    def __reduce__(self) -> tuple[type[OverrideText], tuple[str, str]]:
        return (OverrideText, (str(self), self.text))

    def __deepcopy__(self, memo: object) -> OverrideText:
        return self


def has_interpolation(text: str) -> bool:
    r"""Whether OmegaConf would resolve an interpolation in `text`.

    >>> has_interpolation("${lr}"), has_interpolation(r"\${lr}"), has_interpolation(r"\\${lr}")
    (True, False, True)
    """
    return _LIVE.search(text) is not None


def render_text(text: str) -> str:
    r"""The override text of a literal string, without quotes if they are not needed.

    >>> print(*map(render_text, ["resnet18", "1e-5", "it's", "${x}"]))
    resnet18 '1e-5' 'it\'s' '\${x}'
    """
    if text == "???":
        raise SweepError(
            "the string '???' cannot be given to Hydra, which reads it as a missing value."
        )
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text):
        return text
    # Twice the backslashes before it, plus one.
    return quote(_BEFORE_BRACE.sub(r"\1\1\\${", text))


def unescape(text: str) -> str:
    r"""The string that OmegaConf makes of `text`, which has no live interpolation.

    >>> print(unescape(r"\${x}"))
    ${x}
    """
    return _ESCAPED.sub(lambda run: run[1][::2] + "${", text)


def quote(text: str) -> str:
    r"""`text` in single quotes for Hydra's lexer; interpolations in it stay live.

    >>> print(quote("it's"), quote("a\\"))
    'it\'s' 'a\\'
    """
    doubled = _BEFORE_QUOTE.sub(lambda run: run[0] * 2, text)
    return "'" + doubled.replace("'", r"\'") + "'"


def render_dict_key(key: str) -> str:
    r"""The text of a string as a key of a dict, for which the grammar has no quotes.

    >>> print(render_dict_key("a b"))
    a\ b
    """
    if not _DICT_KEY.fullmatch(key) or _TYPED.fullmatch(key):
        raise SweepError(
            f"the dict key {short_repr(key)} cannot be written in an override: Hydra's grammar"
            " has no quotes for keys, and allows only ASCII text that is not a number, bool or"
            " null."
        )
    return _SPECIAL.sub(lambda character: "\\" + character[0], key)


# --- values


def render(value: object) -> str:
    """The text of an override's value.

    Args:
        value: None, a bool, number, string, path or enum member (by its name); a list, tuple, set
            or mapping of these; a dataclass instance, as a mapping of its fields; an importable
            function or class, as its dotted name.

    Raises:
        SweepError: the grammar cannot represent the value.

    >>> render(1e-05), render("resnet18"), render("1e-05"), render({"a": [True, None]})
    ('1e-05', 'resnet18', "'1e-05'", '{a:[True,null]}')
    """
    if isinstance(value, OverrideText):
        return value.text
    if isinstance(value, Enum) and value.name is not None:  # pyright: ignore[reportUnnecessaryComparison]  # an empty flag has none
        return render_text(value.name)
    if isinstance(value, (str, PurePath)):
        return render_text(str(value))
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return str(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        elements = [render(element) for element in cast("Iterable[object]", value)]
        # The order of a set of strings differs from process to process.
        return f"[{','.join(elements if isinstance(value, (list, tuple)) else sorted(elements))}]"
    entries = _entries(value)
    if entries is None:
        return _dotted_name(value)
    return (
        f"{{{','.join(f'{_dict_key(key)}:{render(element)}' for key, element in entries.items())}}}"
    )


def _dict_key(key: object) -> str:
    if isinstance(key, (str, Enum)):
        return render_dict_key(key.name if isinstance(key, Enum) else key)
    if isinstance(key, (bool, int, float)):
        return render(key)
    raise SweepError(
        f"the dict key {short_repr(key)} cannot be written in an override: use a string or a"
        " number."
    )


def _dotted_name(value: object) -> str:
    from params_proto.fields.convert import dotted_name  # few sweeps have functions as values

    name = dotted_name(value)
    if name is None:
        raise SweepError(
            f"{short_repr(value)} ({type(value).__name__}) cannot be written in an override:"
            " sweep over a name or numbers, and build the object in the job."
        )
    return name


def assignment(key: str, value: object) -> str:
    """One override: `key=value`, or a deletion if the key begins with ~.

    >>> assignment("lr", 0.1), assignment("+db", "pg"), assignment("~db", None)
    ('lr=0.1', '+db=pg', '~db')
    """
    return key if key.startswith("~") and value is None else f"{key}={render(value)}"


# --- configs


def render_config(
    config: Mapping[str, Any],
    *,
    targets: Sequence[Target] = (),
    current_value: Callable[[str, Sequence[str]], object] | None = None,
) -> list[str]:
    """One config as Hydra overrides.

    Args:
        config: values by full key.
        targets: a dict for one of their fields replaces the current value, where Hydra would merge
            the two: other keys are deleted.
        current_value: gets the value of a key in the composed config, after some overrides; a
            namespace for the fields of a dataclass, which cannot be deleted. Without it, as for a
            sweep outside an app, the field's default is used, and other keys from configs stay.

    >>> render_config({"training.lr": 0.1, "db/engine": "pg"})
    ['training.lr=0.1', 'db/engine=pg']
    """
    overrides: list[str] = []
    for key, value in config.items():
        force = ""
        if _entries(value) is not None:
            current = _current(key, targets, current_value, overrides)
            overrides += _cleared(key, current, value)
            if _entries(current) is not None:
                force = "++"  # the only way to add a key to a dict
        try:
            overrides.append(force + assignment(key, value))
        except SweepError as error:
            raise SweepError(f"{key}: {error}") from error
    return overrides


def _current(
    key: str,
    targets: Sequence[Target],
    current_value: Callable[[str, Sequence[str]], object] | None,
    before: Sequence[str],
) -> object:
    """The value of `key` if it is in a field of one of the targets, else None."""
    for target in targets:
        if path := target.path(key):
            if current_value is not None:
                return current_value(key, before)
            default: object = target.fields[path[0]].default
            for part in path[1:]:
                default = (_entries(default) or {}).get(part)
            return default
    return None


def _cleared(key: str, current: object, value: object) -> Iterator[str]:
    """The overrides that delete what Hydra would merge into the dict `value`."""
    given, present = _entries(value), _entries(current)
    if given is None or present is None:
        other = value if given is None else current
        if isinstance(other, (list, tuple, set, frozenset)) and (given, present) != (None, None):
            yield f"{key}=0"  # Hydra does not merge a dict with a list
        return
    for name, old in present.items():
        path = f"{key}.{name}"
        if name in given:
            yield from _cleared(path, old, given[name])
        elif isinstance(current, Mapping):  # the fields of a dataclass cannot be deleted
            if not isinstance(name, str) or key_error(path):
                raise SweepError(
                    f"{key}: Hydra would keep the entry {short_repr(name)} of the default, and no"
                    " override can name it to delete it. Give that entry a value as well."
                )
            if old is None:
                yield f"{path}=0"  # Hydra cannot delete a key that is null
            yield f"~{path}"


def _entries(value: object) -> Mapping[Any, Any] | None:
    """The entries of a mapping, a dataclass instance or a namespace; None for anything else."""
    if isinstance(value, Mapping):
        return cast("Mapping[Any, Any]", value)
    if isinstance(value, SimpleNamespace):
        return vars(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value) if field.init}
    return None
