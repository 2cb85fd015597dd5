"""A Slurm of the tests' own, and a sweep on it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.slurm.cluster import Slurm, slurm
from tests.slurm.sweep import Sweep, ended


class SlurmSweep(Sweep):
    """A sweep by workers on Slurm."""

    def __init__(self, folder: Path, slurm: Slurm) -> None:
        super().__init__(folder, ["hydra/launcher=submitit_slurm"])
        self.slurm = slurm

    def submit(self, *overrides: str) -> str:
        """Submits workers, and returns the number of their array."""
        ended(self.start("hydra.sweeper.wait=false", *overrides))
        return self.array

    def script(self, text: str) -> str:
        """Submits a script of the user's own, and returns the number of its job."""
        path = self.folder / "script.sh"
        path.write_text(text.format(python=sys.executable))
        return ended(self.run("sbatch", path.name)).split()[-1]

    @property
    def array(self) -> str:
        """The number that Slurm gave to the workers that were submitted last."""
        started = (self.directory / ".sweep" / "workers" / "started.jsonl").read_text()
        return json.loads(started.splitlines()[-1])["array"]


@pytest.fixture(scope="session")
def running_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with slurm(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster
    assert not cluster.left()


@pytest.fixture
def sweep(running_slurm: Slurm, tmp_path: Path) -> Iterator[SlurmSweep]:
    (tmp_path / "app").mkdir()
    found = SlurmSweep(tmp_path / "app", running_slurm)
    yield found
    found.end()
    running_slurm.empty()
