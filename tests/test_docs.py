"""The pages of docs/: every command in them runs, and prints the output shown there."""

from __future__ import annotations

import re
import sys
from importlib.metadata import metadata
from pathlib import Path

import pytest

from docs.site import generated
from tests.pages import ROOT, Command, Section, blocks, commands, ran, run, sections, write_files

PAGES = {path.name: path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
ANCHOR = re.compile(r"[^\w\- ]")


def runs_here(command: Command) -> bool:
    elsewhere = command.needs_a_neighbour or command.needs_a_tracker or on_a_cluster(command)
    return not elsewhere and not command.line.startswith("pip")


def on_a_cluster(command: Command) -> bool:
    return on_slurm(command) or "hydra/launcher=ray" in command.line


def on_slurm(command: Command) -> bool:
    return "hydra/launcher=submitit_slurm" in command.line


SECTIONS = [
    pytest.param(name, section, id=f"{name}: {section.heading}")
    for name, page in PAGES.items()
    for section in sections(page)
    if any(map(runs_here, commands(section.text)))
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run; `python` is the one that runs the tests."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # a page has locks there
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")  # Hydra 1.4 has no use for a version base
    return tmp_path


@pytest.mark.shown
@pytest.mark.parametrize(("page", "section"), SECTIONS)
def test_commands_run_and_print_what_the_page_shows(
    page: str, section: Section, folder: Path
) -> None:
    """All except those that need other packages: see tests/neighbours, tests/examples/trackers."""
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
@pytest.mark.shown
def test_how_the_basic_sweeper_fails(overrides: str, error: str, folder: Path) -> None:
    page = PAGES["basic-sweeper.md"]
    write_files(page, folder)

    output = run(f"python app.py -m hydra/sweeper=basic {overrides}", folder, status=1)

    assert output.strip().splitlines()[-1] == error
    assert error in page.replace("\n", " ")


@pytest.mark.parametrize(
    ("page", "line"),
    [(name, one.line) for name, page in PAGES.items() for one in commands(page) if on_slurm(one)],
)
def test_a_line_for_slurm_is_composed(page: str, line: str, folder: Path) -> None:
    """There is no cluster here; make test-launchers runs jobs through submitit."""
    write_files(PAGES[page], folder)

    composed = run(f"{line} --cfg hydra -p hydra.launcher".replace(" -m ", " "), folder)

    options = dict(re.findall(r"hydra\.launcher\.(\w+)=(\S+)", line))
    assert options
    assert [
        f"{key}: {value}" for key, value in options.items() if f"{key}: {value}" not in composed
    ] == []


def test_generated_pages_say_what_the_code_says() -> None:
    """`make docs` writes them."""
    made = generated.pages()

    assert made
    assert {name: PAGES[name] for name in made} == made


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[page]):
        if target.startswith("https://"):
            continue
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


@pytest.mark.parametrize("page", [*PAGES, "../README.md"])
def test_commands_are_quoted_for_zsh(page: str) -> None:
    """In a shell in which a pattern that matches no file, or ~ without such a user, is an error."""
    lines = [command.line for command in commands((ROOT / "docs" / page).read_text("utf-8"))]

    unquoted = [re.sub(r"'[^']*'|\"[^\"]*\"", "", line) for line in lines]
    assert [line for line in unquoted if re.search(r"=\S*[*?\[]|(^|\s)~", line)] == []


def test_the_page_of_versions_has_those_of_the_package() -> None:
    package = metadata("hydra-params-proto")
    page = PAGES["compatibility.md"]
    pythons = re.findall(r"Python :: (3\.\d+)", "\n".join(package.get_all("Classifier", [])))
    launchers = [
        requirement.partition(";")[0]
        for requirement in package.get_all("Requires-Dist", [])
        if re.search(r"extra == .(joblib|submitit|ray)\b", requirement)
    ]

    assert f"Python {pythons[0]} to {pythons[-1]}." in page
    assert [launcher for launcher in launchers if f"`{launcher.strip()}`" not in page] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_run_or_is_a_file(page: str) -> None:
    loose = [b for b in blocks(PAGES[page]) if not b.file and b.language not in ("console", "text")]
    outside = re.sub(r"^```\w.*?^```$", "", PAGES[page], flags=re.DOTALL | re.MULTILINE)

    assert not loose
    assert re.findall(r"^\s*\$ .*", outside, re.MULTILINE) == []
