"""What is wrong with the jobs of a sweep, reported in one error."""

from __future__ import annotations

import errno
import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from hydra.errors import CompactHydraException, HydraException
from omegaconf.errors import OmegaConfBaseException

from params_proto.errors import Mistake, SweepError, cut, sentence, together
from params_proto.records import Record

log = logging.getLogger(__name__)

_MOST = 10  # mistakes that one error reports
_TAKES_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LONG = 200  # characters of a job in a message
_UNCOMPOSED = 100  # jobs that Hydra cannot compose, after which no more are tried


@dataclass
class _Mistake:
    """A mistake, with the first job that makes it.

    Args:
        text: what is wrong.
        job: its overrides; None where the text names the job, if it has to.
        error: what Hydra raised.
        more: how many other jobs make it.
    """

    text: str
    job: Sequence[str] | None = None
    error: HydraException | None = None
    more: int = 0

    def __str__(self) -> str:
        if self.job is not None:
            others = f" and {self.more} more" if self.more else ""
            return f"the job {' '.join(self.job)}{others}: {self.text}"
        others = f"{self.more} more job{'s' if self.more > 1 else ''}"
        return f"{self.text} The same goes for {others}." if self.more else self.text


class Mistakes:
    """What is wrong with jobs, each mistake reported once, with the first job that makes it."""

    def __init__(self) -> None:
        self._found: dict[str, _Mistake] = {}
        self._hints: dict[str, None] = {}
        self.uncomposed = 0  # jobs that Hydra could not compose

    def add(self, job: Sequence[str], mistakes: Iterable[str]) -> None:
        """Notes the mistakes of one job."""
        for text in mistakes:
            self._add(text, _Mistake(text, job))

    def add_whole(self, mistake: str, rule: str) -> None:
        """Notes a mistake that names its job, where it has to.

        Args:
            mistake: what is wrong.
            rule: what others that are mended together with it have in common.
        """
        self._add(rule, _Mistake(mistake))

    def add_error(
        self, job: Sequence[str], error: HydraException, hints: Iterable[str] = ()
    ) -> None:
        """Notes what Hydra raised for one job, and what may have been meant.

        Args:
            job: its overrides.
            error: what Hydra raised.
            hints: looked at for the first job that has the reason.
        """
        self.uncomposed += 1
        reason = _reason(error)
        if reason not in self._found:
            self._hints.update(dict.fromkeys(hints))
        self._add(reason, _Mistake(reason, job, error))

    def _add(self, rule: str, mistake: _Mistake) -> None:
        first = self._found.setdefault(rule, mistake)
        if first is not mistake and (mistake.job is not None or mistake.text != first.text):
            first.more += 1

    @property
    def enough(self) -> bool:
        """Whether to look at no more jobs: Hydra takes its time for each that it cannot compose."""
        return self.uncomposed >= _UNCOMPOSED

    def raise_all(self) -> None:
        """Raises what has been noted.

        Raises:
            HydraException: what Hydra raised, where it is the only mistake.
            SweepError: the first ten mistakes, and how many there are besides.

        >>> mistakes = Mistakes()
        >>> mistakes.add(["lr=x"], ["lr: 'x' is not a float."])
        >>> mistakes.raise_all()
        Traceback (most recent call last):
            ...
        params_proto.errors.SweepError: the job lr=x: lr: 'x' is not a float.
        """
        for hint in self._hints:
            log.error(hint)
        found = [*self._found.values()]
        if len(found) == 1 and found[0].error is not None:
            raise found[0].error
        if found:
            raise first_ten([str(mistake) for mistake in found], uncounted=self.enough)


def _reason(error: HydraException) -> str:
    """Why Hydra cannot compose a job, in one line."""
    first, cause = str(error).partition("\n")[0], error.__cause__
    if not isinstance(cause, OmegaConfBaseException):
        return sentence(first)
    return sentence(f"{first.rstrip('.')}: {str(cause).partition(chr(10))[0]}")


def first_ten(mistakes: Sequence[str], uncounted: bool = False) -> SweepError:
    """One error for mistakes, of which there may be as many as jobs.

    Args:
        mistakes: each of them.
        uncounted: whether there may be more.

    >>> print(str(first_ten([f"{n} is wrong." for n in range(12)])).splitlines()[-1])
    - and 2 more.
    """
    rest = len(mistakes) - _MOST
    if rest <= 0 and not uncounted:
        return together(list(mistakes))
    least = "at least " if uncounted else ""
    lines = "".join(f"\n- {mistake}" for mistake in mistakes[:_MOST])
    more = f"\n- and {least}{rest} more." if rest > 0 else ""
    return SweepError(f"{least}{len(mistakes)} mistakes:{lines}{more}", map(Mistake, mistakes))


@contextmanager
def reported_by_hydra() -> Generator[None, None, None]:
    """A mistake in the sweep as an error that Hydra prints without a traceback.

    So is a disk that takes no more, whoever wants to write.
    """
    try:
        yield
    except SweepError as error:
        raise CompactHydraException(str(error)) from error
    except OSError as error:
        if error.errno not in _TAKES_NO_MORE:
            raise
        path = "a file" if error.filename is None else error.filename
        raise CompactHydraException(f"{path} cannot be written: {error.strerror}.") from error


@contextmanager
def composing(job: Sequence[str]) -> Generator[None, None, None]:
    """What Hydra raises for a job that it has no error of its own for.

    Args:
        job: its overrides.

    Raises:
        SweepError: for a value that is nested too deep, or that is where it cannot be.
    """
    shown = cut(" ".join(job), _LONG)
    try:
        yield
    except (HydraException, OmegaConfBaseException):
        raise
    except RecursionError as error:
        raise SweepError(
            f"the job {shown} has a value that is nested too deep for Hydra. Write it"
            " flatter, or as text in quotes."
        ) from error
    # The last two are for a name that is too long for a file, and for no key at all.
    except (TypeError, ValueError, OSError, AssertionError) as error:
        reason = cut(str(error) or type(error).__name__, _LONG)
        raise SweepError(f"Hydra cannot compose the job {shown}: {reason}") from error


@contextmanager
def logged_where_it_can() -> Generator[None, None, None]:
    """Logs without logging's own tracebacks: a log on a full disk takes nothing, others do."""
    before, logging.raiseExceptions = logging.raiseExceptions, False
    try:
        yield
    finally:
        logging.raiseExceptions = before


def named(record: Record) -> str:
    """A job, by its number and its overrides."""
    lines = " ".join(record.overrides)
    return f"job {record.job}{f' ({lines})' if lines else ''}"
