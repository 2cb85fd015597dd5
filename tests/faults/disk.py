"""A disk that is full or read-only.

The superuser may write whatever the mode says: here a file system is mounted to be read only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from params_proto.records.manifest import (
    record_path,
)
from tests.faults.promises import Done, Values, expect_done, records
from tests.faults.sweeps import Run, Sweep
from tests.faults.violations import SkippedError, expect

JOBS_OF_EACH = 12


def full(folder: Path, values: Values) -> None:
    """The disk fills up: what was done stays done, and with more space the sweep resumes.

    Raises:
        SkippedError: nothing may be mounted here.
    """
    sweep = Sweep(folder, ["x=range(60)", "longest=0"])
    done = Done(sweep)
    with _mounted(sweep.directory, "size=600k"):
        run = sweep.start("hydra.sweeper.resume=true")
        _expect_refused(run, "a full disk")
        expect("No space left" in run.text(), "it does not say why", run.output)
        done.look()
        expect(0 < len(done.completed()) < 60, f"{len(done.completed())} jobs are done", run.output)
        run = sweep.resume()  # with no room even for its own files
        _expect_refused(run, "a full disk")
        done.look()
        _mount("-o", "remount,size=8m", sweep.directory)
        run = sweep.resume()
        expect(run.ended() == 0, f"it ends with {run.returncode}", run.output)
        done.look()
        expect_done(sweep, values)


def read_only(folder: Path, values: Values) -> None:
    """A read-only file system: a resume reports that, and changes nothing.

    Raises:
        SkippedError: nothing may be mounted here.
    """
    sweep = Sweep(folder, [f"x=range({JOBS_OF_EACH})"])
    with _mounted(sweep.directory, "size=8m"):
        run = sweep.start()
        expect(run.ended() == 0, f"it ends with {run.returncode}", run.output)
        record_path(sweep.directory, 5).unlink()
        _mount("-o", "remount,ro", sweep.directory)
        run = sweep.resume()
        _expect_refused(run, "a file system to be read only")
        expect("Read-only file system" in run.text(), "it does not say why", run.output)
        expect(len(records(sweep.directory)) == JOBS_OF_EACH - 1, "a record is lost")


def _expect_refused(run: Run, why: str) -> None:
    """Checks that a process reported what is wrong."""
    expect(run.ended() == 1, f"{why}: it ends with {run.returncode}", run.output)
    expect(not run.shows_a_traceback, f"{why}: a traceback", run.output)


@contextmanager
def _mounted(directory: Path, options: str) -> Generator[None, None, None]:
    """A small file system in memory."""
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
        raise SkippedError(f"nothing can be mounted here: {done.stderr.strip()}")
