"""The record of a job: one JSON object."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple

from params_proto.records.manifest import UnreadableError, check_types, read_object
from params_proto.records.process import Process, this_process


class Status(str, Enum):
    """The status of a job that has a record; one without is `pending`."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"  # it raised
    CRASHED = "crashed"  # its process died
    INTERRUPTED = "interrupted"  # by Ctrl-C or SIGTERM


FAILURES = (Status.FAILED, Status.CRASHED)  # count for max_failures and retries


class Failure(NamedTuple):
    """The exception of a job.

    Args:
        type: the name of its class.
        message: its text.
        traceback: as printed by Python.
    """

    type: str
    message: str
    traceback: str


class Record(NamedTuple):
    """The last attempt at a job.

    Args:
        job: its number, the index in the whole sweep.
        overrides: its Hydra overrides.
        config: the swept keys and their values.
        identity: order-independent hash of the overrides.
        dir: its directory, relative to the sweep directory if inside.
        host: the machine on which it runs or ran.
        pid: its process id there.
        process: when that process started, in a system-specific form, as pids are reused.
        attempt: 1, plus one for each rerun.
        status: how it ended, or RUNNING.
        started: when it started, ISO 8601 with time zone.
        ended: when it ended; None while it runs.
        duration: seconds, by a clock that cannot be set.
        value: what the task returned, as far as JSON can represent it.
        error: the exception.
        failures: how many attempts before this one failed or crashed.
    """

    job: int
    overrides: list[str]
    config: dict[str, Any]
    identity: str
    dir: str
    host: str
    pid: int
    process: str | None
    attempt: int
    status: Status
    started: str
    ended: str | None = None
    duration: float | None = None
    value: Any = None
    error: Failure | None = None
    failures: int = 0

    @classmethod
    def start(
        cls, *, job: int, overrides: list[str], config: dict[str, Any], identity: str, dir: str
    ) -> Record:
        """The record of a first attempt that this process starts now."""
        process = this_process()
        return cls(job, overrides, config, identity, dir, *process, 1, Status.RUNNING, now())

    @property
    def runner(self) -> Process:
        """The process that made the attempt."""
        return Process(self.host, self.pid, self.process)

    @property
    def attempt_key(self) -> tuple[object, ...]:
        """Identifies the attempt among all others, including those of other sweeps."""
        return self.attempt, self.started, self.host, self.pid, self.identity

    @property
    def is_mine(self) -> bool:
        """Whether this process made the attempt."""
        return self.runner == this_process()

    @property
    def failed_attempts(self) -> int:
        """How many attempts at the job have failed or crashed, including this one."""
        return self.failures + (self.status in FAILURES)

    @property
    def reason(self) -> str:
        """Why the attempt failed, in one line."""
        if self.error is None:
            return "its process died"
        first = self.error.message.strip().partition("\n")[0]
        return f"{self.error.type}: {first:.200}" if first else self.error.type

    def text(self) -> str:
        """The record as one line of JSON."""
        error = None if self.error is None else self.error._asdict()
        return json.dumps({**self._asdict(), "error": error}, allow_nan=False)


_TEXT, _MAYBE = (str,), (str, type(None))
_TYPES: dict[str, tuple[type, ...]] = {
    **{"job": (int,), "overrides": (list,), "config": (dict,), "identity": _TEXT, "dir": _TEXT},
    **{"host": _TEXT, "pid": (int,), "process": _MAYBE, "attempt": (int,), "status": _TEXT},
    **{"started": _TEXT, "ended": _MAYBE, "duration": (int, float, type(None))},
    **{"error": (dict, type(None)), "failures": (int, type(None))},
}


def read_record(text: str | bytes) -> Record:
    """Reads a record from JSON, ignoring keys that a later version may have added.

    >>> read_record("{}")
    Traceback (most recent call last):
        ...
    params_proto.records.manifest.UnreadableError: job is None
    """
    values = read_object(text)
    check_types(values, _TYPES)
    known: dict[str, Any] = {name: values.get(name) for name in Record._fields}
    known["failures"] = known["failures"] or 0  # optional
    try:
        known["status"] = Status(values["status"])
    except ValueError as unknown:
        raise UnreadableError(f"status is {values['status']!r:.60}") from unknown
    error = known["error"]
    if error is not None:
        check_types(error, dict.fromkeys(Failure._fields, _TEXT))
        known["error"] = Failure(error["type"], error["message"], error["traceback"])
    return Record(**known)


def now() -> str:
    """The current time as in records, ISO 8601 with time zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
