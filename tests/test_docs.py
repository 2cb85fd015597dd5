"""The pages of docs/: every command in them runs, and what they show is what comes out."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, Section, blocks, commands, run, sections, write_files

PAGES = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
ANCHOR = re.compile(r"[^\w\- ]")


def runs_something(section: Section) -> bool:
    return any(not command.note.startswith("hydra-") for command in commands(section.text))


SECTIONS = [
    pytest.param(name, section, id=f"{name}: {section.heading}")
    for name, page in PAGES.items()
    for section in sections(page)
    if runs_something(section)
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run; `python` is the one that runs the tests."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return tmp_path


@pytest.mark.parametrize(("page", "section"), SECTIONS)
def test_commands_run_and_print_what_the_page_shows(
    page: str, section: Section, folder: Path
) -> None:
    """Those of a section in order, but what needs another sweeper (tests/neighbours)."""
    write_files(PAGES[page], folder)
    for command in commands(section.text):
        if command.note.startswith("hydra-") or command.line.startswith("pip"):
            continue
        failing = command.note == "exit status 1"
        out = run(command.line, folder, status=int(failing))
        shown = command.output or section.jobs.strip()
        assert shown, f"{command.line}: the page shows nothing"
        if failing:
            out = out.partition("\n\nSet the environment variable HYDRA_FULL_ERROR")[0]
        jobs = [line for line in out.splitlines() if "[HYDRA]" not in line]
        assert jobs == shown.splitlines(), command.line


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        file, _, anchor = target.partition("#")
        path = (ROOT / "docs" / (file or page)).resolve()
        assert path.is_file(), target
        headings = [section.heading for section in sections(path.read_text("utf-8"))]
        anchors = {ANCHOR.sub("", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, target


def test_the_index_has_every_page() -> None:
    linked = re.findall(r"\]\(([\w-]+\.md)\)", PAGES["index.md"])

    assert sorted(["index.md", *linked]) == sorted(PAGES)
    assert "(docs/index.md)" in (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_run_or_is_a_file(page: str) -> None:
    loose = [b for b in blocks(PAGES[page]) if not b.file and b.language not in ("console", "text")]

    assert not loose
