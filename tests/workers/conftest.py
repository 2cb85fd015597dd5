"""A project with two apps, whose sweeps workers on this machine run."""

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
from params_proto.workers.workers_dir import read_handles
from tests.waiting import until

APPS = Path(__file__).parent / "apps"


@dataclass(eq=False)
class Project:
    """A folder with both apps, and the commands started in it."""

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
        """Starts a sweep in the directory `to`, without workers if `workers` is None."""
        sweeper = ["hydra/sweeper=params_proto", f"hydra.sweep.dir={to}"]
        sweeper += [] if workers is None else [f"hydra.sweeper.workers={workers}"]
        return self._run([sys.executable, script, "-m", *arguments, *sweeper], **options)

    def work(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts `params-proto work ARGUMENTS`."""
        return self.command("work", *arguments, **options)

    def command(self, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        """Starts `params-proto ARGUMENTS`."""
        return self._run([sys.executable, "-m", "params_proto", *arguments], **options)

    def _run(self, command: list[str], **options: Any) -> subprocess.Popen[str]:
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
        """Runs a sweep to its end; returns the command's output."""
        process = self.start(*arguments, **options)
        output, _ = process.communicate(timeout=240)
        assert process.returncode == status, output
        return output

    def cli(self, *arguments: str) -> int:
        """Runs `params-proto ARGUMENTS` in the folder, in this process; its exit status."""
        with chdir(self.folder):
            try:
                return params_proto(arguments)
            except SystemExit as error:
                return int(error.code or 0)

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def logs(self) -> str:
        """The logs of all workers."""
        return "".join(log.read_text() for log in self.out.glob(".sweep/workers/*.log"))

    def records(self, sweep: str = "out") -> list[Record]:
        return list(JobStore(self.folder / sweep).readable())

    def statuses(self, sweep: str = "out") -> list[str]:
        return [record.status.value for record in self.records(sweep)]

    def workers(self) -> list[int]:
        """The process ids of the workers of `out` that are alive."""
        return [
            handle.process.pid
            for handle in read_handles(self.out)
            if handle.process and handle.is_alive
        ]

    def wait_for_start(self, seed: int, attempts: int = 1) -> int:
        """Waits until a job has started this many times; returns its last process id."""
        path = self.folder / f"started-{seed}"
        until(lambda: path.exists() and path.read_text().count("\n") >= attempts)
        return int(path.read_text().split()[-1])

    def go(self) -> None:
        """Lets waiting jobs end."""
        (self.folder / "go").touch()

    def end(self) -> None:
        """Kills what is still running."""
        self.go()
        for process in self.processes:
            process.kill()
            process.communicate()
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    shutil.copytree(APPS, tmp_path, dirs_exist_ok=True)
    project = Project(tmp_path)
    yield project
    project.end()


def alive(pid: int) -> bool:
    """Whether a process is running; a zombie is not."""
    return process_of(pid).start_time is not None
