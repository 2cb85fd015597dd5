"""How each input must end: in a result, or in an error that the user can understand."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy
from hypothesis.vendor.pretty import pretty

from params_proto.errors import SweepError
from tests.fuzz.watched import HangsError, watched

_LONGEST = 5000  # characters of a message
_SHOWN = 3000  # characters of an input
_ROOT = str(Path(__file__).parents[2])


@dataclass(frozen=True)
class Kind:
    """A kind of input.

    Args:
        name: of the kind.
        inputs: makes them.
        call: does with one what a user would do, and writes only in the directory that it is given.
        refusals: the errors that it may end in.
    """

    name: str
    inputs: SearchStrategy[Any]
    call: Callable[[Any, Path], object]
    refusals: tuple[type[Exception], ...] = (SweepError,)


class BrokenError(AssertionError):
    """A broken promise.

    Args:
        what: what was seen.
        place: the last line of the package that was executed, so that it is reported once.
        given: the input.
    """

    def __init__(self, what: str, place: str, given: object) -> None:
        super().__init__(f"{what}\n  at {place}\n  given {_shown(given)}")
        self.signature = (what.partition("(")[0].partition(":")[0], place)


def is_result(kind: Kind, given: Any, directory: Path) -> bool:
    """Tries an input.

    Args:
        kind: what it is.
        given: the input.
        directory: for what it writes.

    Returns:
        Whether it ended in a result, and not in a refusal.

    Raises:
        BrokenError: a promise was not kept.
    """
    refused: Exception | None = None
    with watched(directory) as seen:
        try:
            kind.call(given, directory)
        except kind.refusals as error:
            refused = error
        except BrokenError:
            raise
        except HangsError as error:
            raise BrokenError(f"it hangs, {error}", _place(error), given) from error
        except Exception as error:
            what = f"{type(error).__name__}({_text(error):.300})"
            raise BrokenError(what, _place(error), given) from error
    if seen:
        raise BrokenError(seen[0], "the audit", given)
    if refused is not None:
        text = str(refused)
        if not text.strip():
            raise BrokenError(f"{type(refused).__name__} without a word", _place(refused), given)
        if isinstance(refused, SweepError) and len(text) > _LONGEST:
            what = f"a message of {len(text)} characters: {text:.300}"
            raise BrokenError(what, _place(refused), given)
    return refused is None


def _place(error: BaseException) -> str:
    """The innermost line of the package's that an error went through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if f.filename.startswith(f"{_ROOT}/params_proto")] or list(frames)
    return f"{os.path.relpath(ours[-1].filename, _ROOT)}:{ours[-1].lineno}"


def _shown(given: object) -> str:
    """An input as Python would write it, even an integer with very many digits."""
    try:
        return pretty(given)[:_SHOWN]
    except Exception as error:  # one that holds itself, or whose __repr__ raises
        return f"a {type(given).__name__} whose repr raises {type(error).__name__}"


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as unsayable:
        return f"whose text raises {type(unsayable).__name__}"
