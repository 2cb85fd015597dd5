"""What the record of a job that failed says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.records import Record, Records
from tests.multirun.conftest import Run
from tests.versions import HYDRA_1_3


def test_half_a_character_is_spelled_out(
    multirun: Run, app: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As of a broken file name: it would end the writing of the summary, and jq's reading."""
    text = "broken caf\udce9"

    def task(config: object) -> None:
        raise ValueError(text)

    with pytest.raises(ValueError, match="broken"):
        multirun("lr=1", task=task)
    record = next(Records(app / "out").all())
    assert isinstance(record, Record)
    assert record.error is not None
    assert record.error.message == r"broken caf\udce9"
    assert record.error.traceback.endswith("broken caf\\udce9\n")
    if HYDRA_1_3:  # Hydra 1.4 logs what a job raised, as it is
        assert "Logging error" not in capfd.readouterr().err
