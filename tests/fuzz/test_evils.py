"""Input that is made to hurt: each is read in a second, to a result or a message that says why not."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest

from params_proto import Sweep, SweepError
from params_proto.multirun import request
from params_proto.multirun.changes import read_first_job
from params_proto.overrides.literals import OverrideText
from params_proto.overrides.parse import from_hydra, parse, shuffles
from params_proto.overrides.render import render
from params_proto.records import JobStore
from params_proto.records.manifest import UnreadableError, read_plan, record_path
from tests.fuzz.frames import nested
from tests.fuzz.watched import watched

MILLION = 1_000_000
DIGITS = "1" * 100_000


@pytest.fixture
def fenced(tmp_path: Path) -> Iterator[Path]:
    """A directory: what is written elsewhere, executed or takes a second breaks the test."""
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
    "digits in YAML": ("a.yaml", f"product: {{lr: [{DIGITS}]}}", "is not a valid !!int"),
    "digits in a sweep": ("a.yaml", f"product: {{lr: '{DIGITS},2'}}", MANY),
    "digits in JSON": ("a.jsonl", f'{{"lr": {DIGITS}}}', MANY),
    "hexadecimal axis": ("a.yaml", "product: {lr: 0x" + "f" * 100_000 + "}", "lr needs a list"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file(fenced: Path, name: str) -> None:
    file, text, message = FILES[name]
    with pytest.raises(SweepError, match=message) as caught:
        loaded(fenced, file, text)
    assert len(str(caught.value)) < 1000


def test_hexadecimal_digits_are_read_and_written(fenced: Path) -> None:
    sweep = loaded(fenced, "a.yaml", "product: {lr: [0x" + "f" * 100_000 + "]}")
    assert sweep[0]["lr"] == 16**100_000 - 1
    assert "0xfff" in repr(sweep)
    sweep.save(fenced / "b.yaml")
    assert Sweep.load(fenced / "b.yaml") == sweep


LONG_RANGES = [
    *("range(0,1000000000000)", "range(1000000000000,0,-1)", "range(0,10000000000000000000000000)"),
]


@pytest.mark.parametrize("text", LONG_RANGES)
def test_a_range_is_never_listed_out(fenced: Path, text: str) -> None:
    for sweep in (
        Sweep.from_overrides([f"lr={text}"]),
        loaded(fenced, "a.yaml", f"product: {{lr: '{text}'}}"),
        loaded(fenced, "a.yaml", f"product: {{lr: '{text}'}}\nshuffle: {{seed: 1}}\nslice: '7:9'"),
    ):
        assert sweep.size in (2, 10**12, 10**25)
        assert isinstance(sweep[0]["lr"], int)
        assert "range(" in repr(sweep)
    assert isinstance(request.given([f"lr={text}"])[0].values, range)


@pytest.mark.parametrize(
    "text",
    ["range(0,1e12,0.5)", "shuffle(range(0,1000000000000))", "float(range(0,1000000000000))", "tag(a,shuffle(range(0,1000000000000)))"],
)  # fmt: skip
def test_a_range_that_would_be_listed_is_refused(fenced: Path, text: str) -> None:
    for read in (request.given, Sweep.from_overrides):
        with pytest.raises(SweepError, match=r"lists 2?0*1?0+ values, and at most 100,000"):
            read([f"lr={text}"])


LINES: dict[str, tuple[str, str]] = {
    "digits": (f"lr={DIGITS}", MANY),
    "digits of a range": (f"lr=range(0,{DIGITS})", MANY),
    "long name of a function": ("lr=" + "r" * 9999 + "(1)", r"Hydra cannot read .*\.\.\."),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("read", [Sweep.from_overrides, request.given])
def test_a_line(fenced: Path, name: str, read: Callable[[list[str]], object]) -> None:
    line, message = LINES[name]
    with pytest.raises(SweepError, match=message) as caught:
        read([line])
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    "value", ["[" * 1000, "a\0b", "\ud800", "../..", "${oc.env:HOME}", "\\" * 999]
)
def test_text_reaches_a_job_as_it_is(fenced: Path, value: str) -> None:
    frame = pd.DataFrame({"name": pd.Series([value], dtype="object")})
    for sweep in (Sweep().product(name=[value]), Sweep.from_dataframe(frame)):
        ((line,),) = sweep.overrides()
        assert Sweep.from_overrides([line])[0] == {"name": value}
        assert not isinstance(parse(line.partition("=")[2]), OverrideText)


def test_a_long_run_of_backslashes(fenced: Path) -> None:
    run = "\\" * 25_000 + "a"
    assert render(run) == f"'{run}'"
    assert render(run + "${x}") == f"'{run}\\${{x}}'"
    assert from_hydra(run + r"\${x}") == run + "${x}"
    assert from_hydra(run + "${x}").text == f"'{run}${{x}}'"


@pytest.mark.parametrize("end", ["", "\\"])
def test_a_long_run_of_quotes_without_an_end(fenced: Path, end: str) -> None:
    assert shuffles("shuffle(" + "\\'" * 50_000 + end)


def test_a_value_that_is_nested_too_deep(fenced: Path) -> None:
    frame = pd.DataFrame({"lr": pd.Series([nested(MILLION // 10)], dtype="object")})
    for make in (lambda: Sweep.from_dataframe(frame), lambda: Sweep().set(lr=frame["lr"][0])):
        with pytest.raises(SweepError, match="a value of lr is nested too deep"):
            make()


JOURNALS: dict[str, tuple[str, str]] = {
    "deep": ("[" * MILLION, "it is nested too deep"),
    "deep and closed": ('{"job": ' + "[" * MILLION + "]" * MILLION + "}", "it is nested too deep"),
    "digits": (f'{{"job": {DIGITS}}}', MANY),
}


@pytest.mark.parametrize("name", JOURNALS)
def test_a_journal(fenced: Path, name: str) -> None:
    text, message = JOURNALS[name]
    files = [record_path(fenced, 0), fenced / ".sweep/plan.json", fenced / ".sweep/composed.json"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    with pytest.raises(UnreadableError, match=message):
        JobStore(fenced).read(0)
    with pytest.raises(SweepError, match=rf"plan.json is not the plan of a sweep.*{message}"):
        read_plan(fenced)
    with pytest.raises(SweepError, match=rf"composed.json is not what .*{message}"):
        read_first_job(fenced)


def test_enormous_numbers_in_the_algebra(fenced: Path) -> None:
    enormous = 16**5000
    axes = Sweep().product(lr=range(enormous), seed=[1, 2])
    for sweep in (axes, axes.repeat(enormous), axes.shuffle(enormous), axes.sample(3, enormous)):
        assert "0x1000" in repr(sweep)
        assert isinstance(sweep[-1]["lr"], int)
    with pytest.raises(SweepError, match="asks for more configs than there are: 2"):
        Sweep().product(lr=[1, 2]).sample(enormous)
    with pytest.raises(SweepError, match="is not a Hydra key: a key is a string, not int"):
        Sweep().product({enormous: [1]})
