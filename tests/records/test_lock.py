"""Leases, and the one process that may run a sweep."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from params_proto.errors import SweepError
from params_proto.records.lock import sweep_lease
from params_proto.records.process import this_process
from tests.waiting import until

START = """
import os, time
from pathlib import Path
from params_proto.records import lock as module
from params_proto.records.lock import end_with_parent, keep_alive
from tests.waiting import until
module.HEARTBEAT = 0.02

def touched(path):
    os.utime(path, (0, 0))
    until(lambda: path.stat().st_mtime)
    return True

def come_round():
    # A touch on its way may come late; one that is seen twice since has left it behind.
    witness = Path(f"witness-{os.getpid()}")
    witness.touch()
    with keep_alive(witness):
        return touched(witness) and touched(witness)

def still(path):
    come_round()
    os.utime(path, (0, 0))
    come_round()
    return not path.stat().st_mtime

a, b = Path("a"), Path("b")
a.touch(), b.touch()
"""


def test_while_it_runs_and_no_longer(python: Any) -> None:
    code = """
with keep_alive(a):
    with keep_alive(b), keep_alive(Path("missing")):
        assert touched(a) and touched(b)
    assert touched(a) and still(b)
assert still(a)
try:
    with keep_alive(a):
        raise ZeroDivisionError
except ZeroDivisionError:
    assert still(a)
with keep_alive(a):
    assert touched(a)
assert not Path("missing").exists()
"""
    python("-c", START + code)


def test_a_forked_process_has_a_beat_of_its_own(python: Any) -> None:
    code = """
with keep_alive(a):
    assert touched(a)
    pid = os.fork()
    if not pid:
        with keep_alive(b):
            os.kill(os.getppid(), 19)  # SIGSTOP: only the fork may touch anything now
            quiet = still(a)
            os.kill(os.getppid(), 18)
            os._exit(0 if quiet and touched(b) else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
    python("-W", "ignore::DeprecationWarning", "-c", START + code)


def test_a_process_that_another_one_started_keeps_running(python: Any) -> None:
    code = """
end_with_parent(os.getppid() + 1)  # which has not started this process, as a cluster's worker
slept = []

class Clock:
    def sleep(seconds):
        slept.append(seconds)
        time.sleep(seconds)

module.time = Clock
with keep_alive(a):
    assert touched(a)
until(lambda: len(slept) > 3)
print("alive")
"""
    assert python("-c", START + code).stdout == "alive\n"


def test_a_worker_ends_with_its_parent(python: Any, tmp_path: Path) -> None:
    worker = """
with keep_alive(a):
    end_with_parent(int(sys.argv[1]))
    Path("ready").touch()
    until(lambda: os.getppid() != int(sys.argv[1]))
    come_round()  # a job that goes on to its end
    Path("done").touch()
time.sleep(600)
"""
    (tmp_path / "worker.py").write_text(f"import sys{START}{worker}")
    parent = """
import os, subprocess, sys, time
from pathlib import Path
process = subprocess.Popen(
    [sys.executable, "worker.py", str(os.getpid())],
    stdout=subprocess.DEVNULL,  # or whoever reads this process's output would wait for both
    stderr=subprocess.DEVNULL,
)
while not Path("ready").exists():
    time.sleep(0.01)
print(process.pid)
"""
    pid = int(python("-c", parent).stdout)
    until(lambda: not this_process()._replace(pid=pid, start_time=None).is_alive)
    assert (tmp_path / "done").exists()


# --- the process that runs a sweep

HOLD = """
import sys
from pathlib import Path
from params_proto.records.lock import sweep_lease

with sweep_lease(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None):
    print("held", flush=True)
    sys.stdin.readline()
"""
Hold = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Holds the lease of a directory in a separate process."""
    started: list[subprocess.Popen[str]] = []

    def holding(directory: Path, *shard: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(directory), *shard],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield holding
    for process in started:
        process.kill()
        process.communicate()


def signs(directory: Path) -> list[str]:
    return sorted(path.name for path in (directory / ".sweep" / "running").iterdir())


def refused(directory: Path, shard: str | None = None) -> str:
    """Why this process may not run the sweep; empty if it may."""
    try:
        with sweep_lease(directory, shard):
            return ""
    except SweepError as error:
        return str(error)


def test_a_dead_process_blocks_no_other(hold: Hold, tmp_path: Path) -> None:
    first = hold(tmp_path)
    first.kill()
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # a zombie
    with sweep_lease(tmp_path, None):
        assert signs(tmp_path) == [f"{this_process().host}-{os.getpid()}.json"]


def elsewhere(
    directory: Path,
    ago: float,
    shard: str | None = None,
    *,
    host: str = "other",
    waits: bool = False,
) -> Path:
    """The lease of a process on another machine."""
    path = directory / ".sweep" / "running" / f"{host}-1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([host, 1, "its boot/1", shard, *(["waits"] if waits else [])]))
    then = time.time() - ago
    os.utime(path, (then, then))
    return path


@contextmanager
def beating(sign: Path) -> Generator[None, None, None]:
    """Touches a lease again and again, as a living process does."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(0.05):
            sign.touch()

    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("ago", "theirs", "ours", "is_refused"),
    [
        (0, None, None, True),
        (280, None, None, True),
        (320, None, None, False),
        (0, None, "0::2", True),
        (0, "1::2", None, True),
        (0, "1::2", "0::2", False),
    ],
)
def test_another_machine(
    tmp_path: Path, ago: float, theirs: str | None, ours: str | None, is_refused: bool
) -> None:
    path = elsewhere(tmp_path, ago, theirs)
    reason = refused(tmp_path, ours)
    assert reason.startswith("process 1 on other runs") == is_refused
    assert path.exists() == (ago < 300)


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".sweep").write_text("")
    message = r"\.sweep cannot be written: File exists\. It contains the job records"
    with pytest.raises(SweepError, match=message), sweep_lease(tmp_path, None):
        pass


def test_a_process_that_is_on_its_turn_goes_first(tmp_path: Path) -> None:
    sign = elsewhere(tmp_path, 0, host="-first", waits=True)
    assert refused(tmp_path).startswith("process 1 on -first runs the sweep in")
    assert signs(tmp_path) == [sign.name]


@pytest.mark.parametrize("runs", [True, False])
def test_one_that_is_not_on_its_turn_is_waited_for(tmp_path: Path, runs: bool) -> None:
    sign = elsewhere(tmp_path, 0, host="~last", waits=True)

    def decide() -> None:
        until(lambda: len(signs(tmp_path)) > 1)
        if runs:
            elsewhere(tmp_path, 0, host="~last")
        else:
            sign.unlink()

    other = threading.Thread(target=decide)
    other.start()
    assert bool(refused(tmp_path)) == runs
    other.join()


MANY = """
import sys
from pathlib import Path
from params_proto.errors import SweepError
from params_proto.records.lock import sweep_lease

print("ready", flush=True)
for line in sys.stdin:
    try:
        with sweep_lease(Path(), None):
            print("runs", flush=True)
            sys.stdin.readline()
    except SweepError:
        print("refused", flush=True)
        sys.stdin.readline()
    print("over", flush=True)
"""


def test_of_many_that_start_at_once_one_runs(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MANY],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    def send(what: str) -> None:
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(what)
            process.stdin.flush()

    def answers() -> list[str]:
        return [process.stdout.readline().strip() for process in processes if process.stdout]

    assert answers() == ["ready"] * 3
    for _ in range(10):
        send("start\n")
        assert sorted(answers()) == ["refused", "refused", "runs"]
        send("end\n")
        assert answers() == ["over"] * 3
    for process in processes:
        process.communicate()
    assert signs(tmp_path) == []
