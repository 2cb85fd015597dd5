"""The progress lines without a terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from params_proto.analysis.ranking import Ranking
from params_proto.multirun import progress as module
from params_proto.multirun.progress import Progress
from params_proto.multirun.resume import Best, ResumeFilter
from params_proto.records import JobStore, Record, Status
from tests.records.test_record import RECORD


def record(job: int, value: object = None, status: Status = Status.COMPLETED) -> Record:
    lines = [f"seed={job}"]
    return RECORD._replace(
        job=job, duration=1.25, value=value, status=status, overrides=lines, error=None
    )


def progress(
    total: int | None, ranking: Ranking | None = None, resume_filter: ResumeFilter | None = None
) -> Progress:
    best = Best(ranking or Ranking("loss"))
    made = Progress(total, resume_filter or ResumeFilter(JobStore(Path()), best))
    made.on_launch(dict.fromkeys(range(total or 9), 0))
    return made


def test_a_job_that_is_launched_again_counts_once() -> None:
    shown = progress(2)
    shown.on_change(record(0, status=Status.FAILED))
    shown.on_change(record(1))
    assert shown.parts()[:2] == ["1/2 done", "1 failed"]
    shown.on_launch({0: RECORD.attempt})
    shown.on_change(record(0, status=Status.FAILED))  # which is known
    shown.on_change(record(0)._replace(attempt=RECORD.attempt + 1))
    assert shown.parts()[:2] == ["2/2 done", "0 running"]


def test_a_line_for_each_job_and_now_and_then_one_for_all(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [time.monotonic()]
    monkeypatch.setattr(module.time, "monotonic", lambda: clock[0])
    shown = progress(9)

    def ends(job: int, after: float, **how: Any) -> str:
        clock[0] += after
        shown.on_change(record(job, {"acc": 1, "loss": job}, **how))
        return capsys.readouterr().err

    assert ends(0, 1.0) == "[1/9] job 0 (seed=0) completed in 1.2 s: loss=0, acc=1\n"
    assert ends(1, 28.0, status=Status.FAILED) == ""  # which the log has
    every = "2/9 done, 1 failed, 0 running, lowest loss=0 (job 0 (seed=0))"
    assert ends(2, 2.0).splitlines()[1] == every
    assert len(ends(3, 29.0).splitlines()) == 1
    assert len(ends(4, 2.0).splitlines()) == 2
