"""The README: its commands and its Python run, and print the output shown there."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from tests.pages import ROOT, Command, assert_shown, blocks, commands, run, session, write_files

README = (ROOT / "README.md").read_text("utf-8")


@pytest.fixture
def clone(example: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, and the files that the README shows; `python` is the one that runs the tests."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, example)
    write_files(README, example)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return example


def test_the_two_commands_stand_first() -> None:
    assert re.findall(r"^    (make \w+)", README, re.MULTILINE) == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert re.search(r"^test: lint typecheck pytest", makefile, re.MULTILINE)


@pytest.mark.shown
def test_make_demo_prints_a_line_a_model_and_the_best(clone: Path) -> None:
    (demo,) = (command for command in commands(README) if command.line == "make demo")
    # this environment in place of .venv: nothing to install
    prefix = shlex.quote(sys.prefix)

    out = run(f"make -s VENV={prefix} -o {prefix}/.demo demo", clone)

    assert_shown(out, demo.output)
    for text in (out, demo.output):
        *jobs, best = [line.partition("accuracy=")[2] for line in text.strip().splitlines()]
        assert len(jobs) == 8
        assert best == max(jobs)  # the accuracy stands first


def on_ray(command: Command) -> bool:
    return "hydra/launcher=ray" in command.line


@pytest.mark.shown
@pytest.mark.parametrize(
    "command",
    [
        c
        for c in commands(README)
        if not c.line.startswith(("make", "pip", "python3 -m venv")) and not on_ray(c)
    ],
    ids=lambda command: command.line,
)
def test_a_command_runs_and_prints_what_the_readme_shows(command: Command, clone: Path) -> None:
    line = command.line
    if "submitit_slurm" in line:
        # No cluster here: the line as it stands is composed, then run without Slurm, shortened.
        composed = run(f"{line} --cfg hydra".replace(" -m ", " "), clone)
        assert "partition: gpu" in composed
        line = line.replace("workers=16 hydra.sweeper.wait=false", "workers=2")
        line = re.sub(r"submitit_slurm.*", "submitit_local optimizer.lr=0.001,0.01", line)

    out = run(line, clone)

    if "submitit" in line:  # a job's log is a file of its own
        assert len(list(clone.glob("multirun/*/*/*/train.log"))) == 2
    if command.output:
        assert_shown(out, command.output)


def test_git_and_lint_leave_out_what_a_reader_writes(clone: Path) -> None:
    shutil.copy(ROOT / ".gitignore", clone)
    run("git init --quiet", clone)  # ruff heeds .gitignore in a clone
    run("python my_app.py && python my_app.py -m +lr=1,2 hydra.sweep.dir=runs/first", clone)
    for name in ("mine.py", "sweep.yaml", "sweep.csv", "sweep.jsonl"):
        (clone / name).write_text("print( 'as a person writes it' )\n", "utf-8")
    (clone / "params_proto").mkdir()  # which train.py imports as the project's own

    prefix = shlex.quote(sys.prefix)
    run(f"make -s VENV={prefix} -o {prefix}/.dev lint", clone)

    seen = run("git ls-files --others --exclude-standard", clone).split()
    assert (clone / "outputs").is_dir()
    own = [name for name in seen if not name.startswith("conf/")]
    assert own == [".gitignore", "Makefile", "pyproject.toml", "train.py"]


def test_the_sweep_it_shows_is_the_one_that_its_commands_run() -> None:
    shown = [block.text for block in blocks(README) if "@package" in block.text]

    assert shown == [(ROOT / "conf" / "sweep" / "ablation.yaml").read_text("utf-8")]


def test_the_extras_it_names_exist() -> None:
    named = set(",".join(re.findall(r"pip install -e '\.\[([\w,]+)\]'", README)).split(","))

    named |= set(re.findall(r"extra `(\w+)`", README))

    assert named == {"joblib", "submitit", "ray", "report"}
    assert named <= set(metadata("hydra-params-proto").get_all("Provides-Extra", []))


def test_its_python_runs_and_prints_what_it_shows(tmp_path: Path, python) -> None:
    """The blocks in order, in one process: `python` as a script, `pycon` as a session to repeat."""
    (tmp_path / "readme.py").write_text(session(blocks(README)), "utf-8")

    python("readme.py")
