"""Sweeps whose records cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hydra.errors import CompactHydraException

from tests.multirun.conftest import Run


def test_jobs_without_records_are_no_success(multirun: Run, app: Path) -> None:
    (app / "out/.sweep").mkdir(parents=True)
    (app / "out/.sweep/jobs").write_text("in the way")
    with pytest.raises(CompactHydraException, match=r"(?s)^2 jobs without a record.*Go on with"):
        multirun("lr=1,2")
