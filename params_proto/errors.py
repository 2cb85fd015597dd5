"""What the user sees when something is wrong, and the hint at the name that was meant."""

from __future__ import annotations

from collections.abc import Iterable


class SweepError(ValueError):
    """A mistake in a sweep, a sweep file or a parameter: the rule, what was given, the cure.

    >>> raise SweepError("repeat needs a positive integer, got 0.")
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepError: repeat needs a positive integer, got 0.
    """


class SweepWarning(UserWarning):
    """Something that runs, but is probably not what was meant: a name that no target has."""


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that `name` was most likely meant to be, or None.

    Args:
        name: the name as it was written.
        valid: the names that exist.

    >>> nearest("bacth_size", ["lr", "batch_size"]), nearest("LR", ["lr", "batch_size"])
    ('batch_size', 'lr')
    >>> nearest("zzz", ["lr"]) is None
    True
    """
    from difflib import get_close_matches  # only a mistake pays for its import

    names = list(valid)
    matches = get_close_matches(name, names, n=1, cutoff=0.6)
    if matches:
        return matches[0]
    by_letters = {one.lower(): one for one in names}
    matches = get_close_matches(name.lower(), by_letters, n=1, cutoff=0.6)
    return by_letters[matches[0]] if matches else None


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """A sentence to append to a message about an unknown name.

    >>> did_you_mean("lrr", ["lr", "seed"])
    ' Did you mean lr?'
    >>> did_you_mean("zzz", ["lr", "seed"])
    ' Valid names: lr, seed.'
    """
    names = list(valid)
    close = nearest(name, names)
    if close is not None:
        return f" Did you mean {close}?"
    return f" Valid names: {', '.join(names)}." if names else ""


def sentence(text: str) -> str:
    """Text that ends as a sentence does.

    >>> sentence("lr: 'x' is no float"), sentence("Did you mean lr?")
    ("lr: 'x' is no float.", 'Did you mean lr?')
    """
    return text if text.endswith((".", "?", "!")) else f"{text}."


def shown(value: object) -> str:
    """A value as a message shows it: its repr, cut where it is long.

    >>> shown("a"), len(shown("a" * 1000))
    ("'a'", 80)
    """
    try:
        text = repr(value)
    except Exception:  # the user's own __repr__, or an integer of more digits than Python writes
        text = f"a value of type {type(value).__name__}"
    return cut(text)


def cut(text: str, most: int = 80) -> str:
    """A text, cut where it is long.

    >>> cut("lr=0.1"), cut("lr=0.1", 5)
    ('lr=0.1', 'lr...')
    """
    return text if len(text) <= most else f"{text[: most - 3]}..."


def together(mistakes: list[str]) -> SweepError:
    """One error for every mistake of a call.

    >>> print(together(["a is wrong.", "b is wrong."]))
    2 mistakes:
    - a is wrong.
    - b is wrong.
    """
    if len(mistakes) == 1:
        return SweepError(mistakes[0])
    lines = "\n".join(f"- {mistake}" for mistake in mistakes)
    return SweepError(f"{len(mistakes)} mistakes:\n{lines}")
