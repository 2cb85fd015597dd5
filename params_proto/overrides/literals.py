r"""Strings in an override: quotes for Hydra's grammar, backslashes for OmegaConf's interpolations.

A string reaches OmegaConf through Hydra, so a literal `${` needs the backslash that OmegaConf asks
for, and whatever Hydra would read as something else needs quotes.
"""

from __future__ import annotations

import re

from params_proto.errors import SweepError, shown

# What Hydra's lexer reads as one number, bool or null rather than as text.
_INT = r"(?:0|[1-9](?:_?[0-9])*)"
_POINT = rf"(?:{_INT}\.|{_INT}?\.[0-9](?:_?[0-9])*)"
_EXPONENT = rf"(?:{_POINT}|{_INT})[eE][+-]?[0-9](?:_?[0-9])*"
_TYPED = re.compile(rf"[+-]?(?:{_EXPONENT}|{_POINT}|{_INT}|inf|nan)|true|false|null", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*")
_DICT_KEY = re.compile(r"[A-Za-z0-9_/\-\\+.$%*@?|()\[\]{}:=, \t]+")
_SPECIAL = re.compile(r"[\\()\[\]{}:=, \t]")
# The (?<!\\) has a long run of backslashes tried once, and not anew from each of them.
_LIVE = re.compile(r"(?<!\\)(?:\\\\)*\$\{")
_ESCAPED = re.compile(r"(?<!\\)((?:\\\\)*)\\\$\{")
_BEFORE_BRACE = re.compile(r"(?<!\\)(\\*)\$\{")
_BEFORE_QUOTE = re.compile(r"(?<!\\)\\+(?='|\Z)")


class OverrideText(str):
    r"""A string with a spelling of its own in an override: an interpolation, or somebody's quotes.

    It compares as the string. What renders it gives `text` back unchanged, so that an interpolation
    is resolved in the job.

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


def live(text: str) -> bool:
    r"""Whether OmegaConf would resolve an interpolation in `text`.

    >>> live("${lr}"), live(r"\${lr}"), live(r"\\${lr}")
    (True, False, True)
    """
    return _LIVE.search(text) is not None


def spell(text: str) -> str:
    r"""The override text of a literal string: without quotes where these would change nothing.

    >>> print(spell("resnet18"), spell("1e-5"), spell("it's"), spell("${x}"))
    resnet18 '1e-5' 'it\'s' '\${x}'
    """
    if text == "???":
        raise SweepError(
            "the string '???' cannot be given to Hydra, which takes it for a missing value."
        )
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text):
        return text
    # One backslash more than twice those that stand before it.
    return quoted(_BEFORE_BRACE.sub(r"\1\1\\${", text))


def unescaped(text: str) -> str:
    r"""The string that OmegaConf makes of `text`, which holds no live interpolation.

    >>> print(unescaped(r"\${x}"))
    ${x}
    """
    return _ESCAPED.sub(lambda run: run[1][::2] + "${", text)


def quoted(text: str) -> str:
    r"""`text` in single quotes, as Hydra's lexer reads them; interpolations in it stay alive.

    >>> print(quoted("it's"), quoted("a\\"))
    'it\'s' 'a\\'
    """
    doubled = _BEFORE_QUOTE.sub(lambda run: run[0] * 2, text)
    return "'" + doubled.replace("'", r"\'") + "'"


def spell_key(key: str) -> str:
    r"""The text of a string as a key of a dict, where the grammar has no quotes.

    >>> print(spell_key("a b"))
    a\ b
    """
    if not _DICT_KEY.fullmatch(key) or _TYPED.fullmatch(key):
        raise SweepError(
            f"the dict key {shown(key)} cannot be written in an override: Hydra's grammar has no"
            " quotes for keys, and takes there only ASCII text that does not read as a number, a"
            " bool or null."
        )
    return _SPECIAL.sub(lambda character: "\\" + character[0], key)
