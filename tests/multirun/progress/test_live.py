"""The live line, in a terminal."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.multirun.progress.terminal import Terminal

APP = r"""
import sys
import time
from pathlib import Path
from params_proto import proto


@proto.cli
def train(lr: float = 0.1, seed: int = 0):
    for at in range(4):
        sys.stdout.write(f"seed {seed} step {at}\n")  # at once: two processes share the terminal
        sys.stdout.flush()
    while not Path(f"go-{seed}").exists():
        time.sleep(0.01)
    if seed == 3:
        raise ValueError("diverged")
    return {"loss": seed / 2}


train()
"""
UNFINISHED = r"""
import time
from pathlib import Path
from params_proto import proto


@proto.cli
def train(lines: int = 0, seed: int = 0):
    for at in range(lines):
        print(f"seed {seed} line {at}")
    print(f"seed {seed} loads ... ", end="", flush=True)
    while not Path(f"go-{seed}").exists():
        time.sleep(0.01)
    print("done")


train()
"""
JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
Run = Callable[..., Terminal]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "app.py").write_text(APP)

    def started(*arguments: str, lines: int = 12, **environment: str) -> Terminal:
        command = [sys.executable, "app.py", "-m", "hydra.sweep.dir=out", *arguments]
        return Terminal(command, tmp_path, lines=lines, environment=environment)

    return started


def go(folder: Path, *seeds: int) -> None:
    for seed in seeds:
        (folder / f"go-{seed}").touch()


@pytest.mark.parametrize("launcher", [[], JOBLIB], ids=["basic", "joblib"])
def test_a_line_below_what_jobs_write(run: Run, tmp_path: Path, launcher: list[str]) -> None:
    terminal = run("seed=range(1,7)", "hydra.sweeper.metric=loss", *launcher)
    at_once = 2 if launcher else 1
    terminal.until(lambda: terminal.last == f"0/6 done, {at_once} running")
    go(tmp_path, 1, 2, 3)
    told = (
        rf"2/6 done, 1 failed, {at_once} running, \S+ jobs/s, \d:\d\d left,"
        r" lowest loss=0\.5 \(job 0 \(seed=1\)\)"
    )
    terminal.until(lambda: re.fullmatch(told, terminal.last) is not None)
    go(tmp_path, 4, 5, 6)
    assert terminal.to_the_end() == 1
    lines = terminal.scrolled
    for seed in range(1, 7):  # each line whole, and once
        for at in range(4):
            assert lines.count(f"seed {seed} step {at}") == 1
    assert [line for line in lines if " running," in f"{line},"] == []
    assert "5 completed, 1 failed in out" in lines
    assert terminal.screen.margins is None


@pytest.mark.parametrize("above", [0, 30], ids=["on top", "at the bottom"])
@pytest.mark.parametrize("heights", [[], [20], [8, 20, 6]], ids=str)
def test_a_line_that_is_unfinished(
    run: Run, tmp_path: Path, above: int, heights: list[int]
) -> None:
    (tmp_path / "app.py").write_text(UNFINISHED)
    terminal = run(f"lines={above}", "seed=1,2")
    terminal.until(lambda: terminal.last == "0/2 done, 1 running")
    for lines in heights:
        terminal.resize(lines)
        terminal.until(lambda: terminal.last == "0/2 done, 1 running")
        assert sum("running" in line for line in terminal.screen.display) == 1
    go(tmp_path, 1)
    terminal.until(lambda: terminal.last.startswith("1/2 done, 1 running"))
    go(tmp_path, 2)
    assert terminal.to_the_end() == 0
    lines = terminal.scrolled
    for seed in (1, 2):
        assert lines.count(f"seed {seed} loads ... done") == 1
        assert [line for line in lines if line.startswith(f"seed {seed} line")] == [
            f"seed {seed} line {at}" for at in range(above)
        ]
    assert [line for line in lines if " running," in f"{line},"] == []
    assert "2 completed in out" in lines


def test_another_height(run: Run, tmp_path: Path) -> None:
    terminal = run("seed=1,2")
    terminal.until(lambda: terminal.last == "0/2 done, 1 running")
    terminal.resize(20)
    terminal.until(lambda: terminal.last == "0/2 done, 1 running")
    go(tmp_path, 1)
    terminal.until(lambda: terminal.last.startswith("1/2 done, 1 running"))
    assert sum("running" in line for line in terminal.screen.display) == 1
    go(tmp_path, 2)
    assert terminal.to_the_end() == 0
    assert "2 completed in out" in terminal.scrolled


def test_the_best_of_jobs_that_were_done_before(run: Run, tmp_path: Path) -> None:
    go(tmp_path, 1, 2)
    best = "hydra.sweeper.metric=loss"
    assert run("seed=1,2,4,5", "hydra.sweeper.slice=0:2", best).to_the_end() == 0
    terminal = run("hydra.sweeper.resume=out", best)
    terminal.until(lambda: terminal.last == "2/4 done, 1 running, lowest loss=0.5 (job 0 (seed=1))")
    go(tmp_path, 4)
    terminal.until(lambda: terminal.last.startswith("3/4 done, 1 running"))
    assert terminal.last.endswith("lowest loss=0.5 (job 0 (seed=1))")
    go(tmp_path, 5)
    assert terminal.to_the_end() == 0


def test_ctrl_c_gives_the_line_back(run: Run, tmp_path: Path) -> None:
    terminal = run("seed=1,2")
    terminal.until(lambda: terminal.last == "0/2 done, 1 running")
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.to_the_end() == 130
    assert terminal.screen.margins is None
    lines = terminal.scrolled
    assert "Interrupted: 0 jobs completed in this run, 1 cut short." in "\n".join(lines)
    assert "1 interrupted, 1 pending in out" in lines
    assert ",interrupted\n" in (tmp_path / "out" / "results.csv").read_text()
    assert [line for line in lines if " running," in f"{line},"] == []


def test_colours(run: Run, tmp_path: Path) -> None:
    go(tmp_path, 1)
    terminal = run("seed=1,2")
    terminal.until(lambda: terminal.last.startswith("1/2 done"))
    assert terminal.screen.buffer[11][0].fg == "green"
    go(tmp_path, 2)
    assert terminal.to_the_end() == 0


@pytest.mark.parametrize(
    ("option", "environment", "lines", "colour"),
    [
        ("hydra.sweeper.progress=true", {"NO_COLOR": "1"}, 12, False),
        ("hydra.sweeper.progress=true", {"TERM": "dumb"}, 12, None),
        ("hydra.sweeper.progress=true", {}, 2, None),
        ("hydra.sweeper.progress=false", {}, 12, None),
    ],
    ids=["NO_COLOR", "dumb", "two lines high", "not wanted"],
)
def test_other_ways(
    run: Run,
    tmp_path: Path,
    option: str,
    environment: dict[str, str],
    lines: int,
    colour: bool | None,
) -> None:
    go(tmp_path, 1)
    terminal = run("seed=1,2", option, lines=lines, **environment)
    if colour is None:
        terminal.until(lambda: "seed 2 step 3" in "\n".join(terminal.screen.display))
        go(tmp_path, 2)
        assert terminal.to_the_end() == 0
        assert b"\x1b[" not in terminal.raw
        assert (b"[2/2] job 1" in terminal.raw) == option.endswith("true")
        return
    terminal.until(lambda: terminal.last.startswith("1/2 done"))
    assert terminal.screen.buffer[11][0].fg == "default"
    go(tmp_path, 2)
    assert terminal.to_the_end() == 0
