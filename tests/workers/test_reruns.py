"""Retries, reruns, changed sweeps, slices, and the order of the queue."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from params_proto.multirun.plan import Job
from params_proto.records import JobStore, Record, Status
from params_proto.workers.queue import JobQueue, QueuedJob, QueueState, enqueue
from tests.workers.conftest import Project


def test_a_changed_sweep(project: Project) -> None:
    """Its jobs keep their numbers; new ones get the next."""
    project.sweep("seed=1,2", "how=ends,raises-once", workers=1, status=1)
    assert project.statuses() == ["completed", "failed"] * 2
    # Failed and new jobs run, completed ones do not.
    project.sweep("seed=2,3", "how=ends,raises-once", "hydra.sweeper.resume=true",
                  "hydra.sweeper.retries=1", workers=1)  # fmt: skip
    records = {" ".join(record.overrides): record for record in project.records()}
    assert [record.job for record in records.values()] == [0, 1, 2, 3, 4, 5]
    assert [(record.attempt, record.failures) for record in records.values()] == [
        (1, 0), (1, 0), (1, 0), (2, 1), (1, 0), (2, 1),
    ]  # fmt: skip
    assert list(records)[4:] == ["seed=3 how=ends", "seed=3 how=raises-once"]
    assert project.statuses() == ["completed", "failed", *["completed"] * 4]

    assert project.cli("work", "out", "--rerun", "completed") == 0
    assert [record.attempt for record in project.records()] == [2, 1, 2, 3, 2, 3]


@pytest.mark.growth
def test_rerun(project: Project, capsys: Any) -> None:
    project.sweep("how=ends,raises,killed", workers=1, status=1)
    for rerun, attempts in (
        ("failed", [1, 2, 1]), ("failed,crashed", [1, 3, 2]), ("[completed]", [2, 3, 2]),
        ("all", [3, 4, 3]),
    ):  # fmt: skip
        assert project.cli("work", "out", "--rerun", rerun) == 1
        assert [record.attempt for record in project.records()] == attempts
    assert "params-proto work out --rerun failed,crashed" in capsys.readouterr().err
    assert project.statuses() == ["completed", "failed", "crashed"]


@pytest.mark.growth
def test_slices(project: Project) -> None:
    first = project.start("seed=range(0,6)", "hydra.sweeper.slice='0:3'", workers=1)
    first.communicate(timeout=60)
    project.sweep("seed=range(0,6)", "hydra.sweeper.slice='3:6'", workers=1)
    assert first.returncode == 0
    assert project.statuses() == ["completed"] * 6
    overrides = [record.overrides for record in project.records()]
    assert overrides == [[f"seed={seed}"] for seed in range(6)]


# --- which job is next


@pytest.fixture
def store(tmp_path: object) -> JobStore:
    store = JobStore(tmp_path)  # type: ignore[arg-type]
    enqueue(store.directory, [QueuedJob(Job(number, [f"seed={number}"])) for number in range(4)])
    return store


def run(store: JobStore, job: int, status: Status) -> Record:
    first = Record.start(job=job, overrides=[], config={}, identity="", dir=str(job))
    record = store.claim(first)
    assert record is not None
    store.finish(record._replace(status=status, ended=record.started))
    final = store.read(job)
    assert final is not None
    return final


def ready(queue: JobQueue) -> list[int]:
    return [queued.job.number for queued, _ in queue.ready()]


def test_the_order(store: JobStore) -> None:
    run(store, 0, Status.FAILED)
    run(store, 1, Status.INTERRUPTED)
    assert ready(JobQueue(store.directory)) == [1, 2, 3]
    assert ready(JobQueue(store.directory, retries=1)) == [1, 2, 3, 0]
    run(store, 3, Status.INTERRUPTED)
    assert ready(JobQueue(store.directory)) == [1, 2, 3]
    run(store, 1, Status.COMPLETED)
    assert ready(JobQueue(store.directory)) == [2, 3]


def test_retries_count_failures_and_crashes(store: JobStore) -> None:
    queue = JobQueue(store.directory, retries=1)
    for status, left in (
        (Status.INTERRUPTED, True), (Status.FAILED, True), (Status.INTERRUPTED, True),
        (Status.CRASHED, False),
    ):  # fmt: skip
        run(store, 0, status)
        assert (0 in ready(queue)) is left
        assert (queue.state(0)[0] is QueueState.READY) is left
    record = store.read(0)
    assert record is not None
    assert (record.attempt, record.failures, record.failed_attempts) == (4, 1, 2)

    # As a resume does.
    enqueue(store.directory, [QueuedJob(Job(0, ["seed=0"]), record.failed_attempts)])
    queue.refresh()
    assert 0 in ready(queue)
    run(store, 0, Status.FAILED)
    assert 0 in ready(queue)
    run(store, 0, Status.FAILED)
    assert 0 not in ready(queue)


def test_completed_jobs_run_again_on_request(store: JobStore) -> None:
    queue = JobQueue(store.directory)
    for job in range(4):
        run(store, job, Status.COMPLETED)
    assert ready(queue) == []
    assert queue.is_done
    enqueue(store.directory, [QueuedJob(Job(2, ["seed=2"], "2", 1))])
    assert queue.refresh()
    assert not queue.refresh()
    assert ready(queue) == [2]
    first = Record.start(job=2, overrides=[], config={}, identity="", dir="2")
    rerun = store.claim(first, 1, after=1)
    assert rerun is not None
    store.finish(rerun._replace(status=Status.COMPLETED, ended=rerun.started))
    assert ready(queue) == []


def test_a_line_that_a_full_disk_has_cut(store: JobStore) -> None:
    queue = JobQueue(store.directory)
    with (store.directory / ".sweep/workers/jobs.jsonl").open("a") as file:
        file.write('[7, ["se')
    assert not queue.refresh()
    enqueue(store.directory, [QueuedJob(Job(8, ["seed=8"]))])
    assert queue.refresh()
    assert ready(queue) == [0, 1, 2, 3, 8]


def test_an_interrupted_lower_number_comes_first(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even for a worker that has already passed it."""
    monkeypatch.setattr("params_proto.workers.queue._RESCAN_PERIOD", 0.0)
    first = [Record.start(job=job, overrides=[], config={}, identity="", dir="") for job in (0, 1)]
    running = [store.claim(record) for record in first]
    queue = JobQueue(store.directory)
    assert next(queue.ready())[0].job.number == 2
    assert running[0] is not None
    store.finish(running[0]._replace(status=Status.INTERRUPTED))
    assert next(queue.ready())[0].job.number == 0


def test_a_worker_on_another_machine(store: JobStore) -> None:
    """Its job can be claimed after five minutes without a heartbeat."""
    first = Record.start(job=0, overrides=[], config={}, identity="", dir="0")
    remote = first._replace(host="node7")
    store.write(remote)
    queue = JobQueue(store.directory)
    for silence, state in ((200, QueueState.BUSY), (400, QueueState.READY)):
        os.utime(store.path(0), (time.time() - silence,) * 2)
        assert queue.state(0) == (state, remote)
    taken = store.claim(first, after=1)
    assert taken is not None
    assert (taken.attempt, taken.failures) == (2, 0)  # it has not crashed


def test_the_longest_job_of_all_workers_counts(store: JobStore) -> None:
    first = Record.start(job=0, overrides=[], config={}, identity="", dir="0")
    store.write(first._replace(status=Status.COMPLETED, duration=7200.0, host="node7"))
    queue = JobQueue(store.directory)
    assert ready(queue) == [1, 2, 3]
    assert queue.longest == 7200.0


def test_a_claim_fails_if_the_record_has_changed(store: JobStore) -> None:
    """Two workers that saw the same failure do not both use the last retry."""
    *_, (queued, seen) = JobQueue(store.directory).ready()
    assert (queued.job.number, seen) == (3, 0)
    run(store, 3, Status.FAILED)
    first = Record.start(job=3, overrides=[], config={}, identity="", dir="3")
    assert store.claim(first, after=seen) is None
    assert store.claim(first, after=1) is not None
