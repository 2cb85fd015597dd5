"""Which processes are alive."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from params_proto.records.process import Process, age, this_process

MODULE = import_module("params_proto.records.process")


@pytest.fixture(params=["/proc", "ps"])
def by(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """How this system describes its processes."""
    if request.param == "/proc" and not Path("/proc/self/stat").exists():
        pytest.skip("no /proc")
    if request.param == "ps":
        if shutil.which("ps") is None:
            pytest.skip("no ps")
        monkeypatch.setattr(MODULE, "_PROC", tmp_path)
    MODULE._process.cache_clear()
    yield request.param
    MODULE._process.cache_clear()


def process(pid: int) -> Process:
    return Process(this_process().host, pid, MODULE._start_time(pid))


def test_a_process_and_its_end(
    by: str, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert this_process() == process(os.getpid())
    assert this_process().is_local
    found = process(child.pid)
    assert found.start_time is not None
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert found.is_alive
    assert found._replace(start_time=None).is_alive  # if its start time is unknown
    assert not found._replace(start_time="another boot/1").is_alive  # its pid was reused
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie
    assert not found.is_alive
    child.wait()
    assert not found.is_alive
    assert not found._replace(start_time=None).is_alive


def test_another_machine() -> None:
    assert not Process("elsewhere", os.getpid(), this_process().start_time).is_local


def test_a_fork_is_another_process(python: Any) -> None:
    code = """
import os
from params_proto.records.process import this_process
parent = this_process()
pid = os.fork()
if not pid:
    me = this_process()
    os._exit(0 if me.pid == os.getpid() != parent.pid and me.is_alive and parent.is_alive else 3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
    python("-W", "ignore::DeprecationWarning", "-c", code)


def test_how_long_ago_a_file_was_touched(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    assert age(path) == age(tmp_path / "missing" / "lease") == float("inf")
    path.touch()
    assert 0 <= age(path) < 5
    before = time.time() - 1000
    os.utime(path, (before, before))
    assert 990 < age(path) < 1010
    assert [each.name for each in tmp_path.iterdir()] == ["lease"]
