"""Files that are touched while something runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from params_proto.records.process import this_process
from tests.waiting import until

START = """
import os, time
from pathlib import Path
from params_proto.records import heartbeat as module
from params_proto.records.heartbeat import heartbeat
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
    with heartbeat(witness):
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
with heartbeat(a):
    with heartbeat(b), heartbeat(Path("missing")):
        assert touched(a) and touched(b)
    assert touched(a) and still(b)
assert still(a)
try:
    with heartbeat(a):
        raise ZeroDivisionError
except ZeroDivisionError:
    assert still(a)
with heartbeat(a):
    assert touched(a)
assert not Path("missing").exists()
"""
    python("-c", START + code)


def test_a_forked_process_has_a_beat_of_its_own(python: Any) -> None:
    code = """
with heartbeat(a):
    assert touched(a)
    pid = os.fork()
    if pid:
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    else:
        with heartbeat(b):
            assert touched(b)
        os._exit(0)
assert still(a)
pid = os.fork()
if not pid:
    with heartbeat(b):
        os._exit(0 if touched(b) and still(a) else 3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
    python("-W", "ignore::DeprecationWarning", "-c", START + code)


def test_what_the_parent_does_is_not_the_forks(python: Any) -> None:
    code = """
with heartbeat(a):
    pid = os.fork()
    if not pid:
        with heartbeat(b):
            os.kill(os.getppid(), 19)  # SIGSTOP: only the fork may touch anything now
            quiet = still(a)
            os.kill(os.getppid(), 18)
            os._exit(0 if quiet and touched(b) else 3)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""
    python("-W", "ignore::DeprecationWarning", "-c", START + code)


def test_a_worker_ends_with_its_parent(python: Any, tmp_path: Path) -> None:
    worker = """
with heartbeat(a):
    module.ends_with(int(sys.argv[1]))
    Path("ready").touch()
    until(lambda: os.getppid() != int(sys.argv[1]))
    come_round()  # a job that goes on to its end
    Path("done").touch()
time.sleep(60)
"""
    (tmp_path / "worker.py").write_text(f"import sys{START}{worker}")
    parent = """
import os, subprocess, sys, time
from pathlib import Path
process = subprocess.Popen([sys.executable, "worker.py", str(os.getpid())])
while not Path("ready").exists():
    time.sleep(0.01)
print(process.pid)
"""
    pid = int(python("-c", parent).stdout)
    until(lambda: not this_process()._replace(pid=pid, began=None).lives)
    assert (tmp_path / "done").exists()
