"""docs/images/terminal.svg is current, except for times and scores."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.pages import ROOT
from tests.pictures.svg import drawn
from tests.pictures.terminal import COLUMNS, COMMAND, PICTURE, SEEN, windows

SVG = "{http://www.w3.org/2000/svg}"


def lines(picture: str) -> list[str]:
    """What can be read in it, line by line."""
    texts = ElementTree.fromstring(picture).iter(f"{SVG}text")
    by_line = groupby(texts, lambda text: text.get("y"))
    return [" ".join(text.text or "" for text in line) for _, line in by_line]


def masked(picture: str) -> list[str]:
    """The same without numbers; how many jobs were done at that moment does not matter."""
    bar = re.compile("[━╸╺][━╸╺ ]*[━╸╺]")
    found = [bar.sub("━", re.sub(r"\d+(?:\.\d+|:\d\d)?", "#", one)) for one in lines(picture)]
    return [line for line, _ in groupby(found)]


@pytest.mark.shown
def test_the_sweep_in_it_runs_and_looks_so(tmp_path: Path) -> None:
    taken = drawn(windows(tmp_path), COLUMNS, SEEN)

    stored = PICTURE.read_text("utf-8")
    assert masked(taken) == masked(stored)
    assert _best(lines(taken))[:-1] == _best(lines(stored))[:-1]  # but for the seconds


def test_it_shows_the_command_the_live_line_and_the_best() -> None:
    seen = lines(PICTURE.read_text("utf-8"))

    assert [seen[1].removeprefix("$ "), seen[2]] == [line.strip() for line in COMMAND.splitlines()]
    progress = re.search(r"(\d+)/12 done, 1 running", "\n".join(seen))
    assert progress is not None
    assert sum(line.startswith("accuracy=") for line in seen) >= int(progress[1])
    job, hidden, seed, _, loss, *_ = _best(seen)
    turn = "hydra.sweeper.direction=maximize for the highest"
    assert seen[-3:] == [
        "12 completed in runs/hidden",
        f"Best: lowest loss = {loss}, job {job}; {turn}",
        f"Run it again: python train.py model.hidden={hidden} seed={seed}",
    ]


def _best(seen: list[str]) -> list[str]:
    """The cells of the table's first row."""
    return seen[seen.index("job model.hidden seed accuracy loss status seconds") + 1].split()


def test_any_page_can_have_it() -> None:
    text = PICTURE.read_text("utf-8")

    assert len(text) < 60_000
    assert "http" not in text.replace(SVG[1:-1], "")  # nothing that a page would have to fetch
    edge = float(ElementTree.fromstring(text).get("width", ""))
    for shown in ElementTree.fromstring(text).iter(f"{SVG}text"):
        assert float(shown.get("x", "")) + float(shown.get("textLength", "0")) < edge


def test_the_readme_shows_it_and_says_what_is_to_be_seen() -> None:
    assert f"![{SEEN}](docs/images/terminal.svg)" in (ROOT / "README.md").read_text("utf-8")
