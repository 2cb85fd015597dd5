"""Which processes live."""

from __future__ import annotations

import errno
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
    """How this system tells of its processes."""
    if request.param == "/proc" and not Path("/proc/self/stat").exists():
        pytest.skip("no /proc")
    if request.param == "ps":
        if shutil.which("ps") is None:
            pytest.skip("no ps")
        monkeypatch.setattr(MODULE, "_PROC", tmp_path)
    MODULE._process.cache_clear()
    yield request.param
    MODULE._process.cache_clear()


def start_time(pid: int) -> str | None:
    return MODULE._start_time(pid)


def test_this_one(by: str) -> None:
    me = this_process()
    assert me.pid == os.getpid()
    assert me.start_time == start_time(os.getpid())
    assert me.is_local
    assert me.is_alive


def test_a_child(by: str, child: subprocess.Popen[bytes]) -> None:
    process = Process(this_process().host, child.pid, start_time(child.pid))
    assert process.start_time is not None
    assert process.is_alive
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie: nobody has asked for it
    assert not process.is_alive
    child.wait()
    assert not process.is_alive


def test_another_that_has_its_number(by: str, child: subprocess.Popen[bytes]) -> None:
    host = this_process().host
    assert not Process(host, child.pid, "another boot/1").is_alive
    assert Process(host, child.pid, None).is_alive  # when it began could not be told
    child.kill()
    child.wait()
    assert not Process(host, child.pid, None).is_alive


def test_another_zone_and_language(
    by: str, child: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(this_process().host, child.pid, start_time(child.pid))
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert process.is_alive


def test_a_number_that_no_process_has() -> None:
    assert not Process(this_process().host, 2**22 + 1, None).is_alive


def test_another_machine() -> None:
    assert not Process("elsewhere", os.getpid(), this_process().start_time).is_local


def test_a_name_with_parentheses(tmp_path: Path) -> None:
    shell = shutil.which("sleep")
    assert shell is not None
    odd = tmp_path / "a) Z 1 ("
    shutil.copy(shell, odd)
    with subprocess.Popen([odd, "60"]) as started:
        assert Process(this_process().host, started.pid, start_time(started.pid)).is_alive
        started.kill()


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
    path = tmp_path / "sign"
    assert age(path) == float("inf")
    path.touch()
    assert 0 <= age(path) < 5
    before = time.time() - 1000
    os.utime(path, (before, before))
    assert 990 < age(path) < 1010
    assert [each.name for each in tmp_path.iterdir()] == ["sign"]
    assert age(tmp_path / "missing" / "sign") == float("inf")


def test_where_nothing_can_be_written_the_clock_of_this_machine_has_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sign"
    path.touch()
    before = time.time() - 1000
    os.utime(path, (before, before))

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(Path, "touch", refused)
    monkeypatch.setattr(Path, "unlink", refused)
    assert 990 < age(path) < 1010
