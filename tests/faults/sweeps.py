"""A sweep of an app in its own folder, and the commands that start and resume it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from params_proto.records.manifest import PLAN, STATE_DIR, SWEEP
from tests.faults import proc
from tests.faults.violations import expect

APPS = Path(__file__).parent / "apps"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
MAX_JOBS = 60
TIMEOUT = 120.0  # seconds after which a sweep counts as hanging

_IGNORED = re.compile(r"^Exception ignored in:.*\nTraceback .*\n(?:(?: .*)?\n)*.+\n", re.MULTILINE)


class Run(subprocess.Popen[bytes]):
    """A process of a sweep, and the file with its output."""

    output: Path

    def wait_for_exit(self, timeout: float = TIMEOUT) -> int:
        """Waits until the process exits by itself; returns its status.

        Args:
            timeout: seconds that this may take.
        """
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            proc.kill_group(self.pid)
            expect(False, f"{shlex.join(map(str, self.args))} hangs", self.output)  # pyright: ignore
            raise

    def text(self) -> str:
        """Its output."""
        return self.output.read_text(errors="replace")

    @property
    def has_traceback(self) -> bool:
        """Whether its output has a traceback, other than of exceptions that Python ignored.

        A signal may arrive while Python shuts down, and a log may not fit on a full disk.
        """
        return "Traceback (most" in _IGNORED.sub("", self.text())


def _environment() -> dict[str, str]:
    """Without coverage measurement, which makes Hydra show tracebacks as in a debugger."""
    return {name: value for name, value in os.environ.items() if "COVERAGE_PROCESS" not in name}


@dataclass
class Sweep:
    """A sweep.

    Args:
        folder: the working directory; the sweep's directory is `out` in it.
        swept: the overrides with the swept values.
        launcher: the overrides that choose the launcher.
        app: the name of the app.
    """

    folder: Path
    swept: Sequence[str]
    launcher: Sequence[str] = ()
    app: str = "sleeps"
    runs: list[Run] = field(default_factory=list[Run])

    @property
    def directory(self) -> Path:
        """The directory of the sweep."""
        return self.folder / "out"

    @property
    def events(self) -> list[list[str]]:
        """The events that jobs have logged: `start` or `end`, job number, process id."""
        path = self.folder / "events"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def jobs_started(self) -> int:
        """How many times a job has started, including interrupted ones."""
        path = self.folder / "events"
        return path.read_bytes().count(b"start") if path.exists() else 0

    @property
    def has_started(self) -> bool:
        """Whether there is a sweep to resume."""
        return (self.directory / STATE_DIR / PLAN).exists() and (self.directory / SWEEP).exists()

    @property
    def command(self) -> list[str]:
        """The command of the app, without the sweep."""
        script = APPS / self.app / "app.py"
        return [sys.executable, str(script), "-m", "hydra/sweeper=params_proto", *self.launcher]

    def start(self, *options: str) -> Run:
        """Starts the sweep."""
        return self.run([*self.command, "hydra.sweep.dir=out", *self.swept, *options])

    def resume(self, *options: str) -> Run:
        """Resumes the sweep."""
        return self.run([*self.command, "hydra.sweeper.resume=out", *options])

    def resume_or_start(self) -> Run:
        """Resumes the sweep; starts it if it was killed before it had a plan."""
        return self.resume() if self.has_started else self.start()

    def run(self, command: Sequence[str] | str) -> Run:
        """Starts a command in a process group of its own, as a terminal does.

        Args:
            command: the arguments, or a line for a shell.
        """
        output = self.folder / f"output-{len(self.runs)}.txt"
        with output.open("wb") as file:
            run = Run(
                command,
                shell=isinstance(command, str),
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        run.output = output
        self.runs.append(run)
        return run

    def forget(self, job: int) -> None:
        """Removes the events of a job."""
        kept = [" ".join(line) + "\n" for line in self.events if line[1] != str(job)]
        (self.folder / "events").write_text("".join(kept))

    def wait_for_jobs(self, number: int, run: Run) -> None:
        """Waits until jobs have started this many times in all, or the process has exited."""
        while run.poll() is None and self.jobs_started < number:
            time.sleep(0.004)


def random_sweep(folder: Path, rng: Random) -> tuple[Sweep, int, bool]:
    """A sweep of 20 to 60 jobs, the number of jobs, and whether joblib runs them.

    Args:
        folder: an empty folder.
        rng: the source of randomness.
    """
    jobs = rng.randint(20, MAX_JOBS)
    joblib = rng.random() < 0.5
    return Sweep(folder, [f"x=range({jobs})"], JOBLIB if joblib else ()), jobs, joblib
