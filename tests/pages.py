"""Pages for users as tests: their blocks, and the files and commands among these."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
_FENCES = re.DOTALL | re.MULTILINE
_OF_A_SWEEPER = re.compile(r"\[[\d :,-]+\]\[HYDRA\]|Sweep output dir")


class Block(NamedTuple):
    """A fenced block: the file name in the line above it (`my_app.py`:), its language, its text."""

    file: str
    language: str
    text: str


class Command(NamedTuple):
    """A `$ line` of a console block."""

    line: str
    note: str  # what stands behind it as a comment
    output: str  # what stands below it; "" where a page shows none

    @property
    def needs_a_neighbour(self) -> bool:
        """Whether it runs another sweeper's package, which its note then names."""
        return self.note.startswith("hydra-")

    @property
    def needs_a_tracker(self) -> bool:
        """Whether it runs a tracker's package, which its note then names."""
        return self.note in ("tensorboardX", "wandb")


class Section(NamedTuple):
    """A page from one heading to the next."""

    heading: str
    text: str

    @property
    def jobs(self) -> str:
        """What each command of the section prints, if one `text` block applies to all."""
        return "".join([block.text for block in blocks(self.text) if block.language == "text"])


def sections(page: str) -> list[Section]:
    """The sections of a page, in order."""
    comments_masked = re.sub(r"^```\w.*?^```$", lambda m: "\0" * len(m[0]), page, flags=_FENCES)
    starts = [found.start() for found in re.finditer(r"^#+ ", comments_masked, re.MULTILINE)]
    found: list[Section] = []
    for start, end in zip(starts, [*starts[1:], len(page)], strict=True):
        heading, _, text = page[start:end].partition("\n")
        found.append(Section(heading.lstrip("# "), text))
    return found


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    fenced = r"(?:^`([\w./]+)`[^\n]*:\n\n)?^```(\w+)\n(.*?)^```$"
    return [Block(*found) for found in re.findall(fenced, page, _FENCES)]


def commands(page: str) -> list[Command]:
    """The commands of a page, in order."""
    found: list[Command] = []
    for block in blocks(page):
        if block.language == "console":
            for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
                whole, _, output = part.partition("\n")
                line, _, note = whole.partition("  #")
                found.append(Command(line.strip(), note.strip(), output.strip()))
    return found


def write_files(page: str, folder: Path) -> None:
    """Writes the files that a page shows."""
    for block in blocks(page):
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, "utf-8")


def assert_shown(printed: str, shown: str) -> None:
    """Asserts that a page shows what was printed.

    Times differ from run to run, and scores in their last digits from processor to processor.
    """
    score = r"\b(accuracy|loss)=(\d\.\d{4})"

    def masked(text: str) -> list[str]:
        text = re.sub(r"\[\d{4}-\d\d-\d\d [\d:,]+\]", "[TIME]", text)
        text = re.sub(r"(?<=completed)( +\d\.\d+)+", "  #", text)
        return re.sub(score, r"\1=#", text).strip().splitlines()

    def scores(text: str) -> list[float]:
        return [float(found[1]) for found in re.findall(score, text)]

    assert masked(printed) == masked(shown)
    assert scores(printed) == pytest.approx(scores(shown), abs=0.01)


def run(line: str, folder: Path, status: int = 0) -> str:
    """Runs a command in a shell; returns what it prints, or its error if one is expected."""
    environment = dict(os.environ)
    # Hydra sees a debugger in the measuring of coverage, and shows a traceback.
    environment.pop("COVERAGE_PROCESS_CONFIG", None)
    done = subprocess.run(
        line,
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == status, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stderr if status else done.stdout


def ran(
    section: Section, folder: Path, wanted: Callable[[Command], bool]
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Runs commands of a section in order: each, what its jobs printed, and what the page shows."""
    for command in filter(wanted, commands(section.text)):
        failing = command.note == "exit status 1"
        out = run(command.line, folder, status=int(failing))
        if failing:
            out = out.partition("\n\nSet the environment variable HYDRA_FULL_ERROR")[0]
        # Its directories are named by the second, in which the next command may start.
        shutil.rmtree(folder / "multirun", ignore_errors=True)
        jobs = [line for line in out.splitlines() if not _OF_A_SWEEPER.match(line)]
        shown = (command.output or section.jobs.strip()).splitlines()
        yield command.line, _without_seconds(jobs), _without_seconds(shown)


def _without_seconds(lines: Iterable[str]) -> list[str]:
    """The lines without the durations of jobs, which a busy machine changes."""
    return [re.sub(r"(?<=completed)( {4,}\d+\.\d$| in \d+\.\d s)", "", line) for line in lines]


def session(shown: Iterable[Block]) -> str:
    """A script that runs blocks in order in one process: `python`, and `pycon` as doctests."""
    return f"""
import doctest
globs = {{"__name__": "__main__"}}
blocks = {[(block.language, block.text) for block in shown if not block.file]!r}
for language, text in blocks:
    if language == "python":
        exec(text, globs)
    elif language == "pycon":
        test = doctest.DocTestParser().get_doctest(text, globs, "page", None, None)
        runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
        runner.run(test, clear_globs=False)
        globs.update(test.globs)
        assert not runner.failures
"""
