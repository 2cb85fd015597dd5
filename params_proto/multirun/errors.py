"""Collects the mistakes in the jobs of a sweep, to report them in one error."""

from __future__ import annotations

import errno
import logging
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.errors import CompactHydraException, HydraException
from omegaconf.errors import OmegaConfBaseException

from params_proto._text import pluralize
from params_proto.errors import SweepError, combine_mistakes, truncate, with_period

if TYPE_CHECKING:
    from params_proto.records import Record

log = logging.getLogger(__name__)

_MAX_UNCOMPOSED = 100  # jobs that cannot be composed before validation gives up
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


@dataclass(eq=False)
class Mistakes:
    """What is wrong with jobs, each mistake reported once, with the first job that makes it.

    Args:
        enough: whether to check no more jobs: Hydra takes long for each that it cannot compose.
    """

    enough: bool = field(default=False, init=False)
    _found: dict[str, str] = field(default_factory=dict[str, str])  # the first text of each rule
    _others: Counter[str] = field(default_factory=Counter[str])  # further jobs, by rule
    _hints: dict[str, None] = field(default_factory=dict[str, None])
    _error: HydraException | None = None
    _uncomposed: int = 0

    def add(self, text: str, *, rule: str | None = None, job: Sequence[str] | None = None) -> None:
        """Adds a mistake.

        Args:
            text: what is wrong.
            rule: groups mistakes that have the same fix; by default the text.
            job: the overrides of the job, if the text does not name it.
        """
        whole = text if job is None else f"the job {' '.join(job)}: {text}"
        rule = text if rule is None else rule
        if self._found.setdefault(rule, whole) != whole:
            self._others[rule] += 1

    def add_error(
        self, job: Sequence[str], error: HydraException, hints: Iterable[str] = ()
    ) -> None:
        """Adds Hydra's error for one job; hints are evaluated once for each kind of error."""
        first, cause = str(error).partition("\n")[0], error.__cause__
        if isinstance(cause, OmegaConfBaseException):
            first = f"{first.rstrip('.')}: {str(cause).partition(chr(10))[0]}"
        reason = with_period(first)
        if reason not in self._found:
            self._hints.update(dict.fromkeys(hints))
        self._error = self._error or error
        self.add_uncomposed(reason, job=job)

    def add_uncomposed(self, text: str, *, job: Sequence[str] | None = None) -> None:
        """Adds the reason why Hydra cannot compose a job."""
        self._uncomposed += 1
        self.enough = self._uncomposed >= _MAX_UNCOMPOSED
        self.add(text, job=job)

    def raise_all(self) -> None:
        """Raises Hydra's own error if it is the only mistake, else a SweepError with the first ten.

        >>> mistakes = Mistakes()
        >>> for seed in range(3):
        ...     mistakes.add("lr: 'x' is not a float.", job=["lr=x", f"seed={seed}"])
        >>> mistakes.raise_all()
        Traceback (most recent call last):
            ...
        params_proto.errors.SweepError: the job lr=x seed=0: lr: 'x' is not a float. The same goes \
for 2 more jobs.
        """
        for hint in self._hints:
            log.error(hint)
        if self._error is not None and len(self._found) == 1:
            raise self._error
        if self._found:
            others = self._others
            raise combine_mistakes(
                [
                    text
                    if not others[rule]
                    else f"{text} The same goes for {pluralize(others[rule], 'more job')}."
                    for rule, text in self._found.items()
                ]
            )


@contextmanager
def reported_by_hydra() -> Generator[None, None, None]:
    """Turns a mistake in the sweep into an error that Hydra prints without a traceback.

    A full or read-only disk becomes such an error, too, whatever was being written.
    """
    try:
        yield
    except SweepError as error:
        raise CompactHydraException(str(error)) from error
    except OSError as error:
        if error.errno not in _DISK_ERRORS:
            raise
        path = "a file" if error.filename is None else error.filename
        raise CompactHydraException(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def composing(job: Sequence[str]) -> Generator[None, None, None]:
    """Turns other exceptions than Hydra's own while it composes a job into a SweepError.

    For example for a value that is nested too deep, or not allowed in its place.
    """
    shown = truncate(" ".join(job))
    try:
        yield
    except (HydraException, OmegaConfBaseException):
        raise
    except RecursionError as error:
        raise SweepError(
            f"the job {shown} has a value that is nested too deep for Hydra. Write it"
            " flatter, or as text in quotes."
        ) from error
    # The last two are raised for a name that is too long for a file, and for an empty key.
    except (TypeError, ValueError, OSError, AssertionError) as error:
        reason = truncate(f"{type(error).__name__}: {error}").rstrip(": ")
        raise SweepError(f"Hydra cannot compose the job {shown}: {reason}") from error


@contextmanager
def ignore_logging_errors() -> Generator[None, None, None]:
    """Suppresses logging's own tracebacks: with a full disk, only some handlers still work."""
    before, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        logging.raiseExceptions = before


def describe_job(number: int, job: Sequence[str]) -> str:
    """A job's number and overrides, for a message."""
    return f"job {number} ({' '.join(job)})" if job else f"job {number}"


def describe_failure(record: Record, sweep: Path) -> str:
    """The message about a failed job, with the path of its directory."""
    job = f"{describe_job(record.job, record.overrides)} {record.status.value}"
    return f"{with_period(f'{job}: {record.reason}')} Its directory: {sweep / record.dir}"
