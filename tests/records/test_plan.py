"""`plan.json`, whole and damaged."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from params_proto.errors import SweepError
from params_proto.records.plan import FORMAT, PlanFile, has_plan, read_plan

PLAN = PlanFile(
    script=["python", "train.py", "-m"],
    function="train.py:main",
    config_name="config",
    task=["+sweep=ablation", "name='é a'"],
    hydra=["hydra.mode=MULTIRUN"],
    selecting=["+sweep=ablation"],
    order=["lr", "sweep"],
    keys=["lr"],
    choices=[],
    groups=[],
    jobs=40,
    sweep="0" * 64,
    earlier=0,
    created="2026-11-24T10:00:00.000+01:00",
)
FILE = PLAN._asdict()

lines = st.lists(st.text(max_size=4), max_size=2)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / ".sweep").mkdir()
    (tmp_path / "sweep.yaml").write_text("")
    return tmp_path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@settings(max_examples=10)
@given(st.builds(PlanFile, lines, st.text(), st.none() | st.text(), lines, lines, lines, lines, lines, lines, lines, st.none() | st.integers(0), st.text(), st.integers(0), st.text(), st.none() | st.text(), st.none(), st.just(FORMAT)))  # fmt: skip
def test_what_is_written_is_read(place: Path, plan: PlanFile) -> None:
    plan.write(place)
    assert read_plan(place) == plan


def test_it_is_there_with_its_sweep(tmp_path: Path) -> None:
    assert not has_plan(tmp_path)
    PLAN.write(tmp_path)
    assert not has_plan(tmp_path)
    (tmp_path / "sweep.yaml").write_text("")
    assert has_plan(tmp_path)
    PLAN._replace(jobs=None).write(tmp_path)
    assert read_plan(tmp_path).jobs is None
    assert [path.name for path in (tmp_path / ".sweep").iterdir()] == ["plan.json"]


def test_it_is_read_without_this_package(sweep: Path) -> None:
    PLAN.write(sweep)
    assert json.loads((sweep / ".sweep" / "plan.json").read_text()) == FILE | {"format": 1}


def test_a_cut_file_is_no_plan(sweep: Path) -> None:
    PLAN.write(sweep)
    path = sweep / ".sweep" / "plan.json"
    content = path.read_bytes().rstrip()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(SweepError, match=r"plan\.json is no plan of a sweep: it is no JSON"):
            read_plan(sweep)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "config_name, created, direction, earlier, .*, task missing"),
        ("3", "config_name, created, direction, earlier, .*, task missing"),
        ("[" * 100_000, "it is no JSON"),
        *[(json.dumps({key: FILE[key] for key in FILE if key != name}), f": {name} missing") for name in FILE],
        (json.dumps(FILE | {"format": 2}), "is of format 2, and this version of params_proto reads format 1: go on with the version"),
        (json.dumps(FILE | {"format": "x" * 99}), "is of format 'x{19}, and"),
        *[(json.dumps(FILE | {name: other}), f": {name} is no list of texts")
          for name in ("script", "task", "hydra", "selecting", "order", "keys")
          for other in (None, "lr", {}, [1], ["lr", None])],
        *[(json.dumps(FILE | {name: 1}), f": {name} is no text") for name in ("metric", "function")],
        *[(json.dumps(FILE | {"earlier": other}), ": earlier is no number") for other in (None, "0", [], 1.5)],
    ],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_no_plan(sweep: Path, text: str, message: str) -> None:
    (sweep / ".sweep" / "plan.json").write_text(text)
    with pytest.raises(SweepError, match=message) as caught:
        read_plan(sweep)
    assert str(sweep / ".sweep" / "plan.json") in str(caught.value)


def test_what_a_later_version_adds_is_ignored(sweep: Path) -> None:
    (sweep / ".sweep" / "plan.json").write_text(json.dumps(FILE | {"node": 7}))
    assert read_plan(sweep) == PLAN


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir], ids=["missing", "a folder"])
def test_a_plan_that_cannot_be_read(sweep: Path, make: Any) -> None:
    make(sweep / ".sweep" / "plan.json")
    with pytest.raises(SweepError, match=r"plan\.json cannot be read: (No such|Is a dir)"):
        read_plan(sweep)


def test_a_plan_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".sweep").write_text("")
    message = re.escape(f"{tmp_path / '.sweep'} cannot be made: File exists. What becomes of the")
    with pytest.raises(SweepError, match=message):
        PLAN.write(tmp_path)
