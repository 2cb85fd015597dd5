"""The pages of docs/: every command in them runs, and what they show is what comes out."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.pages import ROOT, Command, Section, blocks, commands, ran, run, sections, write_files

PAGES = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
ANCHOR = re.compile(r"[^\w\- ]")


def runs_here(command: Command) -> bool:
    return not command.needs_a_neighbour and not command.line.startswith("pip")


SECTIONS = [
    pytest.param(name, section, id=f"{name}: {section.heading}")
    for name, page in PAGES.items()
    for section in sections(page)
    if any(map(runs_here, commands(section.text)))
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run; `python` is the one that runs the tests."""
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # Hydra 1.4 has no use for a version base
    return tmp_path


@pytest.mark.parametrize(("page", "section"), SECTIONS)
def test_commands_run_and_print_what_the_page_shows(
    page: str, section: Section, folder: Path
) -> None:
    """All but those that need another sweeper's package, which tests/neighbours runs."""
    write_files(PAGES[page], folder)
    for line, jobs, shown in ran(section, folder, runs_here):
        assert shown, f"{line}: the page shows nothing"
        assert jobs == shown, line


@pytest.mark.parametrize(
    ("overrides", "error"),
    [
        (
            "db=null,pg",
            "ValueError: Config group override must be a string or a list. Got NoneType",
        ),
        ("'lr=range(3,0)' hydra/launcher=submitit_local", "AssertionError"),
    ],
    ids=["a group of null", "no jobs"],
)
def test_how_the_basic_sweeper_fails(overrides: str, error: str, folder: Path) -> None:
    page = PAGES["existing-project.md"]
    write_files(page, folder)

    told = run(f"python app.py -m hydra/sweeper=basic {overrides}", folder, status=1)

    assert told.strip().splitlines()[-1] == error
    assert error in page.replace("\n", " ")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        file, _, anchor = target.partition("#")
        path = (ROOT / "docs" / (file or page)).resolve()
        assert path.is_file(), target
        if path.suffix != ".md":
            continue  # a picture
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
