"""The records of a sweep's jobs: which have run, which are running, and who runs which next.

Several processes, on one or several machines, may want to run the same job: a requeued Slurm job,
shards that overlap, workers that share a directory. A file that only one of them can create decides
who runs it: `12.claim-2` is the claim to the second attempt at job 12. It is that attempt's record,
which names the process, and becomes that of the job by renaming.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from params_proto._files import reason
from params_proto.errors import SweepError
from params_proto.records.lock import POLL, is_held, keep_alive
from params_proto.records.manifest import (
    UnreadableError,
    create_file,
    record_path,
    record_paths,
    worker_log,
    write_file,
)
from params_proto.records.process import age
from params_proto.records.record import Record, Status, read_record

_WRITING = 10.0  # seconds a process may take to write a claim after creating it


class UnreadableRecord(NamedTuple):
    """A record that cannot be read. Its job number stays in use.

    Args:
        job: the number of its job.
        reason: why it cannot be read.
    """

    job: int
    reason: str
    identity = ""  # matches no job


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
        directory: the directory of the sweep.
    """

    directory: Path

    def path(self, job: int) -> Path:
        """The file of a job's record."""
        return record_path(self.directory, job)

    def read(self, job: int) -> Record | None:
        """The record of a job; None if it has none."""
        path = self.path(job)
        try:
            record = read_record(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SweepError(
                f"{path} cannot be read: {reason(error)}. It is the record of job {job}: make it"
                " readable, or remove it, and the job runs again."
            ) from error
        if record.job != job:
            raise UnreadableError(f"it is the record of job {record.job}")
        return record

    def all(self) -> Iterator[Record | UnreadableRecord]:
        """Every record, by number, including those that cannot be read."""
        for job, _ in record_paths(self.directory):
            try:
                record = self.read(job)
            except (UnreadableError, SweepError) as error:
                yield UnreadableRecord(job, str(error))
            else:
                if record is not None:  # it may have been removed meanwhile
                    yield record

    def readable(self) -> Iterator[Record]:
        """Every record that can be read, by number."""
        return (record for record in self.all() if isinstance(record, Record))

    def is_running(self, record: Record) -> bool:
        """Whether the process of a running job is alive, as far as this machine can tell."""
        return record.status is Status.RUNNING and is_held(self.path(record.job), record.runner)

    def status_of(self, record: Record) -> Status:
        """The recorded status, except for a running job whose process has died.

        Such a job is CRASHED, or INTERRUPTED if a worker ran it, as other workers then run it
        again.
        """
        if record.status is not Status.RUNNING or self.is_running(record):
            return record.status
        is_by_worker = worker_log(self.directory, record.runner).exists()
        return Status.INTERRUPTED if is_by_worker else Status.CRASHED

    def claim(
        self, first: Record, rerun_after: int = 0, *, after: int | None = None
    ) -> Record | None:
        """Claims a job for this process and records that it is running.

        Args:
            first: the record of a first attempt, `Record.start(...)`.
            rerun_after: number of the last attempt if a completed job is to be rerun, else 0.
            after: claim the job only if its last attempt has this number, 0 for none; None claims
                it in any case.

        Returns:
            The record; None if the job is completed, running elsewhere, or has had other attempts.

        Raises:
            SweepError: it cannot be written.
        """
        while True:
            last = self._last(first.job)
            if after is not None and after != (last.attempt if last else 0):
                return None
            if last is not None and (
                (last.status is Status.COMPLETED and last.attempt > rerun_after)
                or self.is_running(last)
            ):
                return None
            record = first
            if last is not None:
                attempt, failures = last.attempt + 1, last.failed_attempts
                record = first._replace(attempt=attempt, failures=failures)
            path = self.path(first.job)
            claims = [path.with_suffix(f".claim-{record.attempt}")]
            while not self._create_claim(claims[-1], record):
                if self._is_claimed(claims[-1]):
                    return None
                # That attempt belongs to a dead process.
                record = record._replace(attempt=record.attempt + 1)
                claims.append(path.with_suffix(f".claim-{record.attempt}"))
            try:
                if self._last(first.job) == last:  # no other process was faster
                    os.replace(claims[-1], path)
                    claims.pop()
                    return record
            finally:
                for claim in claims:
                    with suppress(OSError):
                        claim.unlink()

    def keep_alive(self, record: Record) -> AbstractContextManager[None]:
        """Shows other machines, within the block, that this process is running the job."""
        return keep_alive(self.path(record.job))

    def finish(self, record: Record) -> bool:
        """Records how an attempt ended; returns whether it was written.

        The process that made the attempt has priority: another one may record that it crashed or
        was interrupted only while its status is RUNNING. Nothing is written if the job has been
        claimed again since, by a sweep that started over or by a process that took this one for
        dead.
        """
        last = self._last(record.job)
        # Another sweep may have used the directory since.
        if last is None or last.attempt_key != record.attempt_key:
            return False
        if last.status is not Status.RUNNING and not record.is_mine:
            return False
        self.write(record)
        return True

    def write(self, record: Record) -> None:
        """Replaces a job's record atomically."""
        try:
            write_file(self.path(record.job), record.text())
        except OSError as error:
            raise self._unwritten(record.job, error) from error

    def _last(self, job: int) -> Record | None:
        """The record of the last attempt; None if it is damaged."""
        with suppress(UnreadableError):
            return self.read(job)
        return None

    def _create_claim(self, path: Path, record: Record) -> bool:
        try:
            create_file(path, "x", record.text())
        except FileExistsError:
            return False
        except OSError as error:
            with suppress(OSError):  # on a full disk, the file exists but is empty
                path.unlink()
            raise self._unwritten(record.job, error) from error
        return True

    def _is_claimed(self, path: Path) -> bool:
        """Whether a claim's process is alive; waits for a claim that is being written."""
        while True:
            with suppress(FileNotFoundError, UnreadableError):
                return is_held(path, read_record(path.read_bytes()).runner)
            if age(path) > _WRITING:  # its process died, or it was renamed to the record
                return False
            time.sleep(POLL)

    def _unwritten(self, job: int, error: OSError) -> SweepError:
        return SweepError(f"{self.path(job)} cannot be written: {reason(error)}.")
