"""Malicious input: each is read within a second, to a result or a message that says why not."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from params_proto import Sweep, SweepError
from params_proto.multirun import request
from params_proto.overrides.parse import has_shuffle
from tests.fuzz.watched import watched

MILLION = 1_000_000
DIGITS = "1" * 100_000


@pytest.fixture
def fenced(tmp_path: Path) -> Iterator[Path]:
    """A directory: writing elsewhere, executing anything or taking a second breaks the test."""
    with watched(tmp_path) as seen:
        yield tmp_path
    assert not seen


def loaded(folder: Path, name: str, text: str) -> Sweep:
    (folder / name).write_text(text)
    return Sweep.load(folder / name)


MANY = r"digits"
FILES: dict[str, tuple[str, str, str]] = {
    "deep dashes": ("a.yaml", "set:\n " + "- " * MILLION, "not YAML: .*nesting"),
    "deep brackets": ("a.yaml", "product: {lr: " + "[" * MILLION, r"a.yaml:1: this is not YAML: .*nesting"),
    "deep JSON": ("a.jsonl", '{"lr": ' + "[" * MILLION + "]" * MILLION + "}", r"a.jsonl:1: maximum recursion"),
    "digits in YAML": ("a.yaml", f"product: {{lr: [{DIGITS}]}}", "!!int: .*digits"),
    "digits in a sweep": ("a.yaml", f"product: {{lr: '{DIGITS},2'}}", MANY),
    "digits in JSON": ("a.jsonl", f'{{"lr": {DIGITS}}}', MANY),
    "hexadecimal axis": ("a.yaml", "product: {lr: 0x" + "f" * 100_000 + "}", "product needs a list of values for lr"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file(fenced: Path, name: str) -> None:
    file, text, message = FILES[name]
    with pytest.raises(SweepError, match=message) as caught:
        loaded(fenced, file, text)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "text",
    ["range(0,1e12,0.5)", "shuffle(range(0,1000000000000))", "float(range(0,1000000000000))", "tag(a,shuffle(range(0,1000000000000)))"],
)  # fmt: skip
def test_a_range_that_would_be_listed_is_refused(fenced: Path, text: str) -> None:
    for read in (request.read_overrides, Sweep.from_overrides):
        with pytest.raises(SweepError, match=r"lists 2?0*1?0+ values, and at most 100,000"):
            read([f"lr={text}"])


@pytest.mark.parametrize("end", ["", "\\"])
def test_a_long_run_of_quotes_without_an_end(fenced: Path, end: str) -> None:
    assert has_shuffle("shuffle(" + "\\'" * 50_000 + end)


def test_enormous_numbers_in_the_algebra(fenced: Path) -> None:
    enormous = 10**4000
    axes = Sweep().product(lr=range(enormous), seed=[1, 2])
    for sweep in (axes, axes.repeat(enormous), axes.shuffle(enormous), axes.sample(3, enormous)):
        assert "10000" in repr(sweep)
        assert isinstance(sweep[-1]["lr"], int)
    with pytest.raises(SweepError, match="asks for more configs than there are: 2"):
        Sweep().product(lr=[1, 2]).sample(enormous)
    with pytest.raises(SweepError, match="is not a Hydra key: a key is a string, not int"):
        Sweep().product({enormous: [1]})
