"""Retries, reruns, and sweeps that are resumed, extended or shared by workers."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from params_proto.multirun.plan import Job
from params_proto.records import JobStore, Record, Status
from params_proto.workers.queue import Queue, QueuedJob, State, add, failures
from tests.workers.conftest import Project


def test_a_changed_sweep(project: Project) -> None:
    """Its jobs keep their numbers; new ones get the next."""
    project.sweep("seed=1,2", "how=ends,raises-once", workers=1, status=1)
    assert project.statuses() == ["completed", "failed"] * 2
    # What is done stays done, what failed runs again, and what is new runs.
    project.sweep("seed=2,3", "how=ends,raises-once", "hydra.sweeper.resume=true",
                  "hydra.sweeper.retries=1", workers=1)  # fmt: skip
    found = {" ".join(one.overrides): one for one in project.records()}
    assert [one.job for one in found.values()] == [0, 1, 2, 3, 4, 5]
    assert [(one.attempt, one.failures) for one in found.values()] == [
        (1, 0), (1, 0), (1, 0), (2, 1), (1, 0), (2, 1),
    ]  # fmt: skip
    assert list(found)[4:] == ["seed=3 how=ends", "seed=3 how=raises-once"]
    assert project.statuses() == ["completed", "failed", *["completed"] * 4]

    assert project.cli("work", "out", "--rerun", "completed") == 0
    assert [one.attempt for one in project.records()] == [2, 1, 2, 3, 2, 3]


@pytest.mark.growth
def test_rerun(project: Project, capsys: Any) -> None:
    project.sweep("how=ends,raises,killed", workers=1, status=1)
    for rerun, attempts in (
        ("failed", [1, 2, 1]), ("failed,crashed", [1, 3, 2]), ("[completed]", [2, 3, 2]),
        ("all", [3, 4, 3]),
    ):  # fmt: skip
        assert project.cli("work", "out", "--rerun", rerun) == 1
        assert [one.attempt for one in project.records()] == attempts
    assert "params-proto work out --rerun failed,crashed" in capsys.readouterr().err
    assert project.statuses() == ["completed", "failed", "crashed"]


@pytest.mark.growth
def test_slices(project: Project) -> None:
    first = project.start("seed=range(0,6)", "hydra.sweeper.slice='0:3'", workers=1)
    first.communicate(timeout=60)
    project.sweep("seed=range(0,6)", "hydra.sweeper.slice='3:6'", workers=1)
    assert first.returncode == 0
    assert project.statuses() == ["completed"] * 6
    assert [one.overrides for one in project.records()] == [[f"seed={one}"] for one in range(6)]


# --- which job is next


@pytest.fixture
def store(tmp_path: object) -> JobStore:
    found = JobStore(tmp_path)  # type: ignore[arg-type]
    add(found.directory, [QueuedJob(Job(number, [f"seed={number}"])) for number in range(4)])
    return found


def end(store: JobStore, job: int, status: Status) -> Record:
    first = Record.start(job=job, overrides=[], config={}, identity="", dir=str(job))
    record = store.claim(first)
    assert record is not None
    store.finish(record._replace(status=status, ended=record.started))
    found = store.read(job)
    assert found is not None
    return found


def ready(queue: Queue) -> list[int]:
    return [one.job.number for one, _ in queue.ready()]


def test_the_order(store: JobStore) -> None:
    end(store, 0, Status.FAILED)
    end(store, 1, Status.INTERRUPTED)
    assert ready(Queue(store.directory)) == [1, 2, 3]
    assert ready(Queue(store.directory, retries=1)) == [1, 2, 3, 0]
    end(store, 3, Status.INTERRUPTED)
    assert ready(Queue(store.directory)) == [1, 2, 3]
    end(store, 1, Status.COMPLETED)
    assert ready(Queue(store.directory)) == [2, 3]


def test_retries_count_failures_and_crashes(store: JobStore) -> None:
    queue = Queue(store.directory, retries=1)
    for status, left in (
        (Status.INTERRUPTED, True), (Status.FAILED, True), (Status.INTERRUPTED, True),
        (Status.CRASHED, False),
    ):  # fmt: skip
        end(store, 0, status)
        assert (0 in ready(queue)) is left
        assert (queue.look(0)[0] is State.READY) is left
    record = store.read(0)
    assert record is not None
    assert (record.attempt, record.failures, failures(record)) == (4, 1, 2)

    add(store.directory, [QueuedJob(Job(0, ["seed=0"]), failures(record))])  # as a resume does
    queue.refresh()
    assert 0 in ready(queue)
    end(store, 0, Status.FAILED)
    assert 0 in ready(queue)
    end(store, 0, Status.FAILED)
    assert 0 not in ready(queue)


def test_completed_jobs_run_again_on_request(store: JobStore) -> None:
    queue = Queue(store.directory)
    for job in range(4):
        end(store, job, Status.COMPLETED)
    assert ready(queue) == []
    assert queue.is_done
    add(store.directory, [QueuedJob(Job(2, ["seed=2"], "2", 1))])
    queue.refresh()
    assert ready(queue) == [2]
    first = Record.start(job=2, overrides=[], config={}, identity="", dir="2")
    again = store.claim(first, 1, after=1)
    assert again is not None
    store.finish(again._replace(status=Status.COMPLETED, ended=again.started))
    assert ready(queue) == []


def test_an_interrupted_lower_number_comes_first(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a worker that has gone past it: it looks back once in a while."""
    monkeypatch.setattr("params_proto.workers.queue._LOOK_BACK", 0.0)
    first = [Record.start(job=job, overrides=[], config={}, identity="", dir="") for job in (0, 1)]
    running = [store.claim(one) for one in first]
    queue = Queue(store.directory)
    assert next(queue.ready())[0].job.number == 2
    assert running[0] is not None
    store.finish(running[0]._replace(status=Status.INTERRUPTED))
    assert next(queue.ready())[0].job.number == 0


def test_a_worker_of_another_machine(store: JobStore) -> None:
    """Its job is others' once it has shown no heartbeat for five minutes."""
    first = Record.start(job=0, overrides=[], config={}, identity="", dir="0")
    there = first._replace(host="node7")
    store.write(there)
    queue = Queue(store.directory)
    for silence, state in ((200, State.BUSY), (400, State.READY)):
        os.utime(store.path(0), (time.time() - silence,) * 2)
        assert queue.look(0) == (state, there)
    taken = store.claim(first, after=1)
    assert taken is not None
    assert (taken.attempt, taken.failures) == (2, 0)  # it has not crashed


def test_the_longest_job_is_that_of_all_workers(store: JobStore) -> None:
    first = Record.start(job=0, overrides=[], config={}, identity="", dir="0")
    store.write(first._replace(status=Status.COMPLETED, duration=7200.0, host="node7"))
    queue = Queue(store.directory)
    assert ready(queue) == [1, 2, 3]
    assert queue.longest == 7200.0


def test_a_claim_follows_what_was_seen(store: JobStore) -> None:
    """Two workers that saw the same failure do not both spend the last retry."""
    *_, (queued, seen) = Queue(store.directory).ready()
    assert (queued.job.number, seen) == (3, 0)
    end(store, 3, Status.FAILED)
    first = Record.start(job=3, overrides=[], config={}, identity="", dir="3")
    assert store.claim(first, after=seen) is None
    assert store.claim(first, after=1) is not None
