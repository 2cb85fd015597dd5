"""Records in a directory: read, claimed, written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from errno import EPERM
from pathlib import Path

import pytest

from params_proto.errors import SweepError
from params_proto.records import Record, Records, Status
from params_proto.records.layout import claim_path
from params_proto.records.process import Process, this_process
from params_proto.records.record import UnreadableError
from tests.records.test_record import RECORD

JOB = 1234


@pytest.fixture(params=["links", "no links"])
def records(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Records:
    if request.param == "no links":  # as on a file system that has none

        def refused(*paths: object) -> None:
            raise PermissionError(EPERM, os.strerror(EPERM))

        monkeypatch.setattr(os, "link", refused)
    return Records(tmp_path)


@pytest.fixture(scope="module")
def dead() -> Process:
    """A process of this machine that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return Process(this_process().host, child.pid, "it began/1")


def of(process: Process, status: Status = Status.RUNNING, attempt: int = 1) -> Record:
    host, pid, began = process
    return RECORD._replace(
        job=JOB, host=host, pid=pid, process=began, status=status, attempt=attempt
    )


def claimed(records: Records, process: Process, attempt: int = 1) -> Path:
    """The file of a claim that a process has made."""
    path = claim_path(records.directory, JOB, attempt)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(process))
    return path


def touched(path: Path, ago: float) -> None:
    then = time.time() - ago
    os.utime(path, (then, then))


def begun(records: Records, again: int = 0) -> int | None:
    """The attempt that this process makes."""
    me = this_process()
    found = records.begin(JOB, lambda attempt: of(me, attempt=attempt), again)
    if found is None:
        return None
    assert records.read(JOB) == found == of(me, attempt=found.attempt)
    assert names(records) == [f"{JOB}.json"]
    return found.attempt


def names(records: Records) -> list[str]:
    return sorted(path.name for path in records.path(JOB).parent.iterdir())


def test_what_is_written_is_read(records: Records) -> None:
    assert records.read(JOB) is None
    for status in Status:
        record = RECORD._replace(job=JOB, status=status)
        records.write(record)
        assert records.read(JOB) == record
    assert names(records) == [f"{JOB}.json"]


def test_all_of_them(records: Records) -> None:
    written = [RECORD._replace(job=job) for job in (2, 999, 1000, 5_000_000)]
    for record in reversed(written):
        records.write(record)
    records.path(7).write_text("{")
    records.path(8).mkdir()
    records.path(2).with_name("notes.txt").write_text("")
    first, (seven, no_json), (eight, unread), *rest = records.all()
    assert [first, *rest] == written
    assert (seven, no_json[:16]) == (7, "it is no JSON: E")
    assert eight == 8
    assert isinstance(unread, str)
    assert "8.json cannot be read: Is a directory. It is the record of job 8: make it" in unread


def test_the_record_of_another_job(records: Records) -> None:
    records.write(RECORD._replace(job=3, status=Status.COMPLETED))
    path = records.path(JOB)
    path.parent.mkdir(parents=True)
    path.write_text(records.path(3).read_text())
    with pytest.raises(UnreadableError, match="it is the record of job 3"):
        records.read(JOB)
    assert begun(records) == 1


def test_a_record_that_cannot_be_written(records: Records) -> None:
    records.path(JOB).mkdir(parents=True)
    with pytest.raises(SweepError, match=rf"{JOB}\.json cannot be written: Is a directory\."):
        records.write(RECORD._replace(job=JOB))
    assert names(records) == [f"{JOB}.json"]


def test_a_file_in_the_place_of_the_folder(records: Records) -> None:
    (records.directory / ".sweep").write_text("")
    with pytest.raises(SweepError, match="cannot be written: Not a directory"):
        records.write(RECORD)
    with pytest.raises(SweepError, match="cannot be read: Not a directory"):
        begun(records)


def test_a_job_begins_once(records: Records) -> None:
    assert begun(records) == 1
    assert begun(records) is None
    records.write(of(this_process(), Status.FAILED))
    assert begun(records) == 2
    assert begun(records) is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.CRASHED, Status.INTERRUPTED])
def test_the_next_attempt(records: Records, status: Status) -> None:
    records.write(of(this_process(), status, attempt=4))
    assert begun(records) == 5


@pytest.mark.parametrize(("again", "attempt"), [(0, None), (2, None), (3, 4), (4, 4)])
def test_a_completed_job(records: Records, dead: Process, again: int, attempt: int | None) -> None:
    records.write(of(dead, Status.COMPLETED, attempt=3))
    assert begun(records, again) == attempt


def test_a_job_of_a_dead_process(records: Records, dead: Process) -> None:
    records.write(of(dead))
    assert not records.runs(of(dead))
    assert begun(records) == 2


def test_a_number_that_another_process_has_now(records: Records) -> None:
    before = this_process()._replace(began="an earlier boot/1")
    records.write(of(before))
    assert begun(records) == 2


@pytest.mark.parametrize(("ago", "runs"), [(0, True), (280, True), (320, False)])
def test_a_job_of_another_machine(records: Records, ago: float, runs: bool) -> None:
    record = of(Process("elsewhere", os.getpid(), this_process().began))
    records.write(record)
    touched(records.path(JOB), ago)
    assert records.runs(record) == runs
    assert begun(records) == (None if runs else 2)


def test_only_what_is_said_to_run_does(records: Records) -> None:
    records.write(of(this_process()))
    ended = [status for status in Status if records.runs(of(this_process(), status))]
    assert ended == [Status.RUNNING]


def test_what_a_dead_process_has_claimed(records: Records, dead: Process) -> None:
    records.write(of(dead, Status.FAILED, attempt=1))
    claimed(records, dead, 2)
    claimed(records, dead, 3)
    assert begun(records) == 4
    assert begun(records) is None


def test_what_a_living_process_has_claimed(records: Records, dead: Process) -> None:
    records.write(of(dead, Status.FAILED, attempt=1))
    claimed(records, dead, 2)
    claimed(records, this_process(), 3)
    assert begun(records) is None
    assert records.read(JOB) == of(dead, Status.FAILED, attempt=1)


@pytest.mark.parametrize(("ago", "holds"), [(0, True), (280, True), (320, False)])
def test_what_another_machine_has_claimed(
    records: Records, dead: Process, ago: float, holds: bool
) -> None:
    records.write(of(dead, Status.FAILED))
    touched(claimed(records, Process("elsewhere", 1, None), 2), ago)
    assert begun(records) == (None if holds else 3)


@pytest.mark.parametrize("content", ["", '["node7", 42', "[]", "[1,2,3,4]", "7", "{}", "\ud800"])
@pytest.mark.parametrize(("ago", "holds"), [(0, True), (320, False)])
def test_a_claim_that_is_being_written(
    records: Records, dead: Process, content: str, ago: float, holds: bool
) -> None:
    records.write(of(dead, Status.FAILED))
    path = claimed(records, this_process(), 2)
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    touched(path, ago)
    assert begun(records) == (None if holds else 3)


@pytest.mark.parametrize("content", ["", "{}", "null", '{"job": 1234}'])
def test_a_damaged_record_is_none(records: Records, content: str) -> None:
    records.path(JOB).parent.mkdir(parents=True)
    records.path(JOB).write_text(content)
    with pytest.raises(UnreadableError):
        records.read(JOB)
    assert begun(records) == 1


def test_it_is_said_what_became_of_a_job(records: Records, dead: Process) -> None:
    records.write(of(dead))
    records.close(of(dead), Status.CRASHED, "2026-11-24T10:00:02.000+01:00")
    assert records.read(JOB) == of(dead)._replace(
        status=Status.CRASHED, ended="2026-11-24T10:00:02.000+01:00"
    )


RACE = """
import os
import sys
from pathlib import Path
from params_proto.records import Record, Records, Status
from params_proto.records.process import this_process

records, me = Records(Path("out")), this_process()
LINKS
sys.stdin.readline()
for job in range(150):
    def running(attempt):
        return Record(job, [], {}, "", "", *me, attempt, Status.RUNNING, "")

    record = records.begin(job, running)
    if record is not None:
        records.write(record._replace(status=Status.COMPLETED))
        print(job, record.attempt)
"""


NO_LINKS = "os.link = lambda *paths: exec('raise PermissionError(1, str())')"


@pytest.mark.parametrize("there", ["another attempt", "another sweep", "nothing"])
def test_an_attempt_ends_that_has_not_become_anothers(records: Records, there: str) -> None:
    mine = of(this_process())
    ended = mine._replace(status=Status.COMPLETED, value=1)
    other = mine._replace(attempt=2) if there == "another attempt" else mine._replace(identity="x")
    if there != "nothing":
        records.write(other)
    with pytest.raises(SweepError, match=rf"{mine.job}\.json is another attempt's by now"):
        records.end(ended)
    assert records.read(mine.job) == (None if there == "nothing" else other)
    records.write(mine)
    records.end(ended)
    assert records.read(mine.job) == ended


def test_a_job_that_has_gone_on_since_is_not_closed(records: Records, dead: Process) -> None:
    records.write(of(dead))
    done = of(this_process(), Status.COMPLETED, attempt=2)
    records.write(done)
    records.close(of(dead), Status.CRASHED, "2026-11-24T10:00:02.000+01:00")
    assert records.read(JOB) == done


@pytest.mark.parametrize("links", ["", NO_LINKS], ids=["links", "no links"])
def test_of_many_processes_one_runs_a_job(tmp_path: Path, links: str) -> None:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RACE.replace("LINKS", links)],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ran = [line for process in started for line in process.communicate()[0].splitlines()]
    assert sorted(ran) == sorted(f"{job} 1" for job in range(150))
    assert not list((tmp_path / "out").rglob("*.claim-*"))
    assert not list((tmp_path / "out").rglob("*.tmp"))
