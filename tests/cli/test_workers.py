"""Errors and exit statuses of `params-proto work`, `watch` and `stop`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from params_proto.cli.main import main
from params_proto.records import JobStore
from tests.waiting import until

APP = """\
import time
from pathlib import Path

from params_proto import proto


@proto.cli
def main(seed: int = 0):
    while not Path("open").exists():
        time.sleep(0.02)


if __name__ == "__main__":
    main()
"""


@pytest.fixture
def sweep(tmp_path: Path, python: Any) -> Callable[..., Path]:
    """Starts a sweep whose jobs wait for the file `open`, and leaves once the first runs."""

    def start(*options: str) -> Path:
        (tmp_path / "train.py").write_text(APP)
        workers = ["hydra.sweeper.workers=1", "hydra.sweeper.wait=false"]
        python("train.py", "-m", *workers, "hydra.sweep.dir=out", *options)
        until(lambda: any(JobStore(tmp_path / "out").readable()))
        return tmp_path / "out"

    return start


def finished(directory: Path) -> bool:
    return set(_statuses(directory)) == {"completed"}


def test_directories_without_workers(
    tmp_path: Path, python: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "train.py").write_text(APP)
    (tmp_path / "open").touch()
    python("train.py", "-m", "seed=1,2", "hydra/sweeper=params_proto", "hydra.sweep.dir=plain")
    resume = "hydra.sweeper.resume=plain hydra.sweeper.workers=1"
    said = {"none": "does not exist", "empty": "does not contain a sweep", "plain": resume}

    monkeypatch.chdir(tmp_path)
    for verb in ("work", "watch", "stop"):
        for directory, text in said.items():
            assert main([verb, directory]) == 1
            assert text in capsys.readouterr().err


def test_a_script_that_is_gone(tmp_path: Path, python: Any, sweep: Callable[..., Path]) -> None:
    directory = sweep("seed=range(2)")
    python("-m", "params_proto", "stop", directory, "--now")
    until(lambda: "exits with status 3" in _logs(directory))
    assert "has been stopped" in python("-m", "params_proto", "watch", "out", status=3).stderr
    (tmp_path / "train.py").rename(tmp_path / "gone.py")
    (tmp_path / "open").touch()

    left = python("-m", "params_proto", "work", "out", status=3).stderr
    assert "can't open file" in left
    assert "Finish the sweep with: params-proto work out" in left
    (tmp_path / "gone.py").rename(tmp_path / "train.py")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    python("-m", "params_proto", "work", "../out", cwd=elsewhere)
    assert finished(directory)


def test_another_version(tmp_path: Path, python: Any, sweep: Callable[..., Path]) -> None:
    directory = sweep("seed=range(2)")
    path = directory / ".sweep" / "workers" / "setup.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": "0.0.9"}))

    said = python("-m", "params_proto", "work", "out", status=1).stderr
    assert "use hydra-params-proto 0.0.9, but this environment has" in said
    (tmp_path / "open").touch()
    until(lambda: finished(directory))  # by the worker that runs


def test_two_workers_at_once(tmp_path: Path, python: Any, sweep: Callable[..., Path]) -> None:
    directory = sweep("seed=range(20)")
    python("-m", "params_proto", "stop", directory, "--now")
    until(lambda: "exits with status 3" in _logs(directory))
    (tmp_path / "open").touch()

    command = [sys.executable, "-m", "params_proto", "work", "out"]
    both = [subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [one.wait(timeout=120) for one in both] == [0, 0]
    assert finished(directory)
    assert sorted(one.attempt for one in JobStore(directory).readable()) == [1] * 19 + [2]


def test_interrupted_work_ends_its_own_workers(tmp_path: Path, sweep: Callable[..., Path]) -> None:
    directory = sweep("seed=range(3)")
    command = [sys.executable, "-m", "params_proto", "work", "out"]
    work = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    until(lambda: _statuses(directory) == ["running", "running"])

    work.send_signal(signal.SIGINT)
    said = work.communicate(timeout=60)[1]
    assert "Interrupted: stopping the workers" in said
    assert said.endswith("Finish the sweep with: params-proto work out\n")
    assert work.returncode == 130
    assert _statuses(directory) == ["running", "interrupted"]
    (tmp_path / "open").touch()
    until(lambda: _statuses(directory) == ["completed"] * 3)


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="mounts a small disk")
def test_a_full_disk(tmp_path: Path, python: Any) -> None:
    (tmp_path / "train.py").write_text(APP)
    (tmp_path / "open").touch()
    directory = tmp_path / "out"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=450k", "tmpfs", str(directory)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        command = ["train.py", "-m", "seed=range(60)", "hydra.sweep.dir=out"]
        done = python(*command, "hydra.sweeper.workers=2", status=3)
        assert "No space left on device" in done.stdout + done.stderr
        completed = _completed(directory)
        assert 0 < len(completed) < 60
        subprocess.run(["mount", "-o", "remount,size=8m", str(directory)], check=True)
        # A job whose own files found no room has failed.
        python("-m", "params_proto", "work", "out", "--rerun", "failed,crashed")
        assert finished(directory)
        assert completed.items() <= _completed(directory).items()  # none of these ran again
    finally:
        subprocess.run(["umount", "--lazy", str(directory)], check=True)


def _statuses(directory: Path) -> list[str]:
    return [one.status.value for one in JobStore(directory).readable()]


def _completed(directory: Path) -> dict[int, int]:
    found = JobStore(directory).readable()
    return {one.job: one.attempt for one in found if one.status.value == "completed"}


def _logs(directory: Path) -> str:
    logs = (directory / ".sweep" / "workers").glob("*.log")
    return "".join(log.read_text() for log in logs)
