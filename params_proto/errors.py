"""Errors and warnings for the user, and suggestions for misspelled names."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from types import FrameType
from typing import Any, NamedTuple

MAX_SHOWN = 10  # mistakes that one error shows, or jobs that one line names
_PACKAGE = __name__.partition(".")[0]


class Mistake(NamedTuple):
    """One mistake.

    Args:
        text: the rule, what was given, and how to fix it.
        key: the key as it was given; None if the mistake is not about a single key.
        row: the number of the key's row, in a chain.

    >>> Mistake("lr: 'x' is not a float.", "lr").with_place("sweep.yaml:2").text
    "sweep.yaml:2: lr: 'x' is not a float."
    """

    text: str
    key: Any = None
    row: int | None = None

    def with_place(self, place: str) -> Mistake:
        """The same mistake with its place in a file."""
        return self._replace(text=f"{place}: {self.text}")


class SweepError(ValueError):
    """What is wrong with a sweep, a sweep file or a parameter: the rule, what was given, the fix.

    Args:
        message: what the user reads.
        mistakes: the single mistakes; by default, the message is the only one.

    The attribute `mistakes` lists them, each with its `text` and its `key`:

    >>> from params_proto import Sweep
    >>> def train(lr: float = 0.1, seed: int = 0): ...
    >>> try:
    ...     Sweep(train).set(lr="high", seed=0.5)
    ... except SweepError as error:
    ...     print([mistake.key for mistake in error.mistakes])
    ['lr', 'seed']
    """

    def __init__(self, message: object = "", mistakes: Iterable[Mistake] = ()) -> None:
        super().__init__(message)
        self.mistakes = tuple(mistakes) or (Mistake(str(message)),)


class SweepWarning(UserWarning):
    """Something that works but is probably a mistake: a name that no target has.

    It is issued at the caller's line, and Python's filters can make it an error:

    >>> import warnings
    >>> from params_proto import Sweep
    >>> def train(lr: float = 0.1): ...
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", SweepWarning)
    ...     Sweep(train).product(lrr=[0.1, 0.01])
    Traceback (most recent call last):
        ...
    params_proto.errors.SweepWarning: product: train has no parameter lrr. Did you mean lr?
    """


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that `name` was most likely meant to be, or None.

    >>> nearest("bacth_size", ["lr", "batch_size"]), nearest("LR", ["lr", "batch_size"])
    ('batch_size', 'lr')
    >>> nearest("zzz", ["lr"]) is None
    True
    """
    from difflib import get_close_matches  # imported only after a mistake

    by_letters = {candidate.lower(): candidate for candidate in valid}
    matches = get_close_matches(name.lower(), by_letters, n=1)
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


def with_period(text: str) -> str:
    """Text with a period at its end.

    >>> with_period("lr: 'x' is not a float"), with_period("Did you mean lr?")
    ("lr: 'x' is not a float.", 'Did you mean lr?')
    """
    return text if text.endswith((".", "?", "!")) else f"{text}."


def short_repr(value: object) -> str:
    """The repr of a value for a message, shortened if it is long.

    >>> short_repr("a"), len(short_repr("a" * 1000))
    ("'a'", 80)
    """
    try:
        text = repr(value)
    except Exception:  # the user's own __repr__, or an integer with too many digits for Python
        text = f"a value of type {type(value).__name__}"
    return truncate(text)


def truncate(text: str, limit: int = 80) -> str:
    """Text, shortened if it is long.

    >>> truncate("lr=0.1"), truncate("lr=0.1", 5)
    ('lr=0.1', 'lr...')
    """
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def combine_mistakes(mistakes: Iterable[str | Mistake]) -> SweepError:
    """One error for all mistakes of a call, without duplicates; it shows the first ten.

    >>> print(combine_mistakes(["a is wrong.", "b is wrong."]))
    2 mistakes:
    - a is wrong.
    - b is wrong.
    >>> str(combine_mistakes([f"{n} is wrong." for n in range(12)])).splitlines()[-1]
    '- and 2 more.'
    """
    structured = [Mistake(mistake) if isinstance(mistake, str) else mistake for mistake in mistakes]
    texts = list(dict.fromkeys(mistake.text for mistake in structured))
    if len(texts) == 1:
        return SweepError(texts[0], structured)
    more = [f"and {len(texts) - MAX_SHOWN:,} more."] if len(texts) > MAX_SHOWN else []
    lines = "".join(f"\n- {text}" for text in [*texts[:MAX_SHOWN], *more])
    return SweepError(f"{len(texts):,} mistakes:{lines}", structured)


def warn(message: str) -> None:
    """Issues a SweepWarning at the user's line."""
    frame = frame_of_caller()
    warnings.warn_explicit(
        message,
        SweepWarning,
        frame.f_code.co_filename,
        frame.f_lineno,
        module=frame.f_globals.get("__name__"),
        registry=frame.f_globals.setdefault("__warningregistry__", {}),
    )


def frame_of_caller() -> FrameType:
    """The innermost frame outside this package."""
    frame = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame = frame.f_back
    return frame
