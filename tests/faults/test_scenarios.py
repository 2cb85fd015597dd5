"""The faults that take some seconds; `make faults` has those of random moments, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.figures import Figures
from tests.faults.kill import reference
from tests.faults.promises import Values
from tests.faults.scenarios import Context, short
from tests.faults.violations import SkippedError


@pytest.fixture(scope="session")
def values(tmp_path_factory: pytest.TempPathFactory) -> Values:
    return reference(tmp_path_factory.mktemp("reference"))


@pytest.mark.parametrize("name", short(Context(0, {}, Figures())))
def test_keeps_its_promises(name: str, values: Values, tmp_path: Path) -> None:
    try:
        short(Context(0, values, Figures()))[name](tmp_path)
    except SkippedError as why:
        pytest.skip(str(why))
