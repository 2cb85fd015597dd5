"""How far a sweep is, and how long it takes yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.analysis.ranking import Ranking
from params_proto.multirun.progress.lines import Lines
from params_proto.multirun.progress.tally import Tally
from params_proto.multirun.progress.text import told
from params_proto.multirun.progress.watching import Progress
from params_proto.multirun.resume import Best
from params_proto.records import JobStore, Record, Status
from tests.records.test_record import RECORD


def ended(job: int, duration: float, value: object = None, failed: bool = False) -> Record:
    status = Status.FAILED if failed else Status.COMPLETED
    lines = [f"seed={job}"]
    return RECORD._replace(
        job=job, duration=duration, value=value, status=status, overrides=lines, error=None
    )


def in_waves(tally: Tally, workers: int, duration: float, jobs: int) -> None:
    """Runs jobs of one duration, so many beside each other."""
    for first in range(0, jobs, workers):
        wave = range(first, min(first + workers, jobs))
        for job in wave:
            tally.began(job, first // workers * duration)
        for job in wave:
            tally.ended(ended(job, duration), (first // workers + 1) * duration)


@pytest.mark.parametrize(
    ("workers", "jobs", "now", "left"),
    [
        (1, 3, 30.0, 370.0),
        (1, 3, 34.0, 366.0),
        (8, 8, 10.0, 40.0),  # 32 jobs are four waves
        (8, 16, 20.0, 30.0),
        (8, 32, 40.0, 10.0),
        (8, 32, 44.0, 6.0),
    ],
)
def test_the_time_left(workers: int, jobs: int, now: float, left: float) -> None:
    tally = Tally(40, Best(Ranking("loss")), 0.0)
    in_waves(tally, workers, 10.0, jobs)
    assert tally.left(now) == pytest.approx(left)


def test_what_has_begun_counts_for_what_it_has_done() -> None:
    tally = Tally(16, Best(Ranking("loss")), 0.0)
    in_waves(tally, 8, 10.0, 8)
    for job in range(8, 16):
        tally.began(job, 10.0)
    assert tally.left(16.0) == pytest.approx(4.0)
    tally.ended(ended(8, 6.0), 16.0)  # sooner than the others: no reason to expect two waves more
    assert 0.0 < (tally.left(16.0) or 0.0) < 5.0


def test_nothing_is_told_that_is_not_known() -> None:
    tally = Tally(None, Best(Ranking("loss")), 0.0)
    assert told(tally, 1.0) == ["0 done", "0 running"]
    tally.ended(ended(0, 1.0), 1.0)
    assert told(tally, 1.0) == ["1 done", "0 running", "1 jobs/s"]


def test_the_best_so_far() -> None:
    values = [{"acc": 0.5}, {"acc": "NaN"}, {"acc": 0.75}, 3, None, {"acc": 0.6}]
    tally = Tally(9, Best(Ranking("acc", maximize=True)), 0.0)
    for job, value in enumerate(values):
        tally.ended(ended(job, 1.0, value), job + 1.0)
    assert told(tally, 6.0)[-1] == "highest acc=0.75 (job 2 (seed=2))"


def test_a_job_that_is_launched_again_counts_once() -> None:
    tally = Tally(2, Best(Ranking("loss")), 0.0)
    tally.launched({0: 0, 1: 0})
    tally.ended(ended(0, 1.0, failed=True), 1.0)
    tally.ended(ended(1, 1.0), 2.0)
    assert (tally.done, tally.failed) == (1, 1)
    tally.launched({0: 1})
    tally.ended(ended(0, 1.0), 3.0)
    assert (tally.done, tally.failed) == (2, 0)


@pytest.mark.parametrize(("metric", "times"), [("los", 1), ("loss", 0), ("value", 0)])
def test_a_misspelt_metric_is_told_at_the_first_job(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, metric: str, times: int
) -> None:
    tally = Tally(3, Best(Ranking(metric)), 0.0)
    progress = Progress(tally, JobStore(tmp_path), Lines(), lambda: False)
    progress.launched({0: 0, 1: 0, 2: 0})
    for job, value in enumerate([None, {"loss": 1}, {"loss": 2}]):
        progress.changed(ended(job, 1.0, value))
    text = "hydra.sweeper.metric=los: job 1 has returned no los. Did you mean loss?"
    assert caplog.messages == [text] * times


def test_what_has_run_before() -> None:
    tally = Tally(10, Best(Ranking("loss")), 0.0, left_out=5, unfinished=2)
    tally.ended(ended(0, 1.0), 1.0)
    assert told(tally, 1.0)[:2] == ["4/10 done", "2 failed"]
    assert tally.left(1.0) == 4.0


def test_a_line_for_each_job_and_now_and_then_one_for_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tally, lines = Tally(9, Best(Ranking("loss")), 0.0), Lines()
    start = lines.last

    def end(job: int, after: float, failed: bool = False) -> str:
        record = ended(job, 1.25, {"acc": 1, "loss": job}, failed)
        tally.ended(record, job + 1.0)
        lines.ended(record, tally)
        lines.show(tally, start + after)
        return capsys.readouterr().err

    assert end(0, 1.0) == "[1/9] job 0 (seed=0) completed in 1.2 s: loss=0, acc=1\n"
    assert end(1, 29.0, failed=True) == ""  # which the log tells
    assert end(2, 31.0).splitlines()[1].startswith("2/9 done, 1 failed, 0 running, 1 jobs/s, ")
    assert len(end(3, 32.0).splitlines()) == 1
    lines.show(tally, start + 90.0)
    assert len(capsys.readouterr().err.splitlines()) == 1
    lines.show(tally, start + 200.0)  # nothing has ended since
    assert capsys.readouterr().err == ""
