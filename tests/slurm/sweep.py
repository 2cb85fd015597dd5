"""A sweep with workers on a cluster: an app, its commands, and the status of its jobs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from params_proto.records import JobStore
from tests.waiting import until

# A job logs that it has started, waits until its gate, a file, exists, and logs that it ends.
APP = """\
import os
import time
from pathlib import Path

from params_proto import job, proto


def append(file, text):
    os.write(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), f"{text}\\n".encode())


@proto.cli
def main(
    seed: int = 0, gate: str = "", saves: bool = False, delay: float = 0, returns_job: bool = False
):
    append("started", f"{seed} {os.environ.get('CUDA_VISIBLE_DEVICES', '')}")
    this = job() if saves else None
    while gate and not Path(gate).exists() and not (this and this.stopping):
        time.sleep(0.02)
    time.sleep(delay)
    append("ended", seed)
    if returns_job:
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
        launcher: overrides that choose and configure the launcher.
    """

    folder: Path
    launcher: Sequence[str]
    processes: list[subprocess.Popen[str]] = field(default_factory=list["subprocess.Popen[str]"])

    def __post_init__(self) -> None:
        (self.folder / "train.py").write_text(APP)
        self.directory = self.folder / "out"
        self.records = JobStore(self.directory)

    def command(self, *overrides: str) -> list[str]:
        """The command that starts the sweep."""
        options = [*self.launcher, "hydra.sweep.dir=out", *overrides]
        return [sys.executable, "train.py", "-m", *options]

    def start(self, *overrides: str, prefix: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Starts the sweep."""
        return self.run(*prefix, *self.command(*overrides))

    def cli(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `params-proto ...` in another working directory, as from another shell."""
        other = self.folder.parent
        return self.run(sys.executable, "-m", "params_proto", *arguments, cwd=other)

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Starts any command, in a session of its own."""
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
        """Kills the commands that a failed test has left running."""
        for process in self.processes:
            process.kill()
            process.communicate()

    def open_gate(self) -> None:
        """Lets the jobs with `gate=open` end."""
        (self.folder / "open").touch()

    def logged(self, event: str = "started") -> list[str]:
        """The lines that jobs have logged for an event, sorted."""
        path = self.folder / event
        return sorted(path.read_text().splitlines()) if path.exists() else []

    def wait_for_started(self, jobs: int) -> None:
        """Waits until this many jobs have started."""
        until(lambda: len(self.logged()) == jobs)

    def outcomes(self) -> list[tuple[str, int]]:
        """The status and attempt of each job."""
        return [(one.status.value, one.attempt) for one in self.records.readable()]

    def wait_for(self, *statuses: str) -> None:
        """Waits until the jobs have these statuses."""
        until(lambda: [status for status, _ in self.outcomes()] == list(statuses))


def wait_for_exit(process: subprocess.Popen[str], status: int = 0) -> str:
    """Waits for a command to exit with a status; returns its output."""
    text, _ = process.communicate(timeout=200)
    assert process.returncode == status, text
    return text
