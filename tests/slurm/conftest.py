"""A sweep on a Slurm of the tests' own: an app, its commands, and what becomes of its jobs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from params_proto.records import JobStore, Record
from tests.slurm.cluster import Slurm, slurm
from tests.waiting import until

# A job waits for its gate, a file, and says that it has run.
APP = """\
import os
import time
from pathlib import Path

from params_proto import job, proto


@proto.cli
def main(seed: int = 0, gate: str = "", saves: bool = False, least: float = 0):
    told = os.open("told", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(told, f"{seed} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}\\n".encode())
    me = job() if saves else None
    while gate and not Path(gate).exists() and not (me and me.stopping):
        time.sleep(0.02)
    time.sleep(least)
    return seed


if __name__ == "__main__":
    main()
"""


@dataclass(eq=False)
class Sweep:
    """A sweep of the app in a folder.

    Args:
        folder: the working directory of its commands.
        slurm: that runs it.
    """

    folder: Path
    slurm: Slurm

    def __post_init__(self) -> None:
        self.directory = self.folder / "out"
        self.records = JobStore(self.directory)
        self._outputs: list[Path] = []

    def start(self, *overrides: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Starts the command of a sweep by Slurm's workers, as the first of a session."""
        options = ["hydra/launcher=submitit_slurm", "hydra.sweep.dir=out", *overrides]
        return self.run(*prefix, sys.executable, "train.py", "-m", *options)

    def submit(self, *overrides: str) -> str:
        """Submits workers, and returns the number of their array."""
        ended(self.start("hydra.sweeper.wait=false", *overrides))
        return self.array

    def script(self, text: str) -> str:
        """Submits a script of the user's own, and returns the number of its job."""
        path = self.folder / "script.sh"
        path.write_text(text.format(python=sys.executable, directory="out"))
        return ended(self.run("sbatch", path.name)).split()[-1]

    def cli(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `params-proto ...`, in another directory: it is somebody else's shell."""
        there = self.folder.parent
        return self.run(sys.executable, "-m", "params_proto", *arguments, cwd=there)

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def array(self) -> str:
        """The number that Slurm gave to the workers that were submitted last."""
        started = (self.directory / ".sweep" / "workers" / "started.jsonl").read_text()
        return started.splitlines()[-1].split('"')[3]

    @property
    def told(self) -> list[str]:
        """What the jobs have said so far."""
        path = self.folder / "told"
        return path.read_text().splitlines() if path.exists() else []

    def open(self) -> None:
        """Lets the jobs that wait for the gate `open` end."""
        (self.folder / "open").touch()

    def outcomes(self) -> list[tuple[str, int]]:
        """How each job ended, and in which attempt."""
        found = [one for one in self.records.all() if isinstance(one, Record)]
        return [(one.status.value, one.attempt) for one in found]

    def wait_for(self, *statuses: str) -> None:
        """Waits until the jobs have these statuses."""
        until(lambda: [status for status, _ in self.outcomes()] == list(statuses))


def ended(process: subprocess.Popen[str], status: int = 0) -> str:
    """What a command has printed, once it has ended with a status."""
    text, _ = process.communicate(timeout=120)
    assert process.returncode == status, text
    return text


@pytest.fixture(scope="session")
def running_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    with slurm(tmp_path_factory.mktemp("slurm")) as cluster:
        yield cluster
    assert not cluster.left()


@pytest.fixture
def cluster(running_slurm: Slurm) -> Iterator[Slurm]:
    """Slurm, with no jobs of other tests."""
    yield running_slurm
    running_slurm.empty()


@pytest.fixture
def sweep(cluster: Slurm, tmp_path: Path) -> Sweep:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "train.py").write_text(APP)
    return Sweep(folder, cluster)
