"""The directory that a resume names, beside the one that `hydra.sweep.dir` names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from tests.multirun.conftest import Run


def test_same_directory_from_here_and_from_the_root(multirun: Run, app: Path) -> None:
    multirun("lr=1,2")
    (app / "out/.sweep/jobs/0/0/1.json").unlink()
    assert multirun("hydra.sweeper.resume=out").jobs == ["lr=2"]  # hydra.sweep.dir=/...


# --- what is left of a sweep


@pytest.mark.parametrize("gone", ["sweep.yaml", ".sweep/plan.json"])
def test_a_file_by_which_it_goes_on_is_gone(multirun: Any, gone: str) -> None:
    out = multirun("seed=1,2").directory
    (out / gone).unlink()
    message = "is not the directory of a sweep, .* or put back the one that is gone"
    for resume in (f"hydra.sweeper.resume={out}", "hydra.sweeper.resume=true"):
        with pytest.raises(CompactHydraException, match=message):
            multirun("seed=1,2", resume)
    with pytest.raises(CompactHydraException, match=r"overwrite\. Give this one another"):
        multirun("seed=1,2")
    assert (out / ".sweep/jobs/0/0/1.json").is_file()


def test_what_is_left_out_did_not_complete(
    multirun: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def task(config: Any) -> None:
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011
        multirun("seed=1", task=task)
    capsys.readouterr()
    multirun("seed=1", "hydra.sweeper.resume=true", "hydra.sweeper.rerun=[crashed]")
    said = capsys.readouterr().out
    assert "1 of them did not complete, and hydra.sweeper.rerun leaves that so." in said


def test_another_sweep_is_told_of(multirun: Any, capsys: pytest.CaptureFixture[str]) -> None:
    multirun("seed=1,2")
    capsys.readouterr()
    multirun("seed=1,2,3", "hydra.sweeper.resume=true")
    assert "has changed. What is done stays done" in capsys.readouterr().out
