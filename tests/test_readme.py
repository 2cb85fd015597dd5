"""The README: every command in it runs, its Python runs, and what it shows is what comes out."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


class Block(NamedTuple):
    """A fenced block: the file name in the line above it (`my_app.py`:), its language, its text."""

    file: str
    language: str
    text: str


BLOCKS = [
    Block(*found)
    for found in re.findall(
        r"(?:^`([\w./]+)`[^\n]*:\n\n)?^```(\w+)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE
    )
]


class Command(NamedTuple):
    line: str
    output: str  # "" where the README shows none


def commands() -> list[Command]:
    """Each `$ line` of the console blocks, with what stands below it."""
    found: list[Command] = []
    for block in BLOCKS:
        if block.language == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                line, _, output = part.partition("\n")
                found.append(Command(line.split("  #")[0].strip(), output.strip()))
    return found


def masked(text: str) -> list[str]:
    """Lines without what differs from run to run and from machine to machine: times and scores."""
    text = re.sub(r"\[\d{4}-\d\d-\d\d [\d:,]+\]", "[TIME]", text)
    return re.sub(r"(accuracy|loss)=\d\.\d{4}", r"\1=#", text).strip().splitlines()


def run(line: str, folder: Path) -> str:
    done = subprocess.run(
        line, shell=True, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def clone(example: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example, and the files that the README shows; `python` is the one that runs the tests."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, example)
    for block in BLOCKS:
        if block.file:
            (example / block.file).write_text(block.text, "utf-8")
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return example


def test_the_two_commands_stand_first() -> None:
    assert re.findall(r"^    (make \w+)", README, re.MULTILINE) == ["make demo", "make test"]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(r"^demo:", makefile, re.MULTILINE)
    assert re.search(r"^test: lint typecheck pytest", makefile, re.MULTILINE)


def test_make_demo_prints_a_line_a_model_and_the_best(clone: Path) -> None:
    (demo,) = (command for command in commands() if command.line == "make demo")
    # this environment in place of .venv: nothing to install
    prefix = shlex.quote(sys.prefix)

    out = run(f"make -s VENV={prefix} -o {prefix}/.demo demo", clone)

    lines = [line for line in out.splitlines() if "accuracy=" in line]
    assert len(lines) == 8 + 1
    scores = [float(line.split("accuracy=")[1].split()[0]) for line in lines]
    assert lines[-1].startswith("best: ")
    assert scores[-1] == max(scores[:-1])
    # which model is the best may differ from one processor to another
    assert masked(out)[:-1] == masked(demo.output)[:-1]


@pytest.mark.parametrize(
    "command",
    [c for c in commands() if not c.line.startswith(("make", "pip"))],
    ids=lambda command: command.line,
)
def test_a_command_runs_and_prints_what_the_readme_shows(command: Command, clone: Path) -> None:
    line = command.line
    if "submitit_slurm" in line:
        # No cluster here: the line as it stands is composed, then run without Slurm, shortened.
        composed = run(f"{line} --cfg hydra".replace(" -m ", " "), clone)
        assert "partition: gpu" in composed
        line = re.sub(r"submitit_slurm.*", "submitit_local optimizer.lr=0.001,0.01", line)

    out = run(line, clone)

    if "submitit" in line:  # a job's log is a file of its own
        assert len(list(clone.glob("multirun/*/*/*/train.log"))) == 2
    if command.output:
        assert masked(out) == masked(command.output)


def test_the_sweep_it_shows_is_the_one_that_its_commands_run() -> None:
    shown = [block.text for block in BLOCKS if "@package" in block.text]

    assert shown == [(ROOT / "conf" / "sweep" / "ablation.yaml").read_text("utf-8")]


def test_the_extras_it_names_exist() -> None:
    named = set(re.findall(r"pip install -e '\.\[(\w+)\]'", README))

    assert named == {"joblib", "submitit"}
    assert named <= set(metadata("hydra-params-proto").get_all("Provides-Extra", []))


def test_its_python_runs_and_prints_what_it_shows(tmp_path: Path, python) -> None:
    """The blocks in order, in one process: `python` as a script, `pycon` as a session to repeat."""
    (tmp_path / "readme.md").write_text(README, "utf-8")
    (tmp_path / "readme.py").write_text(f"""
import doctest
globs = {{"__name__": "__main__"}}
blocks = {[(block.language, block.text) for block in BLOCKS if not block.file]!r}
for language, text in blocks:
    if language == "python":
        exec(text, globs)
    elif language == "pycon":
        test = doctest.DocTestParser().get_doctest(text, globs, "README", None, None)
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        runner.run(test, clear_globs=False)
        globs.update(test.globs)
        assert not runner.failures
""")
    python("readme.py")
