"""Sweeps whose records cannot be written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto.errors import SweepError
from params_proto.records import Records
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
