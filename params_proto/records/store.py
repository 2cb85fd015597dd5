"""The jobs of a sweep, in its directory: which have run, which run, and who makes the next attempt.

Several processes, also of several machines, may want to run one job: a resubmitted job of Slurm,
shards of a sweep that overlap, workers that share a directory. Who runs it is decided by a file
that only one of them can create: the record, or for a later attempt `12.claim-2`, the second one at
job 12. That says who made it, and goes once the record says so.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.records.lock import STALE, is_held, keep_alive
from params_proto.records.manifest import (
    UnreadableError,
    claim_path,
    draft,
    drafts,
    open_file,
    record_path,
    record_paths,
)
from params_proto.records.process import Process, age, this_process
from params_proto.records.record import Record, Status, read_record


@dataclass(frozen=True, eq=False)
class JobStore:
    """The state of each job of a sweep. Any process can open it: it needs the directory alone.

    >>> import tempfile
    >>> store = JobStore(Path(tempfile.mkdtemp()))
    >>> job = Record.start(job=3, overrides=["a=1"], config={"a": 1}, identity="0f", dir="3")
    >>> record = store.claim(job)
    >>> with store.keep_alive(record):  # run the job, which no other process can claim
    ...     store.claim(job)
    >>> store.finish(record._replace(status=Status.COMPLETED, ended=record.started, value=0.5))
    True
    >>> store.read(3).value
    0.5

    Args:
        directory: the sweep's.
    """

    directory: Path

    def path(self, job: int) -> Path:
        """The file of a job's record."""
        return record_path(self.directory, job)

    def read(self, job: int) -> Record | None:
        """The record of a job; None where there is none.

        Raises:
            UnreadableError: the file is not a record.
            SweepError: the file cannot be read.
        """
        content = self._content(job)
        return None if content is None else _record(content, job)

    def all(self) -> Iterator[Record | tuple[int, str]]:
        """Every record, by number; of a file that is not one, the number and the reason."""
        for job, _ in record_paths(self.directory):
            try:
                record = self.read(job)
            except (UnreadableError, SweepError) as error:
                yield job, str(error)
            else:
                if record is not None:  # it may be gone since
                    yield record

    def is_running(self, record: Record) -> bool:
        """Whether the process of a running job is alive, as far as this machine can tell."""
        return record.status is Status.RUNNING and is_held(self.path(record.job), record.runner)

    def claim(self, first: Record, rerun_after: int = 0) -> Record | None:
        """Takes a job for this process, and records that it runs.

        Args:
            first: the record of a first attempt at it, `Record.start(...)`.
            rerun_after: number of the last attempt if a completed job is to be rerun, else 0.

        Returns:
            The record; None where the job is completed, or runs elsewhere.

        Raises:
            SweepError: it cannot be written.
        """
        job = first.job
        while True:
            before = self._content(job)
            if before is None and self._create(first):
                return first
            last = _record_or_none(before, job)
            if last is not None and (
                (last.status is Status.COMPLETED and last.attempt > rerun_after)
                or self.is_running(last)
            ):
                return None
            attempt = 1 + (last.attempt if last else 0)
            claims = [claim_path(self.directory, job, attempt)]
            while not self._create_claim(claims[-1]):
                if self._is_claimed(claims[-1]):
                    return None
                attempt += 1  # after the claim of a dead process
                claims.append(claim_path(self.directory, job, attempt))
            try:
                if self._content(job) == before:  # no other process has been faster
                    record = first._replace(attempt=attempt)
                    self.write(record)
                    return record
            finally:
                for claim in claims:
                    with suppress(OSError):
                        claim.unlink()

    def keep_alive(self, record: Record) -> AbstractContextManager[None]:
        """Says to other machines, while a job runs, that it does."""
        return keep_alive(self.path(record.job))

    def finish(self, record: Record) -> bool:
        """Records how an attempt ended.

        The process that made it has the last word. What others conclude, that it crashed or was
        interrupted, counts only while the record says that it runs.

        Args:
            record: the one that `claim` returned or `read` found, with its new status.

        Returns:
            Whether it was written: not where the job has been claimed again since, by a sweep that
            started over or by a process that took this one for dead.

        Raises:
            SweepError: it cannot be written.
        """
        there = _record_or_none(self._content(record.job), record.job)
        if there is None or _attempt(there) != _attempt(record):
            return False
        if there.status is not Status.RUNNING and record.runner != this_process():
            return False
        self.write(record)
        return True

    def write(self, record: Record) -> None:
        """Puts a record in the place of the one that was there, so that there always is one whole.

        Raises:
            SweepError: it cannot be written.
        """
        path = self.path(record.job)
        try:
            with draft(path, record.text()) as made:
                os.replace(made, path)
        except OSError as error:
            raise _unwritten(path, error) from error

    def remove_drafts(self) -> None:
        """Removes the files of processes that died while they wrote."""
        for path, process in drafts(self.directory):
            if not is_held(path, process):
                path.unlink(missing_ok=True)

    def _create(self, record: Record) -> bool:
        """Writes a record where there is none; False also on a file system without links."""
        path = self.path(record.job)
        with suppress(OSError), draft(path, record.text()) as made:
            try:
                os.link(made, path)  # which, other than a renaming, does not replace
                return True
            finally:
                os.unlink(made)
        return False

    def _content(self, job: int) -> bytes | None:
        path = self.path(job)
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SweepError(
                f"{path} cannot be read: {reason(error)}. It is the record of job {job}: make it"
                " readable, or remove it, and the job runs again."
            ) from error

    def _create_claim(self, path: Path) -> bool:
        try:
            with open_file(path, "x") as file:
                json.dump(this_process(), file)
        except FileExistsError:
            return False
        except OSError as error:
            with suppress(OSError):  # on a full disk the file is there, and empty
                path.unlink()
            raise _unwritten(path, error) from error
        return True

    def _is_claimed(self, claim: Path) -> bool:
        """Whether the process that made a claim is alive."""
        try:
            process = Process(*json.loads(claim.read_bytes()))
        except FileNotFoundError:
            return False  # it has become a record
        except (ValueError, TypeError):  # it is being written, or was when the machine went down
            return age(claim) < STALE
        return is_held(claim, process)


def _record(content: bytes, job: int) -> Record:
    record = read_record(content)
    if record.job != job:
        raise UnreadableError(f"it is the record of job {record.job}")
    return record


def _record_or_none(content: bytes | None, job: int) -> Record | None:
    try:
        return None if content is None else _record(content, job)
    except UnreadableError:
        return None  # the job runs again


def _attempt(record: Record) -> tuple[object, ...]:
    """What distinguishes an attempt from all others, also from those of an earlier sweep."""
    return record.attempt, record.started, record.host, record.pid, record.identity


def _unwritten(path: Path, error: OSError) -> SweepError:
    return SweepError(f"{path} cannot be written: {reason(error)}.")
