"""Records in a directory: read, claimed, written."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from errno import EPERM
from pathlib import Path

import pytest

from params_proto import Sweep
from params_proto.errors import SweepError
from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import UnreadableError, claim_path
from params_proto.records.process import Process, this_process
from tests.records.test_record import RECORD

JOB = 1234


@pytest.fixture(params=["links", "no links"])
def records(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> JobStore:
    if request.param == "no links":  # as on a file system that has none

        def refused(*paths: object) -> None:
            raise PermissionError(EPERM, os.strerror(EPERM))

        monkeypatch.setattr(os, "link", refused)
    return JobStore(tmp_path)


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


def claimed(records: JobStore, process: Process, attempt: int = 1) -> Path:
    """The file of a claim that a process has made."""
    path = claim_path(records.directory, JOB, attempt)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(process))
    return path


def touched(path: Path, ago: float) -> None:
    then = time.time() - ago
    os.utime(path, (then, then))


def claim(records: JobStore, rerun_after: int = 0) -> int | None:
    """The attempt that this process makes."""
    me = this_process()
    found = records.claim(of(me), rerun_after)
    if found is None:
        return None
    assert records.read(JOB) == found == of(me, attempt=found.attempt)
    assert names(records) == [f"{JOB}.json"]
    return found.attempt


def names(records: JobStore) -> list[str]:
    return sorted(path.name for path in records.path(JOB).parent.iterdir())


def test_what_is_written_is_read(records: JobStore) -> None:
    assert records.read(JOB) is None
    for status in Status:
        record = RECORD._replace(job=JOB, status=status)
        records.write(record)
        assert records.read(JOB) == record
    assert names(records) == [f"{JOB}.json"]


def test_all_of_them(records: JobStore) -> None:
    written = [RECORD._replace(job=job) for job in (2, 999, 1000, 5_000_000)]
    for record in reversed(written):
        records.write(record)
    records.path(7).write_text("{")
    records.path(8).mkdir()
    records.path(2).with_name("notes.txt").write_text("")
    first, (seven, no_json), (eight, unread), *rest = records.all()
    assert [first, *rest] == written
    assert (seven, no_json[:17]) == (7, "it is not JSON: E")
    assert eight == 8
    assert isinstance(unread, str)
    assert "8.json cannot be read: Is a directory. It is the record of job 8: make it" in unread


def test_the_record_of_another_job(records: JobStore) -> None:
    records.write(RECORD._replace(job=3, status=Status.COMPLETED))
    path = records.path(JOB)
    path.parent.mkdir(parents=True)
    path.write_text(records.path(3).read_text())
    with pytest.raises(UnreadableError, match="it is the record of job 3"):
        records.read(JOB)
    assert claim(records) == 1


def test_a_record_that_cannot_be_written(records: JobStore) -> None:
    records.path(JOB).mkdir(parents=True)
    with pytest.raises(SweepError, match=rf"{JOB}\.json cannot be written: Is a directory\."):
        records.write(RECORD._replace(job=JOB))
    assert names(records) == [f"{JOB}.json"]


def test_a_file_in_the_place_of_the_folder(records: JobStore) -> None:
    (records.directory / ".sweep").write_text("")
    with pytest.raises(SweepError, match="cannot be written: File exists"):
        records.write(RECORD)
    with pytest.raises(SweepError, match="cannot be read: Not a directory"):
        claim(records)


def test_a_job_begins_once(records: JobStore) -> None:
    assert claim(records) == 1
    assert claim(records) is None
    records.write(of(this_process(), Status.FAILED))
    assert claim(records) == 2
    assert claim(records) is None


@pytest.mark.parametrize("status", [Status.FAILED, Status.CRASHED, Status.INTERRUPTED])
def test_the_next_attempt(records: JobStore, status: Status) -> None:
    records.write(of(this_process(), status, attempt=4))
    assert claim(records) == 5


@pytest.mark.parametrize(("rerun_after", "attempt"), [(0, None), (2, None), (3, 4), (4, 4)])
def test_a_completed_job(
    records: JobStore, dead: Process, rerun_after: int, attempt: int | None
) -> None:
    records.write(of(dead, Status.COMPLETED, attempt=3))
    assert claim(records, rerun_after) == attempt


def test_a_job_of_a_dead_process(records: JobStore, dead: Process) -> None:
    records.write(of(dead))
    assert not records.is_running(of(dead))
    assert claim(records) == 2


def test_a_number_that_another_process_has_now(records: JobStore) -> None:
    before = this_process()._replace(start_time="an earlier boot/1")
    records.write(of(before))
    assert claim(records) == 2


@pytest.mark.parametrize(("ago", "runs"), [(0, True), (280, True), (320, False)])
def test_a_job_of_another_machine(records: JobStore, ago: float, runs: bool) -> None:
    record = of(Process("elsewhere", os.getpid(), this_process().start_time))
    records.write(record)
    touched(records.path(JOB), ago)
    assert records.is_running(record) == runs
    assert claim(records) == (None if runs else 2)


def test_only_what_is_said_to_run_does(records: JobStore) -> None:
    records.write(of(this_process()))
    ended = [status for status in Status if records.is_running(of(this_process(), status))]
    assert ended == [Status.RUNNING]


def test_what_a_dead_process_has_claimed(records: JobStore, dead: Process) -> None:
    records.write(of(dead, Status.FAILED, attempt=1))
    claimed(records, dead, 2)
    claimed(records, dead, 3)
    assert claim(records) == 4
    assert claim(records) is None


def test_what_a_living_process_has_claimed(records: JobStore, dead: Process) -> None:
    records.write(of(dead, Status.FAILED, attempt=1))
    claimed(records, dead, 2)
    claimed(records, this_process(), 3)
    assert claim(records) is None
    assert records.read(JOB) == of(dead, Status.FAILED, attempt=1)


@pytest.mark.parametrize(("ago", "holds"), [(0, True), (280, True), (320, False)])
def test_what_another_machine_has_claimed(
    records: JobStore, dead: Process, ago: float, holds: bool
) -> None:
    records.write(of(dead, Status.FAILED))
    touched(claimed(records, Process("elsewhere", 1, None), 2), ago)
    assert claim(records) == (None if holds else 3)


@pytest.mark.parametrize("content", ["", '["node7", 42', "[]", "[1,2,3,4]", "7", "{}", "\ud800"])
@pytest.mark.parametrize(("ago", "holds"), [(0, True), (320, False)])
def test_a_claim_that_is_being_written(
    records: JobStore, dead: Process, content: str, ago: float, holds: bool
) -> None:
    records.write(of(dead, Status.FAILED))
    path = claimed(records, this_process(), 2)
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    touched(path, ago)
    assert claim(records) == (None if holds else 3)


@pytest.mark.parametrize("content", ["", "{}", "null", '{"job": 1234}'])
def test_a_damaged_record_is_none(records: JobStore, content: str) -> None:
    records.path(JOB).parent.mkdir(parents=True)
    records.path(JOB).write_text(content)
    with pytest.raises(UnreadableError):
        records.read(JOB)
    assert claim(records) == 1


@pytest.mark.parametrize("there", ["another attempt", "another sweep", "nothing"])
def test_an_attempt_that_is_no_longer_the_last(records: JobStore, there: str) -> None:
    mine = of(this_process())
    ended = mine._replace(status=Status.COMPLETED, value=1)
    other = mine._replace(attempt=2) if there == "another attempt" else mine._replace(identity="x")
    if there != "nothing":
        records.write(other)
    assert not records.finish(ended)
    assert records.read(mine.job) == (None if there == "nothing" else other)
    records.write(mine)
    assert records.finish(ended)
    assert records.read(mine.job) == ended


@pytest.mark.parametrize("concluded", [Status.CRASHED, Status.INTERRUPTED])
def test_the_process_of_an_attempt_has_the_last_word(records: JobStore, concluded: Status) -> None:
    mine = of(this_process())
    ended = mine._replace(status=Status.COMPLETED, value=1)
    for status in (concluded, Status.COMPLETED):
        records.write(mine._replace(status=status))
        assert records.finish(ended)
        assert records.read(JOB) == ended


def test_what_others_conclude_counts_while_a_job_runs(records: JobStore, dead: Process) -> None:
    records.write(of(dead))
    crashed = of(dead, Status.CRASHED)
    assert records.finish(crashed)
    assert records.read(JOB) == crashed
    for done in (of(dead, Status.COMPLETED), of(this_process(), Status.COMPLETED, attempt=2)):
        records.write(done)
        assert not records.finish(crashed)
        assert records.read(JOB) == done


def test_drafts_of_dead_processes_are_removed(records: JobStore, dead: Process) -> None:
    records.write(of(dead))
    own = records.directory / ".sweep"
    folder = records.path(JOB).parent
    me = this_process()
    (own / "running").mkdir()
    left = [folder / f".{job}.json.{me.host}-{dead.pid}.tmp" for job in (12, 13)]
    left += [own / "running" / f".{me.host}-{dead.pid}.json.{me.host}-{dead.pid}.tmp"]
    others = [folder / f".14.json.{me.host}-{me.pid}.tmp", folder / ".mine.tmp"]
    others += [folder / ".15.json.elsewhere-1.tmp"]
    for path in (*left, *others):
        path.write_text("{")
    records.remove_drafts()
    assert [path.exists() for path in (*left, *others)] == [False] * 3 + [True] * 3
    assert records.read(JOB) == of(dead)


def test_a_full_disk_keeps_no_claim(records: JobStore) -> None:
    records.path(JOB).parent.mkdir(parents=True)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, before[1]))
    try:
        with pytest.raises(SweepError, match="cannot be written: File too large"):
            records.claim(of(this_process()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert names(records) == []
    assert claim(records) == 1


def test_a_record_that_cannot_be_written_keeps_no_claim(records: JobStore) -> None:
    records.write(of(this_process(), Status.FAILED))
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.claim(of(this_process())._replace(value=float("nan")))
    assert claim(records) == 2


RACE = """
import os
import time
from pathlib import Path
from params_proto import Sweep
from params_proto.records import JobStore, Record, Status

LINKS
directory = Path("out")
store = JobStore(directory)
sweep = Sweep.load(directory / "sweep.yaml")
for number, (config, overrides) in enumerate(zip(sweep, sweep.overrides())):
    job = Record.start(job=number, overrides=overrides, config=config, identity="", dir=str(number))
    record = store.claim(job)
    if record is not None:
        with store.keep_alive(record):
            while len({one.pid for one in store.all()}) < 2:  # the other worker comes, too
                time.sleep(0.01)
            value = config["lr"] * 2
        assert store.finish(record._replace(status=Status.COMPLETED, value=value))
        print(number, record.attempt)
"""


NO_LINKS = "os.link = lambda *paths: exec('raise PermissionError(1, str())')"


@pytest.mark.parametrize("links", ["", NO_LINKS], ids=["links", "no links"])
def test_processes_without_a_sweeper_run_each_job_once(tmp_path: Path, links: str) -> None:
    """Given only the directory of a sweep, as workers on several machines are."""
    (tmp_path / "out").mkdir()
    Sweep().product(lr=range(150)).save(tmp_path / "out" / "sweep.yaml")
    code = RACE.replace("LINKS", links)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ran = [line for worker in workers for line in worker.communicate()[0].splitlines()]
    assert sorted(ran) == sorted(f"{job} 1" for job in range(150))
    records = [one for one in JobStore(tmp_path / "out").all() if isinstance(one, Record)]
    assert [(one.job, one.status, one.value) for one in records] == [
        (job, Status.COMPLETED, 2 * job) for job in range(150)
    ]
    assert {record.pid for record in records} == {worker.pid for worker in workers}
    assert not [*(tmp_path / "out").rglob("*.claim-*"), *(tmp_path / "out").rglob("*.tmp")]
