"""Records in a directory: read, claimed, written."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from params_proto import Sweep
from params_proto.errors import SweepError
from params_proto.records import JobStore, Record, Status
from params_proto.records.process import Process, this_process
from tests.conftest import files_of_at_most
from tests.records.test_manifest import PLAN
from tests.records.test_record import RECORD

JOB = 1234
ELSEWHERE = Process("elsewhere", os.getpid(), this_process().start_time)


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path)


@pytest.fixture(scope="module")
def dead() -> Process:
    """A process of this machine that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    return Process(this_process().host, child.pid, "an earlier boot/1")


def of(process: Process, status: Status = Status.RUNNING, attempt: int = 1) -> Record:
    host, pid, start_time = process
    return RECORD._replace(
        job=JOB, host=host, pid=pid, process=start_time, status=status, attempt=attempt
    )


def claimed(store: JobStore, process: Process, attempt: int) -> Path:
    """A process's claim to an attempt that has not become the record yet."""
    path = store.path(JOB).with_suffix(f".claim-{attempt}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(of(process, attempt=attempt).text())
    return path


def touched(path: Path, ago: float) -> None:
    then = time.time() - ago
    os.utime(path, (then, then))


def claim(store: JobStore, rerun_after: int = 0) -> int | None:
    """The attempt that this process makes."""
    me = this_process()
    found = store.claim(of(me), rerun_after)
    if found is None:
        return None
    assert store.read(JOB) == found
    assert found._replace(failures=0) == of(me, attempt=found.attempt)
    assert names(store) == [f"{JOB}.json"]
    return found.attempt


def names(store: JobStore) -> list[str]:
    return sorted(path.name for path in store.path(JOB).parent.iterdir())


def test_all_records_in_order(store: JobStore) -> None:
    written = [RECORD._replace(job=job) for job in (2, 10, 1000, 10_000, 2_000_000, 10_000_000)]
    for record in reversed(written):
        store.write(record)
    store.path(7).write_text("{")
    store.path(8).mkdir()
    store.path(9).write_text(written[0].text())
    store.path(2).with_name("notes.txt").write_text("")
    first, (seven, no_json), (eight, unread), nine, *rest = store.all()
    assert [first, *rest] == written
    assert (seven, no_json[:17]) == (7, "it is not JSON: E")
    assert eight == 8
    assert isinstance(unread, str)
    assert "8.json cannot be read: Is a directory. It is the record of job 8: make it" in unread
    assert nine == (9, "it is the record of job 2")


def test_what_is_in_the_way(store: JobStore) -> None:
    store.path(JOB).mkdir(parents=True)
    with pytest.raises(SweepError, match=rf"{JOB}\.json cannot be written: Is a directory\."):
        store.write(RECORD._replace(job=JOB))
    assert names(store) == [f"{JOB}.json"]
    other = JobStore(store.directory / "other")
    other.directory.mkdir()
    (other.directory / ".sweep").write_text("")
    with pytest.raises(SweepError, match="cannot be written: File exists"):
        other.write(RECORD)
    with pytest.raises(SweepError, match="cannot be read: Not a directory"):
        claim(other)


# --- claims


def test_a_job_is_claimed_once(store: JobStore) -> None:
    assert claim(store) == 1
    assert claim(store) is None


@pytest.mark.parametrize(("rerun_after", "attempt"), [(0, None), (2, None), (3, 4), (4, 4)])
def test_a_completed_job(
    store: JobStore, dead: Process, rerun_after: int, attempt: int | None
) -> None:
    store.write(of(dead, Status.COMPLETED, attempt=3))
    assert claim(store, rerun_after) == attempt


def test_the_job_of_a_dead_process(store: JobStore, dead: Process) -> None:
    reused = this_process()._replace(start_time="an earlier boot/1")  # its pid is in use again
    for attempt, process in enumerate((dead, reused), 2):
        store.write(of(process, attempt=attempt - 1))
        assert claim(store) == attempt


def test_failures_are_counted_apart_from_interruptions(store: JobStore, dead: Process) -> None:
    for status, failures in [
        (Status.FAILED, 1),
        (Status.INTERRUPTED, 1),
        (Status.RUNNING, 1),  # its process died
        (Status.CRASHED, 2),
    ]:
        record = store.claim(of(dead)) or store.read(JOB)
        assert record is not None
        store.write(record._replace(pid=dead.pid, process=dead.start_time, status=status))
        following = store.claim(of(this_process()))
        assert following is not None
        assert (following.attempt, following.failures) == (record.attempt + 1, failures)
        assert store.claim(of(this_process())) is None
        store.write(
            following._replace(pid=dead.pid, process=dead.start_time, status=Status.RUNNING)
        )


@pytest.mark.parametrize(("ago", "is_alive"), [(0, True), (280, True), (320, False)])
def test_another_machine(store: JobStore, dead: Process, ago: float, is_alive: bool) -> None:
    record = of(ELSEWHERE)
    store.write(record)
    touched(store.path(JOB), ago)
    assert store.is_running(record) == is_alive
    assert claim(store) == (None if is_alive else 2)
    store.write(of(dead, Status.FAILED, attempt=5))
    touched(claimed(store, ELSEWHERE, 6), ago)
    assert claim(store) == (None if is_alive else 7)


@pytest.mark.parametrize("first", [1, 2])
def test_the_claims_of_other_processes(store: JobStore, dead: Process, first: int) -> None:
    if first == 2:
        store.write(of(dead, Status.FAILED, attempt=1))
    claimed(store, dead, first)
    living = claimed(store, this_process(), first + 1)
    assert claim(store) is None
    living.write_text(of(dead).text())
    assert claim(store) == first + 2
    assert claim(store) is None


@pytest.mark.parametrize("content", [b"", b'{"job": 12', b"{}", b"\xff"])
def test_a_claim_whose_process_died_while_it_wrote(store: JobStore, content: bytes) -> None:
    path = claimed(store, this_process(), 1)
    path.write_bytes(content)
    touched(path, 20)
    assert claim(store) == 2


def test_a_claim_that_is_being_written_is_waited_for(store: JobStore) -> None:
    path = claimed(store, this_process(), 1)
    whole = path.read_bytes()
    path.write_bytes(b"")
    writer = threading.Timer(0.5, path.write_bytes, [whole])
    writer.start()
    assert claim(store) is None
    writer.join()


def test_a_full_disk_keeps_no_claim(store: JobStore) -> None:
    store.path(JOB).parent.mkdir(parents=True)
    message = "cannot be written: File too large"
    with files_of_at_most(8), pytest.raises(SweepError, match=message):
        store.claim(of(this_process()))
    assert names(store) == []
    assert claim(store) == 1


# --- the end of an attempt


@pytest.mark.parametrize("there", ["another attempt", "another sweep", "nothing"])
def test_an_attempt_that_is_no_longer_the_last(store: JobStore, there: str) -> None:
    mine = of(this_process())
    ended = mine._replace(status=Status.COMPLETED, value=1)
    other = mine._replace(attempt=2) if there == "another attempt" else mine._replace(identity="x")
    if there != "nothing":
        store.write(other)
    assert not store.finish(ended)
    assert store.read(JOB) == (None if there == "nothing" else other)
    store.write(mine)
    assert store.finish(ended)
    assert store.read(JOB) == ended


@pytest.mark.parametrize("concluded", [Status.CRASHED, Status.INTERRUPTED, Status.COMPLETED])
def test_the_process_of_an_attempt_has_the_last_word(store: JobStore, concluded: Status) -> None:
    ended = of(this_process())._replace(status=Status.COMPLETED, value=1)
    store.write(ended._replace(status=concluded, value=None))
    assert store.finish(ended)
    assert store.read(JOB) == ended


def test_what_others_conclude_counts_while_a_job_runs(store: JobStore, dead: Process) -> None:
    store.write(of(dead))
    crashed = of(dead, Status.CRASHED)
    assert store.finish(crashed)
    assert store.read(JOB) == crashed
    for done in (of(dead, Status.COMPLETED), of(this_process(), Status.COMPLETED, attempt=2)):
        store.write(done)
        assert not store.finish(crashed)
        assert store.read(JOB) == done


RACE = """
import time
from pathlib import Path
from omegaconf import OmegaConf
from params_proto import Sweep
from params_proto.multirun.job_runner import JobRunner
from params_proto.multirun.plan import Job
from params_proto.records import JobStore

directory = Path("out")

def task(config):
    while len({record.pid for record in JobStore(directory).all()}) < 2:  # the other comes, too
        time.sleep(0.01)
    print(config.lr)
    return 2 * config.lr

runner = JobRunner(task, directory)
sweep = Sweep.load(directory / "sweep.yaml")
for number, (config, overrides) in enumerate(zip(sweep, sweep.overrides())):
    runner.run(Job(number, overrides), OmegaConf.create(config))
"""


def test_processes_without_a_sweeper_run_each_job_once(tmp_path: Path) -> None:
    """They run jobs given only the directory of a sweep and a task."""
    (tmp_path / "out").mkdir()
    Sweep().product(lr=range(150)).save(tmp_path / "out" / "sweep.yaml")
    PLAN.write(tmp_path / "out")
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", RACE], cwd=tmp_path, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ran = [line for worker in workers for line in worker.communicate()[0].splitlines()]
    assert sorted(map(int, ran)) == [*range(150)]
    records = list(JobStore(tmp_path / "out").readable())
    assert [(one.job, one.status, one.value, one.attempt) for one in records] == [
        (job, Status.COMPLETED, 2 * job, 1) for job in range(150)
    ]
    assert {record.pid for record in records} == {worker.pid for worker in workers}
    assert not [*(tmp_path / "out").rglob("*.claim-*"), *(tmp_path / "out").rglob("*.tmp")]
