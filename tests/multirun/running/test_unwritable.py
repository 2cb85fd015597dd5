"""Sweeps whose records cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.core import utils
from hydra.errors import CompactHydraException

from params_proto.errors import SweepError
from params_proto.records import Record, Records
from tests.multirun.conftest import Run


def test_jobs_without_records_are_no_success(multirun: Run, app: Path) -> None:
    (app / "out/.sweep").mkdir(parents=True)
    (app / "out/.sweep/jobs").write_text("in the way")
    with pytest.raises(CompactHydraException, match=r"(?s)^2 jobs without a record.*Go on with"):
        multirun("lr=1,2")


class JobError(Exception):
    pass


@pytest.mark.parametrize("again", ["[failed]", "all"])
def test_what_is_there_tells_of_an_earlier_attempt(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch, again: str
) -> None:
    def task(config: Any) -> None:
        assert not (app / "changed").exists(), "it runs"
        if config.lr == 2:
            raise JobError

    with pytest.raises(JobError):
        multirun("lr=1,2", task=task)

    def refused(*_: Any) -> None:
        raise SweepError("1.claim-2 cannot be written: Permission denied.")

    (app / "changed").touch()
    monkeypatch.setattr(Records, "begin", refused)
    message = r"(?s)^\d jobs? without a record of the end: 1\.claim-2 cannot .*Go on with"
    with pytest.raises(CompactHydraException, match=message):
        multirun("hydra.sweeper.resume=out", f"hydra.sweeper.rerun={again}", task=task)


def _statuses(directory: Path) -> list[str]:
    return [one.status.value for one in Records(directory).all() if isinstance(one, Record)]


def test_a_job_that_cannot_begin_fails_alone(multirun: Any, app: Path) -> None:
    def task(config: Any) -> int:
        if config.lr == 1:
            (app / "out/1").touch()
            (app / "out/3/test.log").mkdir(parents=True)
        return config.lr

    options = ["hydra.job.name=test", "hydra.sweeper.retries=1", "lr=1,2,3,4,5"]
    with pytest.raises(FileExistsError, match="out/1"):
        multirun(*options, task=task)
    assert _statuses(app / "out") == ["completed", "failed", "completed", "failed", "completed"]
    again, other = map(Records(app / "out").read, (1, 3))
    assert again is not None
    assert again.attempt == 2
    assert other is not None
    assert other.error is not None
    assert other.error.type == "IsADirectoryError"
    (app / "out/1").unlink()
    (app / "out/3/test.log").rmdir()
    ran = multirun("hydra.sweeper.resume=out", task=task)
    assert ran.values == [2, 4]


def test_no_job_can_begin(multirun: Any, app: Path) -> None:
    def task(config: Any) -> None:
        for number in range(1, 100):
            (app / f"out/{number}").touch()

    with pytest.raises(FileExistsError, match="out/4"):
        multirun(f"lr={','.join(map(str, range(100)))}", task=task)
    assert _statuses(app / "out") == ["completed", *["failed"] * 4]


def test_an_error_behind_a_task_is_not_the_next_jobs(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises() -> None:
        raise JobError

    monkeypatch.setattr(utils, "_flush_loggers", raises)
    with pytest.raises(JobError):
        multirun("lr=1,2", task=lambda config: config.lr)
    assert _statuses(app / "out") == ["completed"]
