"""The directory that a resume names, beside the one that `hydra.sweep.dir` names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra.errors import CompactHydraException

from tests.multirun.conftest import Run


def test_same_directory_from_here_and_from_the_root(multirun: Run, app: Path) -> None:
    multirun("lr=1,2")
    (app / "out/.sweep/jobs/0/0/1.json").unlink()
    assert multirun("hydra.sweeper.resume=out").jobs == ["lr=2"]  # hydra.sweep.dir=/...


def test_two_directories(multirun: Run) -> None:
    multirun("lr=1,2")
    with pytest.raises(CompactHydraException, match="two directories"):
        multirun("hydra.sweeper.resume=out", to="other")
