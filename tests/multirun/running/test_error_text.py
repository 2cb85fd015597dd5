"""What the record of a job that failed says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from params_proto.records import JobStore, Record
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
    record = next(JobStore(app / "out").all())
    assert isinstance(record, Record)
    assert record.error is not None
    assert record.error.message == r"broken caf\udce9"
    assert record.error.traceback.endswith("broken caf\\udce9\n")
    if HYDRA_1_3:  # Hydra 1.4 logs what a job raised, as it is
        assert "Logging error" not in capfd.readouterr().err


FAILS = """
from params_proto import proto

@proto.cli
def train(seed: int = 0):
    raise ValueError("never")

if __name__ == "__main__":
    train()
"""


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_the_traceback_names_the_script(python: Any, tmp_path: Path, launcher: str) -> None:
    script = tmp_path / "fails.py"
    script.write_text(FAILS)
    python(
        "fails.py", "-m", "seed=1,2", "hydra.sweep.dir=out", f"hydra/launcher={launcher}", status=1
    )
    for record in JobStore(tmp_path / "out").all():
        assert isinstance(record, Record)
        assert record.error is not None
        assert f'File "{script}", line 6, in train' in record.error.traceback
