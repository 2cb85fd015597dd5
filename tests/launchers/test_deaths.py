"""A job that ends its own process does not run more often than requested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from params_proto.records import JobStore

SUBMITIT = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=4"]
APP = """
import os
import hydra

@hydra.main(version_base=None, config_path=None)
def main(config):
    if config.seed == 1:
        os._exit(1)

main()
"""


@pytest.mark.cluster
@pytest.mark.parametrize("retries", [0, 1])
def test_under_submitit_it_is_no_suspect(tmp_path: Path, python: Any, retries: int) -> None:
    (tmp_path / "app.py").write_text(APP)
    ours = ["hydra/sweeper=params_proto", "hydra.sweep.dir=out", f"hydra.sweeper.retries={retries}"]
    done = python("app.py", "-m", *ours, *SUBMITIT, "+seed=0,1,2", status=1)
    found = list(JobStore(tmp_path / "out").readable())
    assert [one.status.value for one in found] == ["completed", "crashed", "completed"]
    assert [one.attempt for one in found] == [1, 1 + retries, 1]
    assert "its process died (1 job: 1)" in done.stdout + done.stderr
