"""Ctrl-C and SIGTERM: what stops, what is recorded, and how to resume."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from params_proto.records import JobStore
from params_proto.records.process import this_process
from tests.faults.proc import workers
from tests.waiting import until

APP = """
import sys, time
from pathlib import Path
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    if Path("go").exists():
        return
    try:
        Path(f"began-{config.seed}").touch()
        time.sleep(100)
    except KeyboardInterrupt:
        Path("cleaning").touch()
        if config.name == "slow":
            time.sleep(100)
        if config.name != "deaf":
            raise

main()
"""

OURS = ["-W", "ignore", "app.py", "-m", "hydra/sweeper=params_proto", "hydra.sweep.dir=out"]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(app: Path) -> Iterator[Start]:
    processes: list[subprocess.Popen[str]] = []

    def started(text: str, *overrides: str) -> subprocess.Popen[str]:
        (app / "app.py").write_text(text)
        process = subprocess.Popen(
            [sys.executable, *OURS, *overrides],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=app,
            # Also where a shell has put the tests into its background, where nobody hears Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        return process

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def interrupted(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """Its output, when a signal has ended it."""
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    return said


def statuses(out: Path) -> list[str]:
    return [one.status.value for one in JobStore(out).readable()]


def assert_resumes(app: Path, said: str, overrides: list[str]) -> None:
    (app / "go").touch()
    (command,) = re.findall("Resume with: (.*)", said)
    subprocess.run(["sh", "-c", command], cwd=app, check=True, capture_output=True, timeout=240)
    assert statuses(app / "out") == ["completed"] * 3
    records = JobStore(app / "out").readable()
    assert [one.overrides for one in records] == [[*overrides, f"seed={n}"] for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("number", "name"),
    # a deaf job ends as if it were done
    [(signal.SIGINT, "plain"), (signal.SIGTERM, "deaf")],
)
def test_a_signal(app: Path, start: Start, number: signal.Signals, name: str) -> None:
    process = start(APP, f"name={name}", "seed=1,2,3")
    until((app / "began-1").exists)
    said = interrupted(process, number)
    assert "Traceback" not in said
    summary = said.index("Interrupted: 0 jobs completed in this run, 1 cut short.")
    # SIGKILL may follow while a long table is written.
    assert summary < said.index("Resume with: ") < said.index("1 interrupted, 2 pending in out")
    assert statuses(app / "out") == ["interrupted"]
    assert not (app / "began-2").exists()
    assert_resumes(app, said, [f"name={name}"])


LEAVES = """
import os, signal
from pathlib import Path
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    Path(f"began-{config.seed}").touch()
    if config.seed == 1:
        signal.signal(signal.SIGTERM, lambda *_: None)
    if config.seed == 2 and not Path("go").exists():
        os.kill(os.getpid(), signal.SIGTERM)

main()
"""


def test_a_job_leaves_a_handler_of_its_own(app: Path, start: Start) -> None:
    process = start(LEAVES, "seed=1,2,3")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 143
    assert statuses(app / "out") == ["completed", "interrupted"]
    assert "Resume with: " in said


def test_workers_that_take_ctrl_c_for_their_own(app: Path, start: Start) -> None:
    joblib = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    process = start(APP, "name=deaf", "seed=1,2,3", *joblib)
    until((app / "began-1").exists)
    until((app / "began-2").exists)
    for worker in workers(process.pid):  # a terminal signals all that run in it
        os.kill(worker, signal.SIGINT)
    said = interrupted(process, signal.SIGINT)
    assert "0 jobs completed in this run" in said
    assert set(statuses(app / "out")) == {"interrupted"}
    assert "Resume with: " in said


def test_another_ctrl_c_while_a_job_cleans_up(app: Path, start: Start) -> None:
    process = start(APP, "name=slow", "seed=1,2,3")
    until((app / "began-1").exists)
    process.send_signal(signal.SIGINT)
    until((app / "cleaning").exists)
    said = interrupted(process, signal.SIGINT)
    assert "Traceback" not in said
    assert statuses(app / "out") == ["interrupted"]
    assert "Resume with: " in said


BEFORE = """
from pathlib import Path
from time import sleep
import sys
import params_proto.multirun

def copy_files(*args):  # between the lease and the first job
    Path("between").touch()
    sleep(100)

if not Path("go").exists():
    sys.modules["params_proto.multirun.sweep_dir"].copy_files = copy_files
"""


def test_before_the_first_job(app: Path, start: Start, python: Any) -> None:
    process = start(BEFORE + APP, "seed=1,2,3")
    until((app / "between").exists)
    said = interrupted(process, signal.SIGTERM)
    assert said.endswith("Interrupted: no job had started. Run the same command again.\n")
    assert not [*(app / "out/.sweep/running").iterdir()]
    (app / "go").touch()
    python(*OURS, "seed=1,2,3", "hydra.sweeper.resume=true")
    assert statuses(app / "out") == ["completed"] * 3


def has_a_child(config: object) -> int | None:
    """How a child ends that the job has forked and that a signal ends."""
    ours, theirs = multiprocessing.Pipe()

    def sleep() -> None:
        theirs.send(None)
        time.sleep(100)

    child = multiprocessing.get_context("fork").Process(target=sleep)
    child.start()
    ours.recv()
    os.kill(child.pid or 0, signal.SIGTERM)
    child.join(60)
    return child.exitcode


def test_the_children_of_a_job_end_as_ever(
    multirun: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    assert multirun("seed=1", task=has_a_child).values == [-signal.SIGTERM]
    assert "Interrupt: SIG" not in capfd.readouterr().err


AGAIN = """
import time
from pathlib import Path
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    if not Path("go").exists() and config.seed == 3:
        Path("began").touch()
        time.sleep(100)

main()
"""


def attempts(out: Path) -> list[int]:
    found = {one.job: one.attempt for one in JobStore(out).readable()}
    return [found[job] for job in sorted(found)]


def test_jobs_that_are_to_run_again(app: Path, start: Start) -> None:
    (app / "go").touch()
    start(AGAIN, "seed=range(1,5)").communicate(timeout=60)
    (app / "go").unlink()
    process = start(AGAIN, "hydra.sweeper.resume=out", "hydra.sweeper.rerun=[completed]")
    until((app / "began").exists)
    said = interrupted(process, signal.SIGINT)
    assert "Interrupted: 2 jobs completed in this run, 1 cut short." in said
    assert "resuming also repeats those finished in this run" in said
    (command,) = re.findall("Resume with: (.*)", said)
    assert command.endswith(" hydra.sweeper.resume=out hydra.sweeper.rerun=all")
    (app / "go").touch()
    subprocess.run(["sh", "-c", command], cwd=app, check=True, capture_output=True, timeout=240)
    assert attempts(app / "out") == [3, 3, 3, 2]
    assert set(statuses(app / "out")) == {"completed"}


CLUSTER = """
import time
from pathlib import Path
import hydra
from params_proto.multirun import finish

finish._GRACE = 0.5

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    Path(f"began-{config.seed}").touch()
    for _ in range(3000):
        if Path("go").exists():
            return
        time.sleep(0.1)
    raise TimeoutError

if __name__ == "__main__":
    main()
"""


def said_until(process: subprocess.Popen[str], text: str) -> str:
    """Its output up to a line with some text: its jobs may keep the output open."""
    lines = [""]
    while text not in lines[-1]:
        assert process.stdout is not None
        lines.append(process.stdout.readline())
        assert lines[-1], "".join(lines)
    return "".join(lines)


@pytest.mark.launchers
def test_jobs_of_a_cluster_run_on(app: Path, start: Start) -> None:
    process = start(CLUSTER, "seed=1,2", "hydra/launcher=submitit_local")
    try:
        until((app / "began-1").exists)
        until((app / "began-2").exists)
        process.send_signal(signal.SIGTERM)
        said = said_until(process, "Resume with: ")
        assert process.wait(60) == 143
        host = this_process().host
        pids = [one.pid for one in JobStore(app / "out").readable()]
        runs = ", ".join(f"job {job} in process {pid} on {host}" for job, pid in enumerate(pids))
        assert "Interrupted: 0 jobs completed in this run, 0 cut short." in said
        assert (
            f"2 jobs still running, started by the launcher or another process ({runs}): " in said
        )
        # and another one that waits for them leaves them running, too
        waits = start(CLUSTER, "hydra.sweeper.resume=out", "hydra/launcher=submitit_local")
        said_until(waits, "Waiting for job 0")
        waits.send_signal(signal.SIGINT)
        said = said_until(waits, "Resume with: ")
        assert waits.wait(60) == 130
        assert (
            f"2 jobs still running, started by the launcher or another process ({runs}): " in said
        )
    finally:
        (app / "go").touch()
    (command,) = re.findall("Resume with: (.*)", said)
    subprocess.run(["sh", "-c", command], cwd=app, check=True, capture_output=True, timeout=240)
    assert statuses(app / "out") == ["completed"] * 2
    assert attempts(app / "out") == [1, 1]
