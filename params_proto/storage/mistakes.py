"""The mistakes in a file, told together and each of them once."""

from __future__ import annotations

import re
from collections.abc import Callable

from params_proto.errors import SweepError

MOST_TOLD = 10  # mistakes of one file
_LIST = re.compile(r"\d+ mistakes:\n- ")


def each(error: SweepError) -> list[str]:
    """The mistakes that an error tells of, so that a list of them can be told within another.

    >>> from params_proto.errors import together
    >>> each(together(["a is wrong.", "b is wrong."])), each(together(["a is wrong."]))
    (['a is wrong.', 'b is wrong.'], ['a is wrong.'])
    """
    text = str(error)
    head = _LIST.match(text)
    return text[head.end() :].split("\n- ") if head else [text]


def placed(place: str, error: SweepError) -> list[str]:
    """The same, each with the place where it stands."""
    return [f"{place}: {mistake}" for mistake in each(error)]


def fails(call: Callable[[], object]) -> bool:
    """Whether a call of a sweep raises a mistake."""
    try:
        call()
    except SweepError:
        return True
    return False
