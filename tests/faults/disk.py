"""A disk that is full or read-only.

File modes do not stop the superuser, so a file system is mounted read-only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from params_proto.records.manifest import record_path
from tests.faults.promises import CompletedJobs, Values, expect_completed, records
from tests.faults.sweeps import Run, Sweep
from tests.faults.violations import SkippedError, expect

JOBS = 12


def full(folder: Path, values: Values) -> None:
    """The disk fills up during a sweep, which keeps its completed jobs and resumes with more space.

    Raises:
        SkippedError: no file system can be mounted here.
    """
    sweep = Sweep(folder, ["x=range(60)", "longest=0"])
    done = CompletedJobs(sweep)
    with _mounted(sweep.directory, "size=600k"):
        run = sweep.start("hydra.sweeper.resume=true")
        _expect_refused(run, "a full disk")
        expect("No space left" in run.text(), "the reason is missing", run.output)
        done.check()
        expect(0 < len(done.completed()) < 60, f"{len(done.completed())} jobs are done", run.output)
        run = sweep.resume()  # without space for its own files
        _expect_refused(run, "a full disk")
        done.check()
        _mount("-o", "remount,size=8m", sweep.directory)
        run = sweep.resume()
        expect(run.wait_for_exit() == 0, f"it exits with {run.returncode}", run.output)
        done.check()
        expect_completed(sweep, values)


def read_only(folder: Path, values: Values) -> None:
    """Resuming on a read-only file system reports an error, and changes nothing.

    Raises:
        SkippedError: no file system can be mounted here.
    """
    sweep = Sweep(folder, [f"x=range({JOBS})"])
    with _mounted(sweep.directory, "size=8m"):
        run = sweep.start()
        expect(run.wait_for_exit() == 0, f"it exits with {run.returncode}", run.output)
        record_path(sweep.directory, 5).unlink()
        _mount("-o", "remount,ro", sweep.directory)
        run = sweep.resume()
        _expect_refused(run, "a read-only file system")
        expect("Read-only file system" in run.text(), "the reason is missing", run.output)
        expect(len(records(sweep.directory)) == JOBS - 1, "a record is lost")


def _expect_refused(run: Run, cause: str) -> None:
    """Expects a process to fail with an error message, not a traceback."""
    expect(run.wait_for_exit() == 1, f"{cause}: it exits with {run.returncode}", run.output)
    expect(not run.has_traceback, f"{cause}: a traceback", run.output)


@contextmanager
def _mounted(directory: Path, options: str) -> Generator[None, None, None]:
    """Mounts a small file system in memory."""
    if not shutil.which("mount") or os.geteuid() != 0:
        raise SkippedError("only the superuser can mount a small file system")
    directory.mkdir()
    _mount("-t", "tmpfs", "-o", options, "tmpfs", directory)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def _mount(*arguments: str | Path) -> None:
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise SkippedError(f"no file system can be mounted here: {done.stderr.strip()}")
