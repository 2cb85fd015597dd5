"""Sweeps whose records cannot be written."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hydra.core import utils
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException

from params_proto.errors import SweepError
from params_proto.records import JobStore, Record
from tests.multirun.conftest import Run

JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
LAUNCHERS = pytest.mark.parametrize("launcher", [[], JOBLIB], ids=["basic", "joblib"])


def test_jobs_without_records_are_no_success(multirun: Run, app: Path) -> None:
    def task(config: Any) -> None:
        (app / "out/.sweep/jobs").rename(app / "gone")
        (app / "out/.sweep/jobs").write_text("in the way")

    with pytest.raises(CompactHydraException, match=r"(?s)^2 jobs without a record.*Go on with"):
        multirun("lr=1,2,3", task=task)


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
    monkeypatch.setattr(JobStore, "claim", refused)
    message = r"(?s)^\d jobs? without a record of the end: 1\.claim-2 cannot .*Go on with"
    with pytest.raises(CompactHydraException, match=message):
        multirun("hydra.sweeper.resume=out", f"hydra.sweeper.rerun={again}", task=task)


def _statuses(directory: Path) -> list[str]:
    return [one.status.value for one in JobStore(directory).all() if isinstance(one, Record)]


def in_the_way(config: Any) -> int:
    """The first job puts what stops others into their directories; none ends before it is there."""
    there = Path(HydraConfig.get().sweep.dir)
    last = there / "5/.hydra"
    if config.lr == 0:
        (there / "3").touch()
        (there / "4/test.log").mkdir(parents=True)
        last.parent.mkdir()
        last.touch()
    while not last.exists():
        time.sleep(0.01)
    return config.lr


@LAUNCHERS
def test_a_job_that_cannot_begin_fails_alone(multirun: Any, app: Path, launcher: list[str]) -> None:
    options = [*launcher, "hydra.job.name=test", "hydra.sweeper.retries=1"]
    with pytest.raises(FileExistsError, match="out/3"):
        multirun("lr=0,1,2,3,4,5,6,7", *options, task=in_the_way)
    assert _statuses(app / "out") == [*["completed"] * 3, *["failed"] * 3, *["completed"] * 2]
    errors: list[str] = []
    for number in (3, 4, 5):
        record = JobStore(app / "out").read(number)
        assert record is not None
        assert record.attempt == 2
        assert record.error is not None
        errors.append(record.error.type)
    assert errors == [
        "FileExistsError",
        "ValueError" if launcher else "IsADirectoryError",
        "FileExistsError",
    ]
    (app / "out/3").unlink()
    (app / "out/4/test.log").rmdir()
    (app / "out/5/.hydra").unlink()
    ran = multirun("hydra.sweeper.resume=out", *launcher, task=lr)
    assert ran.values == [3, 4, 5]


def lr(config: Any) -> int:
    return config.lr


@LAUNCHERS
def test_no_job_can_begin(multirun: Any, app: Path, launcher: list[str]) -> None:
    for number in range(100):
        (app / f"out/{number}").mkdir(parents=True)
        (app / f"out/{number}/.hydra").touch()
    with pytest.raises(FileExistsError, match=r"out/\d/.hydra" if launcher else "out/3/.hydra"):
        multirun(f"lr={','.join(map(str, range(100)))}", *launcher, task=lr)
    assert _statuses(app / "out") == ["failed"] * 4


def test_an_error_behind_a_task_is_not_the_next_jobs(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises() -> None:
        raise JobError

    monkeypatch.setattr(utils, "_flush_loggers", raises)
    with pytest.raises(JobError):
        multirun("lr=1,2", task=lr)
    assert _statuses(app / "out") == ["completed"]
