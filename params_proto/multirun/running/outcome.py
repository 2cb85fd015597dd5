"""What a job returned or raised, as its record and its launcher can take it."""

from __future__ import annotations

import linecache
import logging
import pickle
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

from hydra.errors import CompactHydraException
from omegaconf.errors import OmegaConfBaseException

from params_proto._text import to_json, utf8
from params_proto.errors import SweepError
from params_proto.records import Failure

log = logging.getLogger(__name__)

_OWN = ("params_proto.", "hydra.", "hydra_plugins.")
_SENT = "<dynamic-code>"  # the file of code that cloudpickle has sent
# What joblib, submitit and Ray send their results with.
_PICKLERS = ("joblib.externals.cloudpickle", "cloudpickle", "ray.cloudpickle")


def value_of(job: int, returned: Any) -> Any:
    """What a task returned, as far as JSON has words for it, and a warning where it has none.

    Args:
        job: its number.
        returned: the value.
    """
    unfit: list[str] = []
    try:
        value = to_json(returned, unfit)
    except Exception as error:  # the user's own __str__, item, keys
        log.warning(
            f"the record of job {job} has no value: reading what it returned raises"
            f" {type(error).__qualname__}."
        )
        return None
    if unfit:
        more = f" and {len(unfit) - 1} more" if len(unfit) > 1 else ""
        log.warning(
            f"the record of job {job} lacks a part of what it returned, which JSON has no word for:"
            f" {unfit[0]}{more}. Return numbers, texts, or dicts and lists of them."
        )
    return value


def failure_of(
    error: BaseException, cause: BaseException | None = None, script: str | None = None
) -> Failure:
    """What a job raised, as its record holds it.

    Args:
        error: what it is told as.
        cause: what was raised, if that is something else.
        script: the file that the sweep was started with.
    """
    try:
        message = str(error)
    except Exception as unsayable:
        message = f"(its __str__ raises {type(unsayable).__qualname__})"
    try:
        whole = cause or error
        trace = "".join(traceback.format_exception(type(whole), whole, of_the_user(whole)))
    except Exception as unsayable:
        trace = f"(it cannot be printed: {type(unsayable).__qualname__})"
    if script is not None and _SENT in trace:
        for line, name in _of_the_script(cause or error):
            of = f"line {line}, in {name}\n"
            source = linecache.getline(script, line).strip()
            shown = f"{of}    {source}\n" if source else of
            trace = trace.replace(f'File "{_SENT}", {of}', f'File "{script}", {shown}')
    return Failure(type(error).__qualname__, utf8(message), utf8(trace))


def _of_the_script(error: BaseException | None) -> Iterator[tuple[int, str]]:
    """The lines of the script that an error went through: what was sent has lost the file's name.

    Args:
        error: what was raised, with what it was raised from, or beside.
    """
    seen = set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        for frame, line in traceback.walk_tb(error.__traceback__):
            if frame.f_globals.get("__name__") == "__main__":
                yield line, frame.f_code.co_name
        error = error.__cause__ or error.__context__


def of_the_user(error: BaseException) -> TracebackType | None:
    """The traceback from the first frame on that is neither Hydra's nor ours.

    Args:
        error: what a task or a launcher raised, as it reaches whoever called it.
    """
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith(_OWN):
        trace = trace.tb_next
    return trace or error.__traceback__


def explanation(error: Exception) -> str:
    """An error as it is shown: its message where that says it all, else also where it came from.

    Args:
        error: what a launcher or a job raised.
    """
    if isinstance(error, (CompactHydraException, SweepError)):
        cause = error.__cause__
        return f"{error}\n{cause}" if isinstance(cause, OmegaConfBaseException) else str(error)
    lines = traceback.format_exception(type(error), error, of_the_user(error))
    return "".join(lines).rstrip()


def travels(value: Any) -> bool:
    """Whether a launcher's process can send a value back."""
    if isinstance(value, (str, int, float, type(None))):
        return True
    picklers = [pickle, *[sys.modules.get(name) for name in _PICKLERS]]
    for pickler in filter(None, picklers):
        try:
            pickle.loads(pickler.dumps(value))
        except Exception:
            continue  # another one may be able to
        return True
    return False
