"""One process at a time in the directory of a sweep, but for parts of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto.errors import SweepError
from params_proto.multirun import lock
from params_proto.multirun.lock import locked
from params_proto.records import Record, Records, Status
from params_proto.records.process import this_process
from tests.waiting import until

HOLD = """
import sys
from pathlib import Path
from params_proto.multirun.lock import locked

with locked(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None):
    print("held", flush=True)
    sys.stdin.readline()
"""
Hold = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Holds the lock of a directory in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def holding(directory: Path, *part: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(directory), *part],
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


def test_a_second_process_is_refused(hold: Hold, tmp_path: Path) -> None:
    first = hold(tmp_path)
    message = (
        rf"^process {first.pid} on {this_process().host} runs the sweep in {tmp_path}\. Wait until"
        r".* hydra\.sweeper\.resume=true; or give this one another hydra\.sweep\.dir\."
    )
    for part in (None, "0::2"):
        with pytest.raises(SweepError, match=message), locked(tmp_path, part):
            pass
    assert signs(tmp_path) == [f"{this_process().host}-{first.pid}.json"]
    first.communicate("\n")
    with locked(tmp_path, None):
        assert signs(tmp_path) == [f"{this_process().host}-{os.getpid()}.json"]
    assert signs(tmp_path) == []


def test_parts_run_at_once(hold: Hold, tmp_path: Path) -> None:
    first = hold(tmp_path, "0::3")
    hold(tmp_path, "1::3")
    with locked(tmp_path, "2::3"):
        assert len(signs(tmp_path)) == 3
    with (
        pytest.raises(SweepError, match=r"^process \d+ on .* runs the sweep in"),
        locked(tmp_path, None),
    ):
        pass
    first.kill()
    with locked(tmp_path, "0::3"):
        pass


@pytest.mark.parametrize("part", [[], ["0::2"]], ids=["whole", "part"])
def test_a_dead_process_keeps_nobody_out(hold: Hold, tmp_path: Path, part: list[str]) -> None:
    first = hold(tmp_path, *part)
    first.kill()
    os.waitid(os.P_PID, first.pid, os.WEXITED | os.WNOWAIT)  # a zombie
    with locked(tmp_path, None):
        assert signs(tmp_path) == [f"{this_process().host}-{os.getpid()}.json"]


def elsewhere(directory: Path, ago: float, part: str | None = None) -> Path:
    """The sign of a process of another machine."""
    path = directory / ".sweep" / "running" / "other-1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(["other", 1, "its boot/1", part]))
    then = time.time() - ago
    os.utime(path, (then, then))
    return path


@contextmanager
def beating(sign: Path) -> Generator[None, None, None]:
    """Touches a sign again and again, as a process that lives does."""
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
    ("ago", "theirs", "ours", "refused"),
    [
        (0, None, None, True),
        (280, None, None, True),
        (320, None, None, False),
        (0, None, "0::2", True),
        (0, "1::2", None, True),
        (0, "1::2", "0::2", False),
        (320, "1::2", None, False),
    ],
)
def test_another_machine(
    tmp_path: Path, ago: float, theirs: str | None, ours: str | None, refused: bool
) -> None:
    path = elsewhere(tmp_path, ago, theirs)
    if refused:
        with pytest.raises(SweepError, match=r"^process 1 on other runs"), locked(tmp_path, ours):
            pass
        assert signs(tmp_path) == ["other-1.json"]
    else:
        with locked(tmp_path, ours):
            assert path.exists() == (ago < 300)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "[1]", "7", '["other", 1]'])
def test_a_foreign_file_among_the_signs(tmp_path: Path, content: str) -> None:
    path = elsewhere(tmp_path, 0)
    path.write_text(content)
    (path.parent / "notes.txt").write_text("")
    with locked(tmp_path, None):
        pass
    assert path.exists()


def test_it_is_let_go_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path, None):
        raise ZeroDivisionError
    with locked(tmp_path, None):
        pass


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".sweep").write_text("")
    message = r"\.sweep cannot be written: File exists\. What becomes of the jobs is kept"
    with pytest.raises(SweepError, match=message), locked(tmp_path, None):
        pass


# --- as a sweep meets it


def test_a_sweep_that_runs(multirun: Any, app: Path, hold: Hold) -> None:
    out = multirun("seed=1,2").directory
    first = hold(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    message = rf"process {first.pid} on {this_process().host} runs the sweep in .*slice"
    for sweep in (
        ["seed=1,2,3", f"hydra.sweeper.resume={out}"],
        [f"hydra.sweeper.resume={out}", "hydra.sweeper.rerun=all"],
        ["seed=1,2", "hydra.sweeper.overwrite=true"],
    ):
        with pytest.raises(CompactHydraException, match=message):
            multirun(*sweep)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    first.communicate("\n")
    assert multirun("seed=1,2,3", f"hydra.sweeper.resume={out}").jobs == ["seed=3"]


def test_a_job_that_runs_on_is_not_written_over(multirun: Any) -> None:
    out = multirun("seed=1,2").directory
    records, me = Records(out), this_process()
    record = records.read(1)
    assert record is not None
    runs = record._replace(status=Status.RUNNING, pid=me.pid, process=me.began, ended=None)
    records.write(runs)
    with pytest.raises(
        CompactHydraException, match=rf"job 1 .* still running, in process {me.pid}"
    ):
        multirun("lr=3,4", "hydra.sweeper.overwrite=true")
    assert records.read(1) == runs
    records.write(record)
    assert multirun("lr=3,4", "hydra.sweeper.overwrite=true").jobs == ["lr=3", "lr=4"]


def test_who_is_refused_says_nothing_of_the_jobs(multirun: Any, hold: Hold) -> None:
    out = multirun("seed=1,2").directory
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    records = Records(out)
    record = records.read(1)
    assert record is not None
    records.write(record._replace(status=Status.RUNNING, pid=gone.pid, process=None, ended=None))
    hold(out)
    with pytest.raises(CompactHydraException, match="runs the sweep in"):
        multirun(f"hydra.sweeper.resume={out}")
    assert [one.status.value for one in map(records.read, (0, 1)) if one] == [
        "completed",
        "running",
    ]


def test_a_sweep_of_another_machine(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = multirun("seed=1,2").directory
    runs = pytest.raises(CompactHydraException, match="process 1 on other runs the sweep in")
    with beating(elsewhere(out, 20)), runs:
        multirun("seed=1,2,3", f"hydra.sweeper.resume={out}")
    assert "for its next sign of life, 300 seconds at most" in capsys.readouterr().out
    with pytest.raises(CompactHydraException, match="process 1 on other runs the sweep in"):
        multirun("seed=1,2", "hydra.sweeper.overwrite=true")
    monkeypatch.setattr(lock, "STALE", 21.0)
    elsewhere(out, 20)  # its machine is gone
    assert multirun("seed=1,2,3", f"hydra.sweeper.resume={out}").jobs == ["seed=3"]
    assert signs(out) == []


@pytest.mark.parametrize(("name", "refused"), [("-first.json", True), ("~last.json", False)])
def test_of_two_that_have_waited_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, refused: bool
) -> None:
    gone = elsewhere(tmp_path, 0)

    def told_again(*_: Any, **__: Any) -> list[Any]:
        gone.unlink()
        gone.with_name(name).write_text(json.dumps(["third", 1, None, None]))
        return []

    monkeypatch.setattr(lock, "_told_again", told_again)
    message = "process 1 on third runs"
    with (
        pytest.raises(SweepError, match=message) if refused else nullcontext(),
        locked(tmp_path, None, patient=True),
    ):
        assert len(signs(tmp_path)) == 2
    assert signs(tmp_path) == [name]


def test_a_sweep_that_another_machine_had(multirun: Any) -> None:
    out = multirun("seed=1,2").directory
    elsewhere(out, 400)
    assert multirun("seed=1,2,3", f"hydra.sweeper.resume={out}").jobs == ["seed=3"]
    assert signs(out) == []


def test_parts_of_a_sweep_at_once(multirun: Any, hold: Hold) -> None:
    out = multirun("seed=range(0,4)", "hydra.sweeper.slice=0:1").directory
    hold(out, "1:2")
    assert multirun("seed=range(0,4)", "hydra.sweeper.slice=2:").jobs == ["seed=2", "seed=3"]
    with pytest.raises(CompactHydraException, match="runs the sweep in"):
        multirun(f"hydra.sweeper.resume={out}")


APP = """
import time
from pathlib import Path
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    Path(f"began-{config.seed}").touch()
    while not Path("go").exists():
        time.sleep(0.02)

main()
"""


def test_two_real_sweeps(app: Path, python: Any) -> None:
    (app / "app.py").write_text(APP)
    ours = ["app.py", "-m", "hydra/sweeper=params_proto", "hydra.sweep.dir=out"]
    with subprocess.Popen(
        [sys.executable, *ours, "seed=1,2"], stdout=subprocess.DEVNULL, cwd=app
    ) as first:
        try:
            until((app / "began-1").exists)
            done = python(*ours, "seed=1,2", "hydra.sweeper.resume=true", status=1)
        finally:
            (app / "go").touch()
    assert f"process {first.pid} on {this_process().host} runs the sweep in out." in done.stderr
    assert first.returncode == 0
    again = ["seed=1,2", "hydra.sweeper.resume=true", "hydra.sweeper.progress=false"]
    assert python("-W", "ignore", *ours, *again).stderr == ""


def test_parts_that_go_on_with_another_sweep_at_once(app: Path, python: Any) -> None:
    (app / "app.py").write_text(APP)
    (app / "go").touch()
    ours = ["-W", "ignore", "app.py", "-m", "hydra/sweeper=params_proto", "hydra.sweep.dir=out"]
    python(*ours, "seed=5,6")
    again = [*ours, "seed=range(0,12)", "hydra.sweeper.resume=true"]
    parts = [
        subprocess.Popen([sys.executable, *again, f"hydra.sweeper.slice={part}::3"], cwd=app)
        for part in range(3)
    ]
    assert [part.wait() for part in parts] == [0, 0, 0]
    found = [record for record in Records(app / "out").all() if isinstance(record, Record)]
    assert [record.job for record in found] == [*range(12)]
    assert [record.overrides for record in found[:2]] == [["seed=5"], ["seed=6"]]
    assert {tuple(record.overrides) for record in found} == {(f"seed={n}",) for n in range(12)}
    assert [record.attempt for record in found] == [1] * 12
