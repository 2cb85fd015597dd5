"""A sweep by workers on a cluster: an app, its commands, and the status of its jobs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from params_proto.records import JobStore, Record
from tests.waiting import until

# A job says that it has begun, waits for its gate, a file, and says that it ends.
APP = """\
import os
import time
from pathlib import Path

from params_proto import job, proto


def tell(file, text):
    os.write(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), f"{text}\\n".encode())


@proto.cli
def main(
    seed: int = 0, gate: str = "", saves: bool = False, least: float = 0, knows: bool = False
):
    tell("begun", f"{seed} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}")
    me = job() if saves else None
    while gate and not Path(gate).exists() and not (me and me.stopping):
        time.sleep(0.02)
    time.sleep(least)
    tell("ended", seed)
    if knows:
        return [job().attempt, job().time_left]
    return os.environ.get("LAB", seed)


if __name__ == "__main__":
    main()
"""


@dataclass(eq=False)
class Sweep:
    """A sweep of the app in a folder.

    Args:
        folder: the working directory of its commands.
        launcher: the options of the launcher.
    """

    folder: Path
    launcher: Sequence[str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list["subprocess.Popen[str]"])

    def __post_init__(self) -> None:
        (self.folder / "train.py").write_text(APP)
        self.directory = self.folder / "out"
        self.records = JobStore(self.directory)

    def command(self, *overrides: str) -> list[str]:
        """The command of the sweep."""
        options = [*self.launcher, "hydra.sweep.dir=out", *overrides]
        return [sys.executable, "train.py", "-m", *options]

    def start(self, *overrides: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Starts it."""
        return self.run(*prefix, *self.command(*overrides))

    def cli(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `params-proto ...`, in another directory: it is somebody else's shell."""
        there = self.folder.parent
        return self.run(sys.executable, "-m", "params_proto", *arguments, cwd=there)

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Starts any command, as the first process of a session."""
        process = subprocess.Popen(
            command,
            cwd=cwd or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def end(self) -> None:
        """Ends the commands that a failed test has left."""
        for process in self.processes:
            process.kill()
            process.communicate()

    def open(self) -> None:
        """Lets the jobs end that wait for the gate `open`."""
        (self.folder / "open").touch()

    def told(self, what: str = "begun") -> list[str]:
        """What the jobs have said, in alphabetical order."""
        path = self.folder / what
        return sorted(path.read_text().splitlines()) if path.exists() else []

    def wait_for_begun(self, jobs: int) -> None:
        """Waits until so many jobs have begun."""
        until(lambda: len(self.told()) == jobs)

    def outcomes(self) -> list[tuple[str, int]]:
        """How each job ended, and in which attempt."""
        found = [one for one in self.records.all() if isinstance(one, Record)]
        return [(one.status.value, one.attempt) for one in found]

    def wait_for(self, *statuses: str) -> None:
        """Waits until the jobs have these statuses."""
        until(lambda: [status for status, _ in self.outcomes()] == list(statuses))


def ended(process: subprocess.Popen[str], status: int = 0) -> str:
    """What a command has printed, once it has ended with a status."""
    text, _ = process.communicate(timeout=200)
    assert process.returncode == status, text
    return text
