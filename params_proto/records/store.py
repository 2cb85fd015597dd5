"""The records in the directory of a sweep: read, made one's own, written.

Several processes, also of several machines, may want to run one job: a resubmitted job of Slurm,
parts of a sweep that overlap. Who runs it is decided by a file that only one of them can create:
the record, or for a later attempt `12.claim-2`, the second one at job 12. That holds who made it,
and goes once the record says so.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EMLINK, ENOSYS, ENOTSUP, EOPNOTSUPP, EPERM
from pathlib import Path
from typing import IO

from params_proto.errors import SweepError
from params_proto.records.layout import JOBS, OWN, claim_path, record_path, record_paths
from params_proto.records.mode import make, opener
from params_proto.records.process import Process, age, this_process
from params_proto.records.record import Record, Status, UnreadableError, record_of

HEARTBEAT = 30.0  # seconds after which a process says that it lives
# Of a file system that does not know them; the last two are one on Linux, and two on macOS.
_NO_LINKS = (EPERM, ENOSYS, EMLINK, ENOTSUP, EOPNOTSUPP)
STALE = 300.0  # seconds without, after which one on another machine is taken for dead

_CLAIM = re.compile(r"(?P<job>[0-9]+)\.claim-(?P<attempt>[0-9]+)", re.ASCII)
_WRITTEN = re.compile(r"\.(?P<job>[0-9]+)\.json\.(?P<host>.+)-(?P<pid>[0-9]+)\.tmp", re.ASCII)


@dataclass(eq=False)
class Records:
    """The records of a sweep.

    Args:
        directory: the sweep's.
    """

    directory: Path

    def read(self, job: int) -> Record | None:
        """The record of a job; None where there is none.

        Raises:
            UnreadableError: the file is no record.
            SweepError: the file cannot be read.
        """
        content = self._content(job)
        return None if content is None else _record_of(content, job)

    def all(self) -> Iterator[Record | tuple[int, str]]:
        """Every record, by number; of a file that is none, the number and the reason."""
        for job, _ in record_paths(self.directory):
            try:
                record = self.read(job)
            except (UnreadableError, SweepError) as error:
                yield job, str(error)
            else:
                if record is not None:  # nor gone since
                    yield record

    def path(self, job: int) -> Path:
        """The file of a job's record."""
        return record_path(self.directory, job)

    def write(self, record: Record) -> None:
        """Puts a record in the place of the one that was there, so that there always is one whole.

        Raises:
            SweepError: it cannot be written.
        """
        path = self.path(record.job)
        with _whole(path, record.text()) as made:
            os.replace(made, path)

    def begin(self, job: int, record_of: Callable[[int], Record], again: int = 0) -> Record | None:
        """Makes a job this process's own, and says in its record that it runs.

        Args:
            job: its number.
            record_of: the record of an attempt, by its number.
            again: the last attempt that may be made once more although it was completed.

        Returns:
            The record; None where the job is completed, or runs elsewhere.

        Raises:
            SweepError: it cannot be written.
        """
        while True:
            before = self._content(job)
            if before is None and (record := self._first(record_of(1))) is not None:
                return record
            if before is None and self.path(job).exists():
                continue  # somebody was faster
            at, known = 0, _or_none(before, job)
            if known is not None:
                if (known.status is Status.COMPLETED and known.attempt > again) or self.runs(known):
                    return None
                at = known.attempt
            attempt = at + 1
            while not self._claims(claim_path(self.directory, job, attempt)):
                if self._holds(claim_path(self.directory, job, attempt)):
                    return None
                attempt += 1
            if self._content(job) == before:
                record = record_of(attempt)
                try:
                    self.write(record)
                finally:
                    for number in range(at + 1, attempt + 1):
                        with suppress(OSError):
                            claim_path(self.directory, job, number).unlink()
                self._clear(record)
                return record
            # Somebody was faster, and has removed the claim since.
            claim_path(self.directory, job, attempt).unlink(missing_ok=True)

    def _first(self, record: Record) -> Record | None:
        """Writes a record where none is; None if one is there, or only `write` can make it."""
        path = self.path(record.job)
        with _whole(path, record.text()) as made:
            try:
                os.link(made, path)  # which, other than a renaming, does not replace
            except FileExistsError:
                return None
            except OSError as error:
                if error.errno in _NO_LINKS:
                    return None
                raise
            finally:
                os.unlink(made)
        return record

    def _clear(self, record: Record) -> None:
        """Removes what processes have left that died while they wrote a job's record."""
        path = self.path(record.job)
        for other in path.parent.iterdir():
            claim = _CLAIM.fullmatch(other.name)
            if claim and claim["job"] == str(record.job):
                left = int(claim["attempt"]) <= record.attempt
            else:
                left = other.name.startswith(f".{path.name}.") and self._is_left(other)
            if left:
                other.unlink(missing_ok=True)

    def remove_left(self) -> None:
        """Removes what processes have left that died while they wrote the first record of a job."""
        for path in (self.directory / OWN / JOBS).glob("*/*/.*.tmp"):
            if self._is_left(path):
                path.unlink(missing_ok=True)

    def _is_left(self, path: Path) -> bool:
        """Whether a file is one that a process was writing which is gone."""
        written = _WRITTEN.fullmatch(path.name)
        if written is None:
            return False
        return not self._lives(Process(written["host"], int(written["pid"]), None), path)

    def runs(self, record: Record) -> bool:
        """Whether the process of a running job still lives, as far as can be told from here."""
        if record.status is not Status.RUNNING:
            return False
        process = Process(record.host, record.pid, record.process)
        return self._lives(process, self.path(record.job))

    def end(self, record: Record) -> None:
        """Says what became of a job that this process has run.

        Args:
            record: of the attempt that `begin` gave it.

        Raises:
            SweepError: it cannot be written, or the job is another's by now: that of a sweep that
                has begun anew, or of who took this process for dead.
        """
        there = _or_none(self._content(record.job), record.job)
        if there is None or _attempt(there) != _attempt(record):
            raise SweepError(f"{self.path(record.job)} is another attempt's by now.")
        self.write(record)

    def close(self, record: Record, status: Status, ended: str) -> None:
        """Says of a running job whose process is gone what became of it.

        It does nothing where another process has gone on with the job since.
        """
        if _or_none(self._content(record.job), record.job) == record:
            self.write(record._replace(status=status, ended=ended))

    def _content(self, job: int) -> bytes | None:
        path = self.path(job)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SweepError(
                f"{path} cannot be read: {error.strerror or error}. It is the record of job {job}:"
                " make it readable, or remove it, and the job runs again."
            ) from error

    def _claims(self, path: Path) -> bool:
        me = json.dumps(this_process())
        try:
            with _in_its_folder(path, "x") as file:
                file.write(me)
        except FileExistsError:
            return False
        except OSError as error:
            raise _unwritten(path, error) from error
        return True

    def _holds(self, claim: Path) -> bool:
        """Whether whoever made a claim lives."""
        try:
            process = Process(*json.loads(claim.read_bytes()))
        except FileNotFoundError:
            return False  # it has become a record
        except (ValueError, TypeError):  # it is being written, or was when the machine went down
            return age(claim) < STALE
        return self._lives(process, claim)

    def _lives(self, process: Process, sign: Path) -> bool:
        return process.lives if process.is_local else age(sign) < STALE


@contextmanager
def _whole(path: Path, text: str) -> Generator[str, None, None]:
    """A file beside another, with a text that is to be its content.

    Raises:
        SweepError: it cannot be written, or not put there. It is removed.
    """
    me = this_process()
    made = f"{path.parent}/.{path.name}.{me.host}-{me.pid}.tmp"
    try:
        with _in_its_folder(Path(made), "w") as file:
            file.write(text)
        yield made
    except OSError as error:
        with suppress(OSError):
            os.unlink(made)
        raise _unwritten(path, error) from error


def _in_its_folder(path: Path, mode: str) -> IO[str]:
    """Opens a file whose folder may not be there yet."""
    try:
        return open(path, mode, encoding="utf-8", opener=opener)
    except FileNotFoundError:
        make(path.parent)
        return open(path, mode, encoding="utf-8", opener=opener)


def _unwritten(path: Path, error: OSError) -> SweepError:
    return SweepError(f"{path} cannot be written: {error.strerror or error}.")


def _record_of(content: bytes, job: int) -> Record:
    record = record_of(content)
    if record.job != job:
        raise UnreadableError(f"it is the record of job {record.job}")
    return record


def _attempt(record: Record) -> tuple[object, ...]:
    """What tells one attempt at a job from all others."""
    return record.attempt, record.started, record.host, record.pid, record.identity


def _or_none(content: bytes | None, job: int) -> Record | None:
    try:
        return None if content is None else _record_of(content, job)
    except UnreadableError:
        return None  # the job runs again
