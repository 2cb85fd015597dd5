"""Fixtures: a Slurm for the tests, and a sweep on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import Slurm, slurm
from tests.slurm.sweep import Sweep, wait_for_exit


class SlurmSweep(Sweep):
    """A sweep with workers on Slurm."""

    def __init__(self, folder: Path, slurm: Slurm) -> None:
        super().__init__(folder, ["hydra/launcher=submitit_slurm"])
        self.slurm = slurm

    def submit(self, *overrides: str) -> str:
        """Submits workers; returns the job id of their array."""
        wait_for_exit(self.start("hydra.sweeper.wait=false", *overrides))
        return self.array

    def script(self, text: str) -> str:
        """Submits a user's script; returns its job id."""
        path = self.folder / "script.sh"
        path.write_text(text.format(python=sys.executable))
        return wait_for_exit(self.run("sbatch", path.name)).split()[-1]

    @property
    def array(self) -> str:
        """The job id of the workers that were submitted last."""
        started = (self.directory / ".sweep" / "workers" / "started.jsonl").read_text()
        return json.loads(started.splitlines()[-1])["array"]


@pytest.fixture(scope="session")
def running_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with slurm(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster
    assert not cluster.processes()


@pytest.fixture
def sweep(running_slurm: Slurm, tmp_path: Path) -> Iterator[SlurmSweep]:
    (tmp_path / "app").mkdir()
    sweep = SlurmSweep(tmp_path / "app", running_slurm)
    yield sweep
    sweep.end()
    running_slurm.cancel_all()
