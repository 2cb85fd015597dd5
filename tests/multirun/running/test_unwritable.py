"""Sweeps whose records cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from params_proto.errors import SweepError
from params_proto.records import JobStore
from tests.multirun.conftest import JobError, Run


def test_jobs_without_records_are_no_success(multirun: Run, app: Path) -> None:
    def task(config: Any) -> None:
        (app / "out/.sweep/jobs").rename(app / "gone")
        (app / "out/.sweep/jobs").write_text("in the way")

    with pytest.raises(SweepError, match=r"1\.json cannot be read"):
        multirun("lr=1,2,3", task=task)


def test_the_record_is_of_an_earlier_attempt(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
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
    with pytest.raises(SweepError, match=r"^1\.claim-2 cannot be written"):
        multirun("hydra.sweeper.resume=out", "hydra.sweeper.rerun=all", task=task)
