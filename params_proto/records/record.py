"""The record of a job: one JSON object."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, cast

from params_proto.records.json_text import read_json


class Status(str, Enum):
    """What became of a job. One that is planned and has no record is `pending`."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"  # it raised
    CRASHED = "crashed"  # its process died
    INTERRUPTED = "interrupted"  # by Ctrl-C or SIGTERM


class Failure(NamedTuple):
    """What a job raised.

    Args:
        type: the name of the class.
        message: its text.
        traceback: as Python prints it.
    """

    type: str
    message: str
    traceback: str


class Record(NamedTuple):
    """A job, as it stands.

    Args:
        job: its number, the index in the whole sweep.
        overrides: those of Hydra.
        config: the swept keys and their values.
        identity: of its overrides, in whichever order.
        dir: its directory, relative to that of the sweep where it is in there.
        host: where it runs or ran.
        pid: in which process.
        process: when that began, in a form of the system's own: a pid is used again.
        attempt: 1, and one more each time it is run again.
        status: what became of it.
        started: when, ISO 8601 with the zone.
        ended: when; None while it runs.
        duration: seconds, by a clock that is never set.
        value: what the task returned, as far as it is JSON.
        error: what it raised.
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

    def text(self) -> str:
        """The JSON, in one line."""
        error = None if self.error is None else self.error._asdict()
        return json.dumps({**self._asdict(), "error": error}, allow_nan=False)


class UnreadableError(ValueError):
    """A file that is no record."""


_KINDS: dict[str, tuple[type, ...]] = {
    "job": (int,),
    "overrides": (list,),
    "config": (dict,),
    "identity": (str,),
    "dir": (str,),
    "host": (str,),
    "pid": (int,),
    "process": (str, type(None)),
    "attempt": (int,),
    "status": (str,),
    "started": (str,),
    "ended": (str, type(None)),
    "duration": (int, float, type(None)),
    "error": (dict, type(None)),
}


def record_of(text: str | bytes) -> Record:
    """The record that a text holds. Keys that a later version may have added are ignored.

    Args:
        text: JSON.

    Raises:
        UnreadableError: it is none.

    >>> record_of("{}")
    Traceback (most recent call last):
        ...
    params_proto.records.record.UnreadableError: job is missing
    """
    try:
        found = read_json(text, finite=True)
    except ValueError as error:
        raise UnreadableError(f"it is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise UnreadableError("it is no JSON object")
    values = cast("dict[str, Any]", found)
    for name, kinds in _KINDS.items():
        if name not in values:
            raise UnreadableError(f"{name} is missing")
        if type(values[name]) not in kinds:
            raise UnreadableError(f"{name} is {values[name]!r:.60}")
    if not all(isinstance(line, str) for line in values["overrides"]):
        raise UnreadableError("overrides are not all text")
    error = values["error"]
    if error is not None:
        texts = {name: error.get(name) for name in Failure._fields}
        if not all(isinstance(text, str) for text in texts.values()):
            raise UnreadableError("error is incomplete")
        error = Failure(**texts)
    try:
        status = Status(values["status"])
    except ValueError as unknown:
        raise UnreadableError(f"status is {values['status']!r:.60}") from unknown
    known: dict[str, Any] = {name: values.get(name) for name in Record._fields}
    known.update(status=status, error=error)
    return Record(**known)


def now() -> str:
    """The time as records have it, ISO 8601 with its zone."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
