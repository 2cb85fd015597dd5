"""A project with two apps, whose sweeps are run by workers of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from params_proto.cli.main import main as params_proto
from params_proto.records import JobStore, Record
from params_proto.records.process import process_of
from params_proto.workers.setup import all_started
from tests.waiting import until

APPS = Path(__file__).parent / "apps"


@dataclass(eq=False)
class Project:
    """A folder with both apps, and the processes that may still run in it."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list[Any])

    def start(
        self,
        *arguments: str,
        script: str = "train.py",
        to: str = "out",
        workers: int | None = 2,
        **options: Any,
    ) -> subprocess.Popen[str]:
        """Starts a sweep, by workers unless there are to be none."""
        ours = ["hydra/sweeper=params_proto", f"hydra.sweep.dir={to}"]
        ours += [] if workers is None else [f"hydra.sweeper.workers={workers}"]
        return self._started([sys.executable, script, "-m", *arguments, *ours], **options)

    def work(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts `params-proto work ARGUMENTS`."""
        return self.command("work", *arguments, **options)

    def command(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts `params-proto ARGUMENTS`."""
        return self._started([sys.executable, "-m", "params_proto", *arguments], **options)

    def _started(self, command: list[str], **options: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
            **options,
        )
        self.processes.append(process)
        return process

    def sweep(self, *arguments: str, status: int = 0, **options: Any) -> str:
        """The same, to its end; what the command says."""
        process = self.start(*arguments, **options)
        said, _ = process.communicate(timeout=240)
        assert process.returncode == status, said
        return said

    def cli(self, *arguments: str) -> int:
        """Runs `params-proto ARGUMENTS` in the folder, in this process; its exit status."""
        with chdir(self.folder):
            try:
                return params_proto(arguments)
            except SystemExit as end:
                return int(end.code or 0)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def logs(self) -> str:
        """The logs of all workers."""
        return "".join(one.read_text() for one in self.out.glob(".sweep/workers/*.log"))

    def records(self, sweep: str = "out") -> list[Record]:
        found = sorted(JobStore(self.folder / sweep).all(), key=lambda one: one[0])
        return [one for one in found if isinstance(one, Record)]

    def statuses(self, sweep: str = "out") -> list[str]:
        return [one.status.value for one in self.records(sweep)]

    def workers(self) -> list[int]:
        """The workers of `out` that are alive."""
        return [one.process.pid for one in all_started(self.out) if one.process and one.is_alive]

    def began(self, seed: int, attempts: int = 1) -> int:
        """Waits until a job has begun so many times, as it writes into a file; its process."""
        path = self.folder / f"began-{seed}"
        until(lambda: path.exists() and path.read_text().count("\n") >= attempts)
        return int(path.read_text().split()[-1])

    def go(self) -> None:
        """Lets the jobs end that wait."""
        (self.folder / "go").touch()

    def end(self) -> None:
        """Ends what still runs."""
        self.go()
        for process in self.processes:
            process.kill()
            process.communicate()
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    shutil.copytree(APPS, tmp_path, dirs_exist_ok=True)
    found = Project(tmp_path)
    yield found
    found.end()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait for its parent."""
    return process_of(pid).start_time is not None
