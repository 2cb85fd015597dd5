"""What is wrong with the jobs of a sweep, reported in one error."""

from __future__ import annotations

import errno
import logging
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager

from hydra.errors import CompactHydraException, HydraException
from omegaconf.errors import OmegaConfBaseException

from params_proto.errors import Mistake, SweepError, cut, sentence, together
from params_proto.records import Record

log = logging.getLogger(__name__)

_MOST = 10  # mistakes that one error reports
_TAKES_NO_MORE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_LONG = 200  # characters of a job in a message
_UNCOMPOSED = 100  # jobs that Hydra cannot compose, after which no more are tried


class Mistakes:
    """What is wrong with jobs, each mistake reported once, with the first job that makes it."""

    def __init__(self) -> None:
        self._jobs: dict[str, list[Sequence[str]]] = {}  # that make a mistake
        # Mistakes that name their jobs themselves, by the rule: the first, and how many there are.
        self._whole: dict[str, tuple[str, int]] = {}
        # What Hydra raised, by its reason: the first of them, and the jobs.
        self._errors: dict[str, tuple[HydraException, list[Sequence[str]]]] = {}
        self._hints: dict[str, None] = {}
        self.uncomposed = 0  # jobs that Hydra could not compose

    def add(self, job: Sequence[str], mistakes: Iterable[str]) -> None:
        """Notes the mistakes of one job."""
        for mistake in mistakes:
            self._jobs.setdefault(mistake, []).append(job)

    def add_whole(self, mistake: str, rule: str) -> None:
        """Notes a mistake that names its job, where it has to.

        Args:
            mistake: what is wrong.
            rule: what others that are mended together with it have in common.
        """
        first, count = self._whole.get(rule, (mistake, 0))
        self._whole[rule] = first, count + (first != mistake)

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
        if reason not in self._errors:
            self._errors[reason] = error, []
            self._hints.update(dict.fromkeys(hints))
        self._errors[reason][1].append(job)

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
        jobs = {reason: those for reason, (_, those) in self._errors.items()}
        found = [*_each(jobs), *_each(self._jobs), *_first(self._whole.values())]
        for hint in self._hints:
            log.error(hint)
        if len(found) == len(self._errors) == 1:
            ((error, _),) = self._errors.values()
            raise error
        if found:
            raise first_ten(found, uncounted=self.enough)


def _each(jobs: dict[str, list[Sequence[str]]]) -> Iterator[str]:
    for mistake, those in jobs.items():
        others = f" and {len(those) - 1} more" if len(those) > 1 else ""
        yield f"the job {' '.join(those[0])}{others}: {mistake}"


def _first(whole: Iterable[tuple[str, int]]) -> Iterator[str]:
    for mistake, more in whole:
        others = f"{more} more job{'s' if more > 1 else ''}"
        yield f"{mistake} The same goes for {others}." if more else mistake


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
        SweepError: for a value that is nested too deep, or that stands where it cannot.
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


def counted(number: int) -> str:
    """So many jobs.

    >>> counted(1), counted(12)
    ('1 job', '12 jobs')
    """
    return "1 job" if number == 1 else f"{number} jobs"


def named(record: Record) -> str:
    """A job, by its number and its overrides."""
    lines = " ".join(record.overrides)
    return f"job {record.job}{f' ({lines})' if lines else ''}"
