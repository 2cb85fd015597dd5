"""A process that has the lock of a sweep's directory, and says so in a moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from params_proto.errors import SweepError
from params_proto.multirun import lock
from params_proto.multirun.lock import locked
from params_proto.records.process import this_process

HOLDS = """
import json, pathlib, sys, time
from fasteners import InterProcessReaderWriterLock
from params_proto.records.process import this_process
lock = InterProcessReaderWriterLock("lock")
assert lock.acquire_write_lock(blocking=False)
print("taken", flush=True)
time.sleep(0.2)  # so that the other one looks before, or as well after
if sys.argv[1] == "signs":
    pathlib.Path("running/other.json").write_text(json.dumps([*this_process(), None]))
    sys.stdin.read()
"""


@pytest.fixture
def holder(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[subprocess.Popen[str]]:
    monkeypatch.setattr(
        lock, "_UNSIGNED", 60.0
    )  # a busy machine may hold up what it is about to do
    (tmp_path / ".sweep/running").mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, request.param],
        cwd=tmp_path / ".sweep",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "taken\n"
        yield process
        process.communicate()


@pytest.mark.parametrize("holder", ["signs"], indirect=True)
def test_names_who_has_just_taken_it(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    message = f"process {holder.pid} on {this_process().host} runs the sweep"
    with pytest.raises(SweepError, match=message), locked(tmp_path, None):
        pass


@pytest.mark.parametrize("holder", ["ends"], indirect=True)
def test_takes_it_from_who_is_about_to_end(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    with locked(tmp_path, None):
        assert holder.wait() == 0
