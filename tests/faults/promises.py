"""What is true of a sweep at any moment, and of a completed one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import JOBS, OWN, RUNNING
from tests.faults.sweeps import Sweep
from tests.faults.violations import expect

Values = Mapping[int, Any]
"""What each job returns."""


@dataclass
class Done:
    """The jobs seen completed: each stays as it is, and never starts again.

    Args:
        sweep: whose jobs.
    """

    sweep: Sweep
    _records: dict[int, Record] = field(default_factory=dict[int, Record])
    _seen: int = 0

    def look(self) -> None:
        """Checks the records, and the events of jobs since the last time."""
        events = self.sweep.events
        for what, job, pid in events[self._seen :]:
            again = what == "begin" and int(job) in self._records
            expect(not again, f"job {job} was completed and ran again, in process {pid}")
        found = records(self.sweep.directory)
        for number, record in self._records.items():
            expect(found.get(number) == record, f"the record of job {number} is another: {record}")
        self._records = {n: one for n, one in found.items() if one.status is Status.COMPLETED}
        self._seen = len(events)

    def completed(self) -> set[int]:
        """The jobs that are completed now."""
        return self._of(Status.COMPLETED)

    def running(self) -> set[int]:
        """The jobs that are recorded as running."""
        return self._of(Status.RUNNING)

    def _of(self, status: Status) -> set[int]:
        found = records(self.sweep.directory)
        return {number for number, record in found.items() if record.status is status}


def records(directory: Path) -> dict[int, Record]:
    """All records, each of them complete."""
    found: dict[int, Record] = {}
    for record in JobStore(directory).all():
        expect(isinstance(record, Record), f"{directory} has an invalid record: {record}")
        assert isinstance(record, Record)
        found[record.job] = record
    return found


def expect_done(sweep: Sweep, values: Values) -> None:
    """Checks that each job was completed once, with the right value, and nothing is left over."""
    found = records(sweep.directory)
    last = sweep.runs[-1].output
    expect(set(found) == set(values), f"jobs {set(found) ^ set(values)} have no record", last)
    for number, record in found.items():
        expect(record.status is Status.COMPLETED, f"job {number} is {record.status.value}", last)
        expect(record.value == values[number], f"job {number} returned {record.value}", last)
        expect((record.duration or 0) > 0, f"job {number} took {record.duration} seconds", last)
        expect(record.error is None, f"job {number} has an error: {record.error}", last)
    expect_bodies(sweep.events, found)
    # Where nothing was left to run, the directory was only read.
    wrote = "Nothing is left" not in sweep.runs[-1].text()
    expect_nothing_left(sweep.directory if wrote else sweep.directory / OWN / JOBS)


def expect_bodies(events: Sequence[Sequence[str]], found: Mapping[int, Record]) -> None:
    """Checks that a job's body ran at most once per attempt, one at a time, the last to its end."""
    running: dict[str, str] = {}
    started: dict[str, int] = {}
    ended: set[str] = set()
    for what, job, pid in events:
        if what == "begin":
            running[job] = pid
            started[job] = started.get(job, 0) + 1
        else:
            expect(
                running.get(job) == pid, f"job {job} ran in process {pid} and in another at once"
            )
            ended.add(job)
    for number, record in found.items():
        expect(str(number) in ended, f"job {number} is completed, but its body did not end")
        times = started[str(number)]
        expect(times <= record.attempt, f"job {number} began {times} times: {record}")


def expect_nothing_left(directory: Path) -> None:
    """Checks that no claim or lease is left; a kill may leave a hidden draft, which is not read."""
    left = [
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if not path.name.endswith(".tmp")
        and (".claim-" in path.name or path.parent.name == RUNNING)
    ]
    expect(not left, f"{', '.join(left)} left in {directory}")
