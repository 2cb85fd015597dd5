"""A sweep of an app in its own folder, and the processes that start and resume it."""

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

from params_proto.records.manifest import OWN, PLAN, SWEEP
from tests.faults import proc
from tests.faults.violations import expect

APPS = Path(__file__).parent / "apps"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
MOST = 60  # jobs
LONGEST = 120.0  # seconds after which a sweep hangs

_IGNORED = re.compile(r"^Exception ignored in:.*\nTraceback .*\n(?:(?: .*)?\n)*.+\n", re.MULTILINE)


class Run(subprocess.Popen[bytes]):
    """A process of a sweep, and the file of what it writes."""

    output: Path

    def ended(self, longest: float = LONGEST) -> int:
        """The exit status, once it has ended by itself.

        Args:
            longest: seconds that this may take.
        """
        try:
            return self.wait(longest)
        except subprocess.TimeoutExpired:
            proc.kill_group(self.pid)
            expect(False, f"{shlex.join(map(str, self.args))} hangs", self.output)  # pyright: ignore
            raise

    def text(self) -> str:
        """What it has written."""
        return self.output.read_text(errors="replace")

    @property
    def shows_a_traceback(self) -> bool:
        """Whether there is one, except for exceptions that Python ignores.

        A signal may come as it clears up, and a log may not fit on the disk as it closes it.
        """
        return "Traceback (most" in _IGNORED.sub("", self.text())


def _environment() -> dict[str, str]:
    """Without coverage, which Hydra takes for a debugger, showing full tracebacks."""
    return {name: value for name, value in os.environ.items() if "COVERAGE_PROCESS" not in name}


@dataclass
class Sweep:
    """A sweep.

    Args:
        folder: the working directory, in which the sweep has the directory `out`.
        swept: the overrides that say what is swept.
        launcher: and which launcher runs it.
        app: the name of the app.
    """

    folder: Path
    swept: Sequence[str]
    launcher: Sequence[str] = ()
    app: str = "sleeps"
    runs: list[Run] = field(default_factory=list[Run])

    @property
    def directory(self) -> Path:
        """The sweep's own."""
        return self.folder / "out"

    @property
    def events(self) -> list[list[str]]:
        """The events that jobs have logged: begin or end, the directory, the process."""
        path = self.folder / "events"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def started_bodies(self) -> int:
        """How many bodies have started, including those that were cut short."""
        path = self.folder / "events"
        return path.read_bytes().count(b"begin") if path.exists() else 0

    @property
    def has_started(self) -> bool:
        """Whether there is a sweep to resume."""
        return (self.directory / OWN / PLAN).exists() and (self.directory / SWEEP).exists()

    @property
    def command(self) -> list[str]:
        """The command of any of its processes, up to what it is to do."""
        script = APPS / self.app / "app.py"
        return [sys.executable, str(script), "-m", "hydra/sweeper=params_proto", *self.launcher]

    def start(self, *more: str) -> Run:
        """Starts it, or another process on it."""
        return self.run([*self.command, "hydra.sweep.dir=out", *self.swept, *more])

    def resume(self, *more: str) -> Run:
        """Resumes it."""
        return self.run([*self.command, "hydra.sweeper.resume=out", *more])

    def resume_or_start(self) -> Run:
        """Resumes it; starts it again if it was killed before it had a plan."""
        return self.resume() if self.has_started else self.start()

    def run(self, command: Sequence[str] | str) -> Run:
        """Starts a process, the first of a group, as a terminal does.

        Args:
            command: its arguments, or a line for a shell.
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

    def wait_for_bodies(self, number: int, run: Run) -> None:
        """Waits until this many bodies have started in all processes, or the process has ended."""
        while run.poll() is None and self.started_bodies < number:
            time.sleep(0.004)


def any_sweep(folder: Path, rng: Random) -> tuple[Sweep, int, bool]:
    """A sweep of 20 to 60 jobs, how many these are, and whether joblib runs them.

    Args:
        folder: an empty one.
        rng: decides.
    """
    jobs = rng.randint(20, MOST)
    joblib = rng.random() < 0.5
    return Sweep(folder, [f"x=range({jobs})"], JOBLIB if joblib else ()), jobs, joblib
