"""Checks what must hold for a sweep at any moment, and once it is completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import JOBS, RUNNING_DIR, STATE_DIR
from tests.faults.sweeps import Sweep
from tests.faults.violations import expect

Values = Mapping[int, Any]
"""The return value of each job."""


@dataclass
class CompletedJobs:
    """The jobs that were seen completed: their records must not change, nor may they run again.

    Args:
        sweep: the sweep.
    """

    sweep: Sweep
    _records: dict[int, Record] = field(default_factory=dict[int, Record])
    _seen: int = 0

    def check(self) -> None:
        """Checks the records, and the events since the last check."""
        events = self.sweep.events
        for event, job, pid in events[self._seen :]:
            is_rerun = event == "start" and int(job) in self._records
            expect(not is_rerun, f"job {job} was completed and ran again, in process {pid}")
        current = records(self.sweep.directory)
        for number, record in self._records.items():
            expect(current.get(number) == record, f"the record of job {number} changed: {record}")
        self._records = {
            number: record
            for number, record in current.items()
            if record.status is Status.COMPLETED
        }
        self._seen = len(events)

    def completed(self) -> set[int]:
        """The jobs that are completed now."""
        return self._with_status(Status.COMPLETED)

    def running(self) -> set[int]:
        """The jobs whose records say that they are running."""
        return self._with_status(Status.RUNNING)

    def _with_status(self, status: Status) -> set[int]:
        current = records(self.sweep.directory)
        return {number for number, record in current.items() if record.status is status}


def records(directory: Path) -> dict[int, Record]:
    """All records by job number; expects each to be valid."""
    found: dict[int, Record] = {}
    for record in JobStore(directory).all():
        expect(isinstance(record, Record), f"{directory} has an invalid record: {record}")
        assert isinstance(record, Record)
        found[record.job] = record
    return found


def expect_completed(sweep: Sweep, values: Values) -> None:
    """Expects each job to have completed once, with its value, and no files to be left over."""
    found = records(sweep.directory)
    last = sweep.runs[-1].output
    expect(set(found) == set(values), f"jobs {set(found) ^ set(values)} have no record", last)
    for number, record in found.items():
        expect(record.status is Status.COMPLETED, f"job {number} is {record.status.value}", last)
        expect(record.value == values[number], f"job {number} returned {record.value}", last)
        expect((record.duration or 0) > 0, f"job {number} took {record.duration} seconds", last)
        expect(record.error is None, f"job {number} has an error: {record.error}", last)
    expect_runs(sweep.events, found)
    # If nothing was left to run, the last command only read the directory.
    wrote = "Nothing is left" not in sweep.runs[-1].text()
    expect_nothing_left(sweep.directory if wrote else sweep.directory / STATE_DIR / JOBS)


def expect_runs(events: Sequence[Sequence[str]], found: Mapping[int, Record]) -> None:
    """Expects each job to have run at most once per attempt, never concurrently, and to the end."""
    running: dict[str, str] = {}
    started: dict[str, int] = {}
    ended: set[str] = set()
    for event, job, pid in events:
        if event == "start":
            running[job] = pid
            started[job] = started.get(job, 0) + 1
        else:
            expect(
                running.get(job) == pid, f"job {job} ran in process {pid} and in another at once"
            )
            ended.add(job)
    for number, record in found.items():
        expect(str(number) in ended, f"job {number} is completed, but did not run to the end")
        times = started[str(number)]
        expect(times <= record.attempt, f"job {number} started {times} times: {record}")


def expect_nothing_left(directory: Path) -> None:
    """Expects no claims or leases to be left; a kill may leave temporary files, never read."""
    left = [
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if not path.name.endswith(".tmp")
        and (".claim-" in path.name or path.parent.name == RUNNING_DIR)
    ]
    expect(not left, f"{', '.join(left)} left in {directory}")
