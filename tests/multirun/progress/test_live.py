"""The live line, in a terminal."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.multirun.progress.terminal import WIDTH, Terminal

APP = r"""
import logging
import sys
import time
from pathlib import Path
from params_proto import proto


@proto.cli
def train(lr: float = 0.1, seed: int = 0, acts: tuple[str, ...] = ()):
    for at in range(4):
        sys.stdout.write(f"seed {seed} step {at}\n")  # at once: two processes share the terminal
        sys.stdout.flush()
    if lr:
        sys.stderr.write(f"seed {seed} loads ... ")
        sys.stderr.flush()
    while not Path(f"loaded-{seed}").exists():
        time.sleep(0.01)
    if lr:
        print("done", file=sys.stderr)
    logging.getLogger("user").warning(f"seed {seed} logs")
    while not Path(f"go-{seed}").exists():
        time.sleep(0.01)
    if seed == 3:
        raise ValueError("diverged")
    return {"loss": seed / 2}


train()
"""
JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
Run = Callable[..., Terminal]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    (tmp_path / "app.py").write_text(APP)

    def started(*arguments: str, width: int = WIDTH, **environment: str) -> Terminal:
        command = [sys.executable, "app.py", "-m", "hydra.sweep.dir=out", *arguments]
        return Terminal(command, tmp_path, lines=40, width=width, environment=environment)

    return started


def go(folder: Path, *seeds: int) -> None:
    for seed in seeds:
        (folder / f"loaded-{seed}").touch()
        (folder / f"go-{seed}").touch()


def live(terminal: Terminal) -> str:
    """The line that the cursor is in."""
    return terminal.screen.display[terminal.screen.cursor.y].rstrip()


def shows(terminal: Terminal, pattern: str) -> Callable[[], bool]:
    return lambda: re.match(pattern, live(terminal)) is not None


def whole(terminal: Terminal, seeds: range) -> bool:
    """Whether each line of the jobs occurs whole and once, and no live line is left."""
    lines = terminal.scrolled
    own = [f"seed {seed} step {at}" for seed in seeds for at in range(4)]
    return all(lines.count(one) == 1 for one in own) and not any(
        " running" in line and "[" not in line for line in lines
    )


def test_a_line_below_what_jobs_write(run: Run, tmp_path: Path) -> None:
    terminal = run("seed=range(1,5)", "hydra.sweeper.metric=loss")
    terminal.until(shows(terminal, "seed 1 loads ...$"))  # a line that is unfinished
    (tmp_path / "loaded-1").touch()
    terminal.until(shows(terminal, r"0/4 done, 1 running ━+ -:--:--$"))
    (tmp_path / "loaded-2").touch()
    (tmp_path / "loaded-4").touch()
    go(tmp_path, 1)
    terminal.until(shows(terminal, "1/4 done, 1 running"))
    go(tmp_path, 2, 3)
    best = r"lowest loss=0\.5 \(job 0 \(seed=1\)\)"
    terminal.until(shows(terminal, rf"2/4 done, 1 failed, 1 running, {best} ━.*\d:\d\d:\d\d$"))
    row = terminal.screen.buffer[terminal.screen.cursor.y]
    assert row[live(terminal).index("━")].fg != "default"
    go(tmp_path, 4)
    assert terminal.to_the_end() == 1
    assert whole(terminal, range(1, 5))
    lines = terminal.scrolled
    for seed in range(1, 5):
        assert f"seed {seed} loads ... done" in lines
        assert sum(line.endswith(f"seed {seed} logs") for line in lines) == 1
    assert "3 completed, 1 failed in out" in lines
    buffer, display = terminal.screen.buffer, terminal.screen.display
    at = next(at for at, line in enumerate(display) if line.startswith("  2  3 "))
    assert (buffer[at - 1][2].fg, buffer[at][2].fg) == ("default", "red")  # it stands out
    assert terminal.screen.margins is None


def test_beside_joblibs_workers_a_line_for_each_job(run: Run, tmp_path: Path) -> None:
    go(tmp_path, 1, 2, 3, 4)
    terminal = run("lr=0", "seed=range(1,5)", *JOBLIB)
    assert terminal.to_the_end() == 1
    assert whole(terminal, range(1, 5))
    assert sum(re.match(r"\[\d/4\] job ", line) is not None for line in terminal.scrolled) == 3
    assert b"\x1b[2K" not in terminal.raw


def test_the_best_of_jobs_that_were_done_before(run: Run, tmp_path: Path) -> None:
    go(tmp_path, 1, 2)
    best = "hydra.sweeper.metric=loss"
    jobs = ("acts=[relu,tanh]", "seed=1,2,4")
    assert run(*jobs, "hydra.sweeper.slice=0:2", best).to_the_end() == 0
    (tmp_path / "loaded-4").touch()
    terminal = run("hydra.sweeper.resume=out", best, width=98)  # too narrow for all of the text
    best_job = r"lowest loss=0\.5 \(job 0 \(acts=\[relu,tanh\] seed\.\.\."
    terminal.until(shows(terminal, rf"2/3 done, 1 running, {best_job} ━+[╸╺]?━* -:--:--$"))
    go(tmp_path, 4)
    assert terminal.to_the_end() == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_process_that_is_ended_leaves_the_terminal_usable(
    run: Run, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    (tmp_path / "loaded-1").touch()
    terminal = run("seed=1,2")
    terminal.until(shows(terminal, "0/2 done, 1 running"))
    terminal.until(lambda: whole(terminal, range(1, 2)))  # its job has begun
    terminal.process.send_signal(number)
    assert terminal.to_the_end() == status
    assert terminal.screen.margins is None
    assert not terminal.screen.cursor.hidden
    if status == 130:
        assert whole(terminal, range(1, 2))
        assert "Interrupted: 0 jobs completed in this run, 1 cut short." in "\n".join(
            terminal.scrolled
        )
        assert "1 interrupted, 1 pending in out" in terminal.scrolled


@pytest.mark.parametrize(
    ("option", "environment", "colour"),
    [
        ("hydra.sweeper.progress=true", {"NO_COLOR": "1"}, False),
        ("hydra.sweeper.progress=true", {"TERM": "dumb"}, None),
        ("hydra.sweeper.progress=false", {}, None),
    ],
    ids=["NO_COLOR", "dumb", "not wanted"],
)
def test_other_ways(
    run: Run, tmp_path: Path, option: str, environment: dict[str, str], colour: bool | None
) -> None:
    (tmp_path / "loaded-1").touch()
    terminal = run("seed=1,2", option, **environment)
    if colour is None:
        go(tmp_path, 1, 2)
        assert terminal.to_the_end() == 0
        assert b"\x1b[" not in terminal.raw
        assert (b"[2/2] job 1" in terminal.raw) == option.endswith("true")
        return
    terminal.until(shows(terminal, "0/2 done, 1 running"))
    assert {one.fg for one in terminal.screen.buffer[terminal.screen.cursor.y].values()} == {
        "default"
    }
    go(tmp_path, 1, 2)
    assert terminal.to_the_end() == 0
