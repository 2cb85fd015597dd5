"""A disk that is full or may not be written, and files that are not what the sweeper wrote.

The superuser may write whatever the mode says, so what cannot be written or read here is a folder
in the place of a file, a file in the place of a folder, or a file system mounted to be read only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from params_proto.records.manifest import (
    COMPOSED,
    JOBS,
    OWN,
    PLAN,
    RUNNING,
    SWEEP,
    record_path,
)
from tests.faults.promises import Done, Values, expect_done, records
from tests.faults.sweeps import Run, Sweep
from tests.faults.violations import SkippedError, expect

JOBS_OF_EACH = 12


def in_the_way(folder: Path) -> None:
    """A file stands where a folder is to be made: one line says so, and no job runs."""
    for place in ("out", f"out/{OWN}", f"out/{OWN}/{JOBS}", f"out/{OWN}/{RUNNING}", "out/3"):
        sweep = Sweep(folder / place.replace("/", "-"), [f"x=range({JOBS_OF_EACH})"])
        path = sweep.folder / place
        path.parent.mkdir(parents=True)
        path.write_text("in the way")
        _expect_refused(sweep, sweep.start(), place)
        expect(path.read_text() == "in the way", f"{place} has been written over")


def records_of_others(folder: Path, values: Values) -> None:
    """Among the records is what is none: each job that lacks its own runs again, and no other."""
    sweep = _done(folder, values)
    paths = [record_path(sweep.directory, number) for number in range(JOBS_OF_EACH)]
    whole = paths[0].read_bytes()
    spoilt = {
        0: b"",
        1: whole[:1],
        2: whole[: len(whole) // 2],
        3: whole[:-1],
        4: b"\xff\xfe\x00record",
        5: b"[" * 100_000,
        6: b'{"job": 6}',
        7: whole,  # of job 0
        8: b"\0" * 4096,  # as a machine leaves it that lost its power
    }
    for number, content in spoilt.items():
        paths[number].write_bytes(content)
        sweep.forget(number)
    records_folder = paths[0].parent
    (records_folder / "notes.txt").write_text("mine")
    (records_folder / "007.json").write_text("{}")
    (records_folder / "1234567.json").write_bytes(whole)  # which belongs into another folder
    (records_folder / "9.json.orig").write_bytes(b"")
    (records_folder.parent / "sub").mkdir()
    done = Done(sweep)
    kept = [paths[number].read_bytes() for number in range(9, JOBS_OF_EACH)]
    run = sweep.resume()
    expect(run.ended() == 0, f"it ends with {run.returncode}", run.output)
    for number in spoilt:
        told = f"{number}.json is not a record" in run.text()
        expect(told, f"nothing is said of the record of job {number}", run.output)
    expect("Traceback (most" not in run.text(), "a traceback", run.output)
    done.look()
    same = kept == [paths[number].read_bytes() for number in range(9, JOBS_OF_EACH)]
    expect(same, "a record that was whole has been written over", run.output)
    begun = sum(line[0] == "begin" for line in sweep.told)
    expect(begun == JOBS_OF_EACH, f"{begun - JOBS_OF_EACH} jobs ran again", run.output)
    expect_done(sweep, {number: values[number] for number in range(JOBS_OF_EACH)})
    expect((records_folder / "notes.txt").read_text() == "mine", "a file of others is gone")


def unreadable(folder: Path, values: Values) -> None:
    """A record that cannot be read may be one of a job that is done: the resume asks what to do."""
    sweep = _done(folder, values)
    path = record_path(sweep.directory, 5)
    path.unlink()
    path.mkdir()
    run = sweep.resume()
    _expect_refused(sweep, run, "a record that is a folder")
    expect("5.json cannot be read" in run.text(), "it does not name the record", run.output)
    path.rmdir()
    sweep.forget(5)
    run = sweep.resume()
    expect(run.ended() == 0, f"it ends with {run.returncode}", run.output)
    expect_done(sweep, {number: values[number] for number in range(JOBS_OF_EACH)})


def spoilt_plan(folder: Path, values: Values, rng: Random, times: int) -> None:
    """What stands beside the records is cut short: one line says so, and nothing is lost.

    Args:
        folder: an empty one.
        values: what the jobs return.
        rng: says where it is cut.
        times: how often each file is.
    """
    sweep = _done(folder, values)
    before = records(sweep.directory)
    plan = sweep.directory / OWN / PLAN
    record_path(sweep.directory, 5).unlink()
    for path in (plan, sweep.directory / SWEEP, sweep.directory / OWN / COMPOSED):
        whole = path.read_bytes()
        cuts = [whole[: rng.randrange(len(whole) - 2)] for _ in range(times)]
        for content in [*cuts, *[b"\xff\xfe\0"] * (times > 1)]:
            path.write_bytes(content)
            run = sweep.resume()
            _expect_refused(sweep, run, f"{path.name} with {content}")
            expect(path.name in run.text(), f"it does not name {path.name}", run.output)
            path.write_bytes(whole)
    del before[5]
    expect(records(sweep.directory) == before, "a record has changed")


def full(folder: Path, values: Values) -> None:
    """The disk is full on the way: what was done stays done, and with more room it resumes.

    Raises:
        SkippedError: nothing may be mounted here.
    """
    sweep = Sweep(folder, ["x=range(60)", "longest=0"])
    done = Done(sweep)
    with _mounted(sweep.directory, "size=600k"):
        run = sweep.start("hydra.sweeper.resume=true")
        _expect_refused(sweep, run, "a full disk", begun=True)
        expect("No space left" in run.text(), "it does not say why", run.output)
        done.look()
        expect(0 < len(done.completed()) < 60, f"{len(done.completed())} jobs are done", run.output)
        run = sweep.resume()  # with no room even for its own files
        _expect_refused(sweep, run, "a full disk", begun=True)
        done.look()
        _mount("-o", "remount,size=8m", sweep.directory)
        run = sweep.resume()
        expect(run.ended() == 0, f"it ends with {run.returncode}", run.output)
        done.look()
        expect_done(sweep, values)


def read_only(folder: Path, values: Values) -> None:
    """A file system that may only be read: a resume says so, and changes nothing.

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
        _expect_refused(sweep, run, "a file system to be read only", begun=True)
        expect("Read-only file system" in run.text(), "it does not say why", run.output)
        expect(len(records(sweep.directory)) == JOBS_OF_EACH - 1, "a record is lost")


def _done(folder: Path, values: Values) -> Sweep:
    sweep = Sweep(folder, [f"x=range({JOBS_OF_EACH})", "longest=0"])
    run = sweep.start()
    expect(run.ended() == 0, f"it ends with {run.returncode}", run.output)
    expect_done(sweep, {number: values[number] for number in range(JOBS_OF_EACH)})
    return sweep


def _expect_refused(sweep: Sweep, run: Run, why: str, *, begun: bool = False) -> None:
    """That a process said what is wrong and ran no job."""
    before = len(sweep.told) if begun is False else None
    expect(run.ended() == 1, f"{why}: it ends with {run.returncode}", run.output)
    expect(not run.shows_a_traceback, f"{why}: a traceback", run.output)
    expect(before in (None, len(sweep.told)), f"{why}: jobs ran", run.output)


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
